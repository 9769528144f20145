from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fnnctl.report.blocks import Command
from fnnctl.report.comparison.comparison import compare_runs
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
from tests.report.comparison.written import write_folds, write_part, write_regression
from tests.report.html.checked import checked

GOOD = [1] * 97 + [0] * 3
FAIR = [1] * 88 + [0] * 12


def sections_of(*runs: object, metric: str | None = None) -> dict[str, Any]:
    return {
        block.title: block
        for block in comparison_document(compare_runs(runs, metric)).blocks  # type: ignore[arg-type]
    }


def test_tables_of_two_runs(tmp_path: Path) -> None:
    a = write_part(tmp_path, "a", FAIR, settings={"model": {"dropout": 0.5}})
    b = write_part(tmp_path, "b", GOOD, settings={"model": {"dropout": 0.1}}, seed=8)
    found = sections_of(a, b)
    assert [*found] == [
        "Verdict", "Runs", "Differences", "accuracy with 95 % intervals, and the differences of the pairs",
        "Settings that differ", "Other differences", "How sure", "Folders",
        "Cross-validate A", "Cross-validate B",
    ]  # fmt: skip
    assert found["Runs"].rows == (
        ("B", "b", "train", "0.9700", "0.9155–0.9897", "100 rows"),
        ("A", "a", "train", "0.8800", "0.8019–0.9300", "100 rows"),
    )
    assert found["Differences"].rows == (("A − B", "B is better", "−9.0", "−16.3 to −3.2", "0.004"),)
    assert found["Settings that differ"].rows == (("model.dropout", "0.5", "0.1"),)
    assert found["Other differences"].rows == (("seed", "7", "8"),)
    assert found["Folders"].rows == (("A", str(a.path)), ("B", str(b.path)))
    command = f"fnnctl evaluate '{b.path / RESOLVED}' --folds 5 --repeats 5 --seed 7".replace("'", "")
    assert found["Cross-validate B"].rows == (command,)


def test_several_runs_have_holms_p(tmp_path: Path) -> None:
    found = sections_of(*(write_folds(tmp_path, name, [0.8, 0.9, value]) for name, value in
                          (("a", 0.1), ("b", 0.7), ("c", None))))  # fmt: skip
    assert found["Differences"].rows[0][:2] == ("A − B", "tie")
    assert len(found["Differences"].rows[0]) == 6
    assert found["Runs"].rows[0][5] == "3 folds, 1 without a value"
    assert "Cross-validate A" not in found


def test_json_has_the_contracts_keys_and_no_nan(tmp_path: Path) -> None:
    a, b = write_part(tmp_path, "a", FAIR), write_part(tmp_path, "b", GOOD)
    found = json.loads(to_json(comparison_json(compare_runs([a, b]))))
    assert found["runs"] == [str(a.path), str(b.path)]
    assert found["metric"] == "accuracy"
    (pair,) = found["comparisons"]
    assert {"a", "b", "difference", "ci95", "p", "p_holm", "verdict", "found_in_80_percent"} <= pair.keys()
    assert (pair["a"], pair["b"], pair["verdict"]) == (str(a.path), str(b.path), "worse")
    assert pair["difference"] == -0.09
    assert pair["paired"] is True
    assert pair["detectable_difference"] == pair["found_in_80_percent"] == pytest.approx(0.084, abs=1e-3)
    assert [score["value"] for score in found["scores"]] == [0.88, 0.97]
    folds = write_folds(tmp_path, "c", [0.8, 0.9, 0.7])
    equal = comparison_json(compare_runs([folds, write_folds(tmp_path, "d", [0.8, 0.9, 0.7])]))
    assert equal["comparisons"][0]["ci95"] is None
    assert equal["comparisons"][0]["verdict"] == "tie"
    assert equal["scores"][0]["folds"] == 3


