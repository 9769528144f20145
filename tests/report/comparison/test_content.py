from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fnnctl.console.output import Output
from fnnctl.report.comparison.comparison import compare_runs
from fnnctl.report.comparison.formats import terminal_comparison, text_comparison
from fnnctl.report.comparison.sections import comparison_json, comparison_sections, headline, title
from fnnctl.report.sections import Command
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import RESOLVED
from tests.report.comparison.written import write_folds, write_part

GOOD = [1] * 97 + [0] * 3
FAIR = [1] * 88 + [0] * 12


def sections_of(*runs: object, metric: str | None = None) -> dict[str, Any]:
    return {section.title: section for section in comparison_sections(compare_runs(runs, metric))}  # type: ignore[arg-type]


def test_tables_of_two_runs(tmp_path: Path) -> None:
    a = write_part(tmp_path, "a", FAIR, settings={"model": {"dropout": 0.5}})
    b = write_part(tmp_path, "b", GOOD, settings={"model": {"dropout": 0.1}}, seed=8)
    found = sections_of(a, b)
    assert [*found] == [
        "Verdict", "Runs", "Differences", "Settings that differ", "Other differences", "How sure", "Folders",
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
    found = json.loads(text_comparison(compare_runs([a, b]), "json"))
    assert found["runs"] == [str(a.path), str(b.path)]
    assert found["metric"] == "accuracy"
    (pair,) = found["comparisons"]
    assert {"a", "b", "difference", "ci95", "p", "p_holm", "verdict"} <= pair.keys()
    assert (pair["a"], pair["b"], pair["verdict"]) == (str(a.path), str(b.path), "worse")
    assert pair["difference"] == -0.09
    assert pair["paired"] is True
    assert [score["value"] for score in found["scores"]] == [0.88, 0.97]
    folds = write_folds(tmp_path, "c", [0.8, 0.9, 0.7])
    equal = comparison_json(compare_runs([folds, write_folds(tmp_path, "d", [0.8, 0.9, 0.7])]))
    assert equal["comparisons"][0]["ci95"] is None
    assert equal["comparisons"][0]["verdict"] == "tie"
    assert equal["scores"][0]["folds"] == 3


def test_of_few_rows_no_difference_is_found(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, name, [1, 1, 0]) for name in "ab"]
    assert comparison_json(compare_runs(runs))["comparisons"][0]["found_in_80_percent"] is None


def test_what_to_do_next_has_each_config_once(tmp_path: Path) -> None:
    """A network that was scored on another file too has one config, which is compared with nothing alone."""

    def commands(*runs: RunFolder) -> list[str]:
        sections = comparison_sections(compare_runs(runs))
        return [section.title for section in sections if isinstance(section, Command)]

    run, other = write_part(tmp_path, "a", FAIR), write_part(tmp_path, "b", GOOD)
    again = write_part(tmp_path, "again", GOOD, evaluated={"run": str(run.path), "sha256": "0" * 64})
    (again.path / RESOLVED).unlink()
    assert commands(run, again) == []
    assert commands(run, again, other) == ["Cross-validate A", "Cross-validate C"]


def test_hostile_texts_are_shown_harmlessly(tmp_path: Path) -> None:
    settings = {"data": {"missing_values": ["<script>alert(1)</script>"]}}
    runs = [
        write_part(tmp_path, name, hits, classes=("[bold]loud[/bold]", "=cmd()"), settings=settings)
        for name, hits in (("$$[/]<i>\x1b[31m", FAIR), ("b", GOOD))
    ]
    (runs[1].path / RESOLVED).unlink()
    found = compare_runs(runs)
    assert "<script>" not in text_comparison(found, "markdown")
    page = text_comparison(found, "html")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    shown = Output(color=False).rendered(terminal_comparison(found, width=100), plain=True)
    assert "$$[/]<i>[31m" in shown
    assert "\x1b" not in shown


def test_the_title_says_what_is_better(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, "a", FAIR), write_part(tmp_path, "b", GOOD)]
    shares, losses = compare_runs(runs), compare_runs(runs, "log_loss")
    assert title(shares) == "accuracy of 2 runs"
    assert headline(shares) == "higher is better, differences in percentage points"
    assert headline(losses) == "lower is better"
