from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from fnnctl.report.blocks import Command
from fnnctl.report.comparison.comparison import RunComparison, compare_runs
from fnnctl.report.comparison.sections import (
    comparison_document,
    comparison_json,
    headline,
    limit_sentences,
    title,
    verdict_sentences,
    warnings,
)
from fnnctl.report.html.report import html_report
from fnnctl.store.documents import to_json
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import RESOLVED
from tests.messages import Messages
from tests.report.comparison.written import write_folds, write_part, write_regression
from tests.report.html.checked import checked
from tests.report.topics.said import by_title, shown

GOOD, FAIR = [1] * 97 + [0] * 3, [1] * 88 + [0] * 12
FOLDS, OTHER_ROWS, OTHER_DATA = [0.8, 0.9, 0.7], {"shift": 1, "seed": 8}, {"data": {"sha256": "f" * 64}}
TEST_FILE = {"data": {"test_source": "test.csv", "test_sha256": "a" * 64}}


def compared(
    folder: Path, write: Any, *scores: Any, facts: Sequence[Mapping[str, Any]] = (), metric: str | None = None
) -> RunComparison:
    """Runs a, b, … with these hits, scores of folds or errors, and further facts of each."""
    given = [*facts, *[{}] * len(scores)]
    runs = [write(folder, name, each, **given.pop(0)) for name, each in zip("abcd", scores, strict=False)]
    return compare_runs(runs, metric)


def test_two_runs(tmp_path: Path, messages: Messages) -> None:
    """Folders are not in the file, because their names have the time in them."""
    facts: list[dict[str, Any]] = [
        {"settings": {"model": {"dropout": 0.5}}},
        {"settings": {"model": {"dropout": 0.1}}, "seed": 8},
    ]
    found = compared(tmp_path, write_part, FAIR, GOOD, facts=facts)
    blocks = by_title(comparison_document(found).blocks)
    folders = [run.folder.path for run in found.runs]
    assert blocks.pop("Folders").rows == tuple(zip("AB", map(str, folders), strict=True))
    for name, folder in zip("AB", folders, strict=True):
        command = blocks.pop(f"Cross-validate {name}").rows
        assert command == (f"fnnctl evaluate {folder / RESOLVED} --folds 5 --repeats 5 --seed 7",)
    messages.check("\n".join([title(found), headline(found), shown(blocks.values())]))
    assert headline(compare_runs([run.folder for run in found.runs], "log_loss")) == "lower is better"


def test_several_runs_have_holms_p(tmp_path: Path, messages: Messages) -> None:
    found = compared(tmp_path, write_folds, *([0.8, 0.9, last] for last in (0.1, 0.7, None)))
    blocks = by_title(comparison_document(found).blocks)
    del blocks["Folders"]
    messages.check(shown(blocks.values()))


@pytest.mark.parametrize(
    ("write", "scores", "options"),
    [
        pytest.param(write_part, [GOOD, [0, *GOOD[1:]]], {}, id="a tie"),
        pytest.param(write_part, [GOOD, GOOD], {}, id="identical predictions"),
        pytest.param(write_part, [GOOD, GOOD], {"facts": [{}, {"confidence": 0.9}]}, id="equal classes"),
        pytest.param(
            write_part,
            [[1] * 60, [0] * 6 + [1] * 54, [1] * 60],
            {},
            id="a tie after Holm's correction, of p = 0.03125",
        ),
        pytest.param(
            write_part,
            [FAIR, GOOD, [1] * 60 + [0] * 40, [0, *GOOD[1:]]],
            {},
            id="many are compared with the best",
        ),
        pytest.param(
            write_folds,
            [[0.8, 0.9, 0.7, 0.8, 0.6], [0.7, 0.85, 0.75, 0.6, 0.5]],
            {"facts": [{}, OTHER_ROWS]},
            id="folds that are not paired",
        ),
        pytest.param(write_part, [[1, 1, 0], [1, 1, 1]], {}, id="few rows find nothing"),
        pytest.param(write_part, [GOOD, GOOD], {"facts": [TEST_FILE] * 2}, id="a test file is no split"),
        pytest.param(write_folds, [FOLDS, FOLDS], {}, id="equal folds"),
        pytest.param(write_folds, [FOLDS, [0.7, 0.8, 0.6]], {}, id="folds without a spread"),
        pytest.param(
            write_regression,
            [[1.5, -1.9, 1.2, -1.8] * 10, [0.5, -0.4] * 20],
            {"metric": "mae"},
            id="a lower loss",
        ),
        pytest.param(write_part, [GOOD, FAIR], {"facts": [{}, OTHER_DATA]}, id="other data are a warning"),
    ],
)
def test_what_is_said_of_runs(
    tmp_path: Path, messages: Messages, write: Any, scores: Any, options: dict[str, Any]
) -> None:
    found = compared(tmp_path, write, *scores, **options)
    sentences = {"verdict": verdict_sentences, "limits": limit_sentences, "warnings": warnings}
    lines = [f"{name}: {line}" for name, said in sentences.items() for line in said(found)]
    messages.check("\n".join(lines))