def test_of_few_rows_no_difference_is_found(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, name, [1, 1, 0]) for name in "ab"]
    assert comparison_json(compare_runs(runs))["comparisons"][0]["detectable_difference"] is None


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
    runs = [write_part(tmp_path, name, hits) for name, hits in (("a", FAIR), ("b", GOOD))]
    page = checked(html_report([comparison_document(compare_runs(runs))]))
    assert page.text("h2")[:4] == ["Verdict", "Runs", "Differences", "Figure"]
    assert len(page.of("svg")) == 1
    assert page.text("desc") == verdict_sentences(compare_runs(runs))
    assert page.text("p")[-1] == "Made by fnnctl. This page needs no network connection."
    other = {"sha256": "f" * 64}
    folds = [
        write_folds(tmp_path, "c", [0.8, 0.9, 0.7]),
        write_folds(tmp_path, "d", [0.8, 0.9, 0.7], data=other),
        write_folds(tmp_path, "e", [0.8, 0.8, 0.8]),
    ]
    page = checked(html_report([comparison_document(compare_runs(folds))]))
    assert [section["class"] for section in page.of("section")][:2] == ["summary", "warning"]
    assert len(page.of("svg")) == 1


def test_the_title_says_what_is_better(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, "a", FAIR), write_part(tmp_path, "b", GOOD)]
    shares, losses = compare_runs(runs), compare_runs(runs, "log_loss")
    assert title(shares) == "accuracy of 2 runs"
    assert headline(shares) == "higher is better, differences in percentage points"
    assert headline(losses) == "lower is better"


GOOD = [1] * 97 + [0] * 3
FAIR = [1] * 88 + [0] * 12


def test_a_difference(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, name, hits) for name, hits in (("a", FAIR), ("b", GOOD))]
    found = compare_runs(runs)
    assert verdict_sentences(found) == [
        "B is better than A by 9.0 points (95 % interval 3.2 to 16.3; p = 0.004)."
    ]
    assert limit_sentences(found) == [
        "A − B: McNemar's exact test of the same 100 rows.",
        "A single test split compares these networks, not their settings; another seed would change both the "
        "network and the test rows. A cross-validation with repeats compares the settings.",
        "A − B: with samples of this size, a true difference of 8.4 points is detected 80 % of the time.",
    ]
    assert warnings(found) == []


def test_a_tie_says_how_far_apart_and_what_it_would_take(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, name, hits) for name, hits in (("a", GOOD), ("b", [0, *GOOD[1:]]))]
    found = compare_runs(runs)
    assert verdict_sentences(found) == [
        "A and B are a tie at this sample size: at most 5.6 points apart "
        "(95 % interval of A − B: −3.1 to +5.6; p = 1.000)."
    ]
    assert limit_sentences(found)[-1] == (
        "A − B: with samples of this size, a true difference of 7.8 points is detected 80 % of the time; one "
        "of 1.0 points, as measured, needs about 790 test rows."
    )


def test_identical_predictions_are_said_to_be_so(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, name, GOOD) for name in "ab"]
    assert verdict_sentences(compare_runs(runs)) == ["A and B are tied: their predictions are identical."]
    others = write_part(tmp_path, "c", GOOD, confidence=0.9)
    assert verdict_sentences(compare_runs([runs[0], others]))[0].startswith("A and B are a tie at this")


def test_holms_correction_is_said(tmp_path: Path) -> None:
    """A − B has p = 0.03125 alone."""
    a, b, c = (
        write_part(tmp_path, name, hits)
        for name, hits in (("a", [1] * 60), ("b", [0] * 6 + [1] * 54), ("c", [1] * 60))
    )
    found = compare_runs([a, b, c])
    assert verdict_sentences(found)[0].startswith(
        "A and B are a tie at this sample size after Holm's correction: at most "
    )
    assert "Holm's p = 0.094" in verdict_sentences(found)[0]
    assert limit_sentences(found)[-1] == (
        "The verdicts follow from p with Holm's correction for 3 pairs; the intervals are those of each pair "
        "alone."
    )


