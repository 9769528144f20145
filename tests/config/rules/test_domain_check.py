from __future__ import annotations

import pytest

from fnnctl.config.rules.domain_check import domain_findings
from fnnctl.config.schema.search import SearchConfig


@pytest.mark.parametrize(
    ("plain", "findings"),
    [
        ({"choice": []}, ["choice: is empty; write the values to choose from, such as [0.1, 0.01]"]),
        ({"choice": [1, "a", 1.0]}, ["choice.2: 1.0 is given twice; remove one of the two"]),
        ({"uniform": [1, 0]}, ["uniform: the least value, 1.0, is above the largest, 0.0; write [0.0, 1.0]"]),
        (
            {"uniform": [1, 1]},
            ["uniform: has one value only, 1.0; write {choice: [1.0]}, or set it outside the search"],
        ),
        ({"uniform": [0, 1], "step": 2}, ["step: is larger than the whole domain, from 0.0 to 1.0"]),
        (
            {"uniform": [0, 1], "step": 1e-9},
            ["step: makes 1,000,000,001 values of the domain; write a larger one, or leave it out"],
        ),
        ({"integer": [5, 1]}, ["integer: the least value, 5, is above the largest, 1; write [1, 5]"]),
        ({"integer": [1, 5], "step": 5}, ["step: is larger than the whole domain, from 1 to 5"]),
        (
            {"log_uniform": [0, 1]},
            ["log_uniform.0: must be above 0 to have a logarithm, not 0.0; "
             "write a small number, or uniform: [0.0, 1.0]"],
        ),
        (
            {"log_integer": [-2, 8], "step": 2},
            ["log_integer.0: must be above 0 to have a logarithm, not -2; "
             "write a small number, or integer: [-2, 8]"],
        ),
        (
            {"log_uniform": [1, 5], "step": 10},
            ["step: is a factor here, and larger than that from 1.0 to 5.0"],
        ),
        ({"normal": [0, 0]}, ["normal.1: is the standard deviation and must be above 0, not 0.0"]),
        (
            {"normal": [0, 1], "within": [2, 1]},
            ["within: the least value, 2.0, is above the largest, 1.0; write [1.0, 2.0]"],
        ),
        (
            {"normal": [0, 1], "within": [50, 60]},
            ["within: is so far from the mean, 0.0, that no value lies there"],
        ),
        (
            {"normal": [0, 1], "within": [1, 2], "step": 0.1},
            ["step: counts from the mean, 0.0, which must lie between 1.0 and 2.0 then"],
        ),
        (
            {"normal": [0, 1], "step": 100},
            ["step: makes 1 values of the domain; write another one, or leave it out"],
        ),
        (
            {"depth": [3, 1], "width": [8, 4]},
            ["depth: the least, 3, is above the largest, 1; write [1, 3]",
             "width: the least, 8, is above the largest, 4; write [4, 8]"],
        ),
        (
            {"depth": [1, 3], "width": [4, 8], "log": True, "step": 1},
            ["step: is a factor where log is true and must be above 1, not 1"],
        ),
        (
            {"depth": [1, 3], "width": [4, 8], "step": 1.5},
            ["step: is a difference of widths and must be a whole number, not 1.5"],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_domain(plain: dict[str, object], findings: list[str]) -> None:
    domain = SearchConfig.model_validate({"space": {"x": plain}}).space["x"]
    assert [f"{'.'.join(map(str, path))}: {text}" for path, text in domain_findings(domain)] == findings


@pytest.mark.parametrize(
    "plain",
    [
        {"choice": [None]},
        {"choice": [1, True, "1"]},
        {"uniform": [-1, 1], "step": 2},
        {"integer": [1, 10**15], "step": 1},
        {"log_integer": [1, 2]},
        {"normal": [0, 1], "within": [0.5, 9]},
        {"depth": [0, 0], "width": [4, 4]},
        {"depth": [1, 1], "width": [4, 9], "log": True, "step": 1.5},
    ],
)
def test_what_nothing_is_wrong_with(plain: dict[str, object]) -> None:
    domain = SearchConfig.model_validate({"space": {"x": plain}}).space["x"]
    assert list(domain_findings(domain)) == []