def test_a_difference_of_rounding_is_none(tmp_path: Path) -> None:
    """The mean of the folds is 0.8999999999999999."""
    part = write_part(tmp_path, "b", [1] * 90 + [0] * 10)
    found = compare_runs([write_folds(tmp_path, "a", [0.9] * 3), part])
    assert found.pairs[0].test.difference.value == 0
    assert "a true difference of" in limit_sentences(found)[-1]
    assert "as measured" not in limit_sentences(found)[-1]


def test_json_has_the_contracts_keys_and_no_nan(tmp_path: Path) -> None:
    a, b = write_part(tmp_path, "a", FAIR), write_part(tmp_path, "b", GOOD)
    found = json.loads(to_json(comparison_json(compare_runs([a, b]))))
    assert (found["runs"], found["metric"]) == ([str(a.path), str(b.path)], "accuracy")
    (pair,) = found["comparisons"]
    assert {"a", "b", "difference", "ci95", "p", "p_holm", "verdict", "found_in_80_percent"} <= pair.keys()
    assert (pair["a"], pair["b"], pair["verdict"]) == (str(a.path), str(b.path), "worse")
    assert (pair["difference"], pair["paired"]) == (-0.09, True)
    assert pair["detectable_difference"] == pair["found_in_80_percent"] == pytest.approx(0.084, abs=1e-3)
    assert [score["value"] for score in found["scores"]] == [0.88, 0.97]


def test_json_has_null_for_what_does_not_exist(tmp_path: Path) -> None:
    equal = comparison_json(compared(tmp_path, write_folds, FOLDS, FOLDS))
    (pair,) = equal["comparisons"]
    assert (pair["ci95"], pair["verdict"], equal["scores"][0]["folds"]) == (None, "tie", 3)
    few = comparison_json(compared(tmp_path, write_part, [1, 1, 0], [1, 1, 0]))
    assert few["comparisons"][0]["detectable_difference"] is None


def test_what_to_do_next_has_each_config_once(tmp_path: Path) -> None:
    """A network that was scored on another file too has one config, which is compared with nothing alone."""

    def commands(*runs: RunFolder) -> list[str]:
        blocks = comparison_document(compare_runs(runs)).blocks
        return [block.title for block in blocks if isinstance(block, Command)]

    run, other = write_part(tmp_path, "a", FAIR), write_part(tmp_path, "b", GOOD)
    again = write_part(tmp_path, "again", GOOD, evaluated={"run": str(run.path), "sha256": "0" * 64})
    (again.path / RESOLVED).unlink()
    assert commands(run, again) == []
    assert commands(run, again, other) == ["Cross-validate A", "Cross-validate C"]


def test_the_figure_stands_in_the_page(tmp_path: Path) -> None:
    """Also if the scores have no spread, and there are warnings."""
    found = compared(tmp_path, write_part, FAIR, GOOD)
    page = checked(html_report([comparison_document(found)]))
    assert page.text("h2")[:4] == ["Verdict", "Runs", "Differences", "Figure"]
    assert len(page.of("svg")) == 1
    assert page.text("desc") == verdict_sentences(found)
    assert page.text("p")[-1] == "Made by fnnctl. This page needs no network connection."
    folds = compared(tmp_path, write_folds, FOLDS, FOLDS, [0.8] * 3, facts=[{}, OTHER_DATA])
    page = checked(html_report([comparison_document(folds)]))
    assert [section["class"] for section in page.of("section")][:2] == ["summary", "warning"]
    assert len(page.of("svg")) == 1