def test_many_runs_are_compared_with_the_best(tmp_path: Path) -> None:
    runs = [
        write_part(tmp_path, name, hits)
        for name, hits in (("a", FAIR), ("b", GOOD), ("c", [1] * 60 + [0] * 40), ("d", [0, *GOOD[1:]]))
    ]
    first, *others = verdict_sentences(compare_runs(runs))
    assert first == "B has the best accuracy; it is better than A and C, but tied with D at this sample size."
    assert [sentence[:7] for sentence in others] == ["B and D", "B is be", "B is be"]


def test_folds_that_are_not_paired(tmp_path: Path) -> None:
    first = write_folds(tmp_path, "a", [0.8, 0.9, 0.7, 0.8, 0.6])
    second = write_folds(tmp_path, "b", [0.7, 0.85, 0.75, 0.6, 0.5], shift=1, seed=8)
    assert limit_sentences(compare_runs([first, second])) == [
        "A − B: Welch's t-test with corrected variances of different folds (5 or more), not paired, because "
        "the seeds differ, so the folds have other rows. An unpaired test is less sensitive.",
        "A − B: with samples of this size, a true difference of 38.7 points is detected 80 % of the time; "
        "for one of 8.0 points, as measured, try more repeats (`--repeats 5`), then more rows.",
    ]


def test_a_difference_of_rounding_is_none(tmp_path: Path) -> None:
    """The mean of the folds is 0.8999999999999999."""
    folds = write_folds(tmp_path, "a", [0.9] * 3)
    found = compare_runs([folds, write_part(tmp_path, "b", [1] * 90 + [0] * 10)])
    assert found.pairs[0].test.difference.value == 0
    assert "a true difference of" in limit_sentences(found)[-1]
    assert "as measured" not in limit_sentences(found)[-1]


def test_few_rows_find_nothing(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, name, hits) for name, hits in (("a", [1, 1, 0]), ("b", [1, 1, 1]))]
    assert limit_sentences(compare_runs(runs))[-1].startswith(
        "A − B: with samples of this size, even the largest true difference is detected less than 80 % of "
        "the time; one of 33.3 "
    )


def test_a_test_file_has_the_same_rows_with_any_seed(tmp_path: Path) -> None:
    data = {"test_source": "test.csv", "test_sha256": "a" * 64}
    runs = [write_part(tmp_path, name, GOOD, data=data) for name in "ab"]
    assert limit_sentences(compare_runs(runs))[1] == (
        "A single test split compares these networks, not their settings; another seed would change the "
        "network. A cross-validation with repeats compares the settings."
    )


def test_equal_folds(tmp_path: Path) -> None:
    runs = [write_folds(tmp_path, name, [0.8, 0.9, 0.7]) for name in "ab"]
    assert verdict_sentences(compare_runs(runs)) == [
        "A and B are tied: the two scores are equal in every sample."
    ]
    shifted = write_folds(tmp_path, "c", [0.7, 0.8, 0.6])
    assert verdict_sentences(compare_runs([runs[0], shifted])) == [
        "A and B are tied: 10.0 points apart, from too few samples to tell."
    ]


def test_a_loss_is_better_if_it_is_lower(tmp_path: Path) -> None:
    first = write_regression(tmp_path, "a", [0.5, -0.4] * 20)
    second = write_regression(tmp_path, "b", [1.5, -1.9, 1.2, -1.8] * 10)
    (sentence,) = verdict_sentences(compare_runs([second, first], "mae"))
    assert sentence.startswith("B is better than A by 1.1500 (95 % interval 1.0")
    assert sentence.endswith("p < 0.001).")


def test_other_data_are_a_warning(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, "a", GOOD), write_part(tmp_path, "b", FAIR, data={"sha256": "f" * 64})]
    assert warnings(compare_runs(runs)) == [
        "the data of A − B differ: a difference may come from the data, not the networks"
    ]
