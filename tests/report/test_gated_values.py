from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from fnnctl.errors import DataError, UsageError
from fnnctl.report.gates import gate_results, gate_table, parse_gates
from fnnctl.report.summary import Summary, summarize
from fnnctl.store.run import OpenRun
from tests.messages import Messages
from tests.report.topics.said import shown

EIGHT = dict.fromkeys(("Bern", "St. Gallen", "a=b", "worst of all", "Uri", "Chur", "Genf"), (0.9, 40))
REGIONS = {**EIGHT, "Zug": (0.7, 35)}


def of_groups(groups: dict[str, tuple[float | None, int]]) -> dict[str, Any]:
    return {
        name: {
            "accuracy": accuracy,
            "log_loss": None if accuracy is None else 1 - accuracy,
            "support": rows,
            "per_class": {"a.b": {"recall": accuracy, "support": rows}},
            "difference": {"accuracy": {"value": 0.1, "ci95": None, "p": 0.5, "p_holm": 1.0}},
        }
        for name, (accuracy, rows) in groups.items()
    }


GROUPS = {
    "region": of_groups({**REGIONS, "small": (0.1, 29)}),
    "region.of": of_groups({"birth": (0.5, 100), "worst": (0.8, 30)}),
    "age": of_groups({"up to 20": (0.6, 29), "above 20": (0.9, 12)}),
    "sex": of_groups({"f": (None, 50), "m": (0.9, 50)}),
}


@pytest.fixture
def summary(start_run: Callable[..., OpenRun]) -> Summary:
    run = start_run()
    test = {"accuracy": 0.85, "log_loss": 0.2, "support": 400}
    validation = {"accuracy": 0.9, "groups": {"region": of_groups({"Bern": (0.75, 90)})}}
    run.write_metrics({"train": test, "validation": validation, "test": {**test, "groups": GROUPS}})
    run.finish("completed", {"total": 1.0, "training": 0.5})
    return summarize(run)


def test_means_over_folds_have_the_names_of_metrics(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    test = {"r2": 0.5, "targets": {"a.b": {"r2": 0.5}}}
    folds = {"folds": 5, "r2": {"mean": 0.4}, "targets": {"a.b": {"r2": {"mean": 0.3}}}}
    run.write_metrics({"test": test, "cross_validation": folds})
    run.finish("completed", {"total": 1.0, "training": 0.5})
    summary = summarize(run)
    assert value(summary, "targets.a.b.r2") == 0.3
    for name in ("cross_validation.targets.a.b.r2", "cross_validation.targets.a.b.r2.mean"):
        with pytest.raises(UsageError, match=r"without cross_validation: write targets\.a\.b\.r2$"):
            value(summary, name)


def value(summary: Summary, name: str) -> float | None:
    (result,) = gate_results(parse_gates([f"{name}=0.8"]), summary)
    return result.value


def test_a_gate_fails_on_the_one_bad_group_of_eight(summary: Summary, messages: Messages) -> None:
    """One that has fewer than 30 rows is left out, however bad it is."""
    texts = [
        f"groups.region.worst.{metric}={limit}" for metric in ("accuracy", "log_loss") for limit in (0.2, 0.8)
    ]
    results = gate_results(parse_gates(texts), summary)
    assert [result.passed for result in results] == [True, False, False, True]
    assert [result.value for result in results] == [0.7, 0.7, pytest.approx(0.3), pytest.approx(0.3)]
    assert results[0].to_dict()["group"] == "Zug"
    assert results[0].to_dict()["rows"] == 35
    messages.check("\n".join(result.message for result in results))
    messages.check(shown([gate_table(results[:1])]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("groups.region.St. Gallen.accuracy", 0.9),
        ("groups.region.a=b.accuracy", 0.9),
        ("groups.region.worst of all.accuracy", 0.9),
        ("groups.region.small.accuracy", 0.1),
        ("groups.region.Zug.per_class.a.b.recall", 0.7),
        ("groups.region.of.birth.accuracy", 0.5),
        ("groups.region.of.worst.accuracy", 0.5),
        ("test.groups.region.worst.per_class.a.b.recall", 0.7),
        ("validation.groups.region.worst.accuracy", 0.75),
    ],
)
def test_names_of_columns_and_groups_may_have_any_characters(
    summary: Summary, name: str, expected: float
) -> None:
    assert value(summary, name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "groups.regoin.worst.accuracy",
        "groups.income.worst.accuracy",
        "groups.region.Berne.accuracy",
        "groups.region.worst",
        "groups.region",
        "groups.region.worst.acuracy",
        "groups.region.Bern.difference.accuracy.p",
        "groups.age.worst.accuracy",
        "groups.sex.worst.accuracy",
        "groups.sex.f.accuracy",
        "train.groups.region.worst.accuracy",
    ],
)
def test_a_name_that_does_not_exist_is_an_error(summary: Summary, messages: Messages, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        value(summary, name)
    messages.check(re.sub(r"\S*/my runs/\S*-flowers-mlp-\w*", "RUN", str(caught.value)))


def test_a_run_without_groups_says_how_to_get_them(
    start_run: Callable[..., OpenRun], messages: Messages
) -> None:
    run = start_run()
    run.write_metrics({"train": None, "validation": None, "test": {"accuracy": 0.9}})
    with pytest.raises(UsageError) as caught:
        value(summarize(run), "groups.region.worst.accuracy")
    messages.check(re.sub(r"\S*/my runs/\S*-flowers-mlp-\w*", "RUN", str(caught.value)))


def test_damaged_groups_are_refused(start_run: Callable[..., OpenRun]) -> None:
    for damage in (
        {"region": 3},
        {"region": {"Bern": None}},
        {"region": {"Bern": {"accuracy": 0.5}}},
        {"region": {"Bern": {"accuracy": "a", "support": 3}}},
        {"region": {"Bern": {"support": 3, "difference": {"accuracy": {"p": "a"}}}}},
    ):
        run = start_run()
        run.write_metrics({"train": None, "validation": None, "test": {"accuracy": 0.9, "groups": damage}})
        with pytest.raises(DataError, match=r"is damaged: test\.groups"):
            summarize(run)
