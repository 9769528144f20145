from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from fnnctl.console.output import Output
from fnnctl.report.blocks import Facts, Table
from fnnctl.report.document import Document, block_section
from fnnctl.report.formats.short_terminal import MAX_LINES, short_terminal_report
from fnnctl.report.gates import GateResult
from fnnctl.report.summary import summarize
from fnnctl.report.topics.registry import run_document
from fnnctl.store.run import OpenRun
from tests.report.formats.documents import HOSTILE, RUN, made, overfull, worst


def rendered(*documents: Document, width: int = 80) -> list[str]:
    text = Output().rendered(short_terminal_report(documents, width=width), plain=True)
    return text.rstrip("\n").split("\n")


def test_what_a_reader_sees() -> None:
    assert rendered(made(warnings=("column 'id' looks like a row id",))) == [
        "flowers-mlp  completed",
        "runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1",
        "started 2026-11-24 13:24:05 UTC, took 1.2 s",
        "  network  4 → 16 → 3, 131 parameters",
        "  data     flowers: 150 rows",
        "",
        "  test part           value  95 % interval  baseline",
        "  accuracy           0.9000  0.8000–0.9500    0.5000",
        "  balanced accuracy  0.9000  0.8000–0.9500    0.5000",
        "  f1 macro           0.9000  0.8000–0.9500    0.5000",
        "  roc auc macro      0.9000  0.8000–0.9500    0.5000",
        "  log loss           0.9000  0.8000–0.9500    0.5000",
        "",
        "  Measured on 30 rows.",
        "",
        "  warning: column 'id' looks like a row id",
        "",
        "  lowest F1      F1  precision  recall  rows  most frequent error",
        "  rose       0.8000     0.7000  0.9000    12  25% taken for tulip",
        "  tulip      0.8000     0.7000  0.9000    12  25% taken for tulip",
        "  daisy      0.8000     0.7000  0.9000    12  25% taken for tulip",
        "",
        "  fnnctl report runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1 --verbose",
        "  fnnctl train runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1/resolved.yaml",
        "  fnnctl predict runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1 DATA",
    ]


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_makes_it_longer_or_wider(name: str, width: int) -> None:
    for document in (overfull(name), overfull(name, sizes=False), overfull(name, sizes=False, failure=False)):
        lines = rendered(document, width=width)
        assert len(lines) <= MAX_LINES
        assert max(map(cell_len, lines)) <= width
        assert "\x1b" not in "".join(lines)


def test_each_part_of_an_overfull_report_has_a_line() -> None:
    text = "\n".join(rendered(overfull("name", failure=False, sizes=False)))
    for part in ("name  completed", "metric 0", "lowest F1", "95 % interval", "fnnctl report"):
        assert part in text
    assert text.count("warning: ") == len(overfull("name").warnings) == 7


def test_a_run_without_scores_says_why() -> None:
    failed = made(
        status="failed", failure="training diverged in epoch 1", scores=(), classes=None, sentences=()
    )
    lines = rendered(failed)
    assert lines[0] == "flowers-mlp  failed"
    assert "  training diverged in epoch 1" in lines
    assert not any("lowest" in line or "baseline" in line for line in lines)


def test_each_warning_has_a_line_and_none_is_left_out() -> None:
    long = "the rows differ " * 20
    full = [line for line in rendered(made(warnings=(long,), classes=None)) if "rows differ" in line]
    assert len(full) > 1, "there is room for all of it"
    four = rendered(made(warnings=(long, "second", "third", "fourth")))
    assert [line for line in four if "warning: " in line] == [
        f"  warning: {'the rows differ ' * 4}the …",
        "  warning: second", "  warning: third", "  warning: fourth",
    ]  # fmt: skip
    assert len(four) <= MAX_LINES


def test_very_many_warnings_make_it_longer() -> None:
    lines = rendered(made(warnings=tuple(f"number {number}" for number in range(30))))
    assert sum("warning: number" in line for line in lines) == 30
    for part in ("accuracy", "lowest F1", "fnnctl report"):
        assert any(part in line for line in lines)


def test_the_last_items_of_a_long_fact_are_left_out() -> None:
    layers = " → ".join(["1,024"] * 5)
    facts = (("network", f"{layers}; 32 epochs, the best one 4; 244,272 parameters"), ("data", "x"))
    assert rendered(made(facts=facts))[3:6] == [
        f"  network  {layers}; 32 epochs, the best one 4;",
        "           244,272 parameters",
        "  data     x",
    ]
    settings = ", ".join(f"model.a_long_name_{number} {number}" for number in range(20))
    *_, last = (line for line in rendered(made(facts=(("its settings", settings),))) if "a_long_name" in line)
    assert last == "                model.a_long_name_2 2, model.a_long_name_3 3, …"


def test_a_fact_with_room_for_one_line_of_two_says_so() -> None:
    """Facts have six lines at most, of which the first one takes one."""
    full = overfull("word", failure=False, sizes=False)
    facts = Facts("Facts", (("name", "x"), *(("list", "an item, " * 12),) * 5))
    summary, *others = full.sections
    lines = rendered(replace(full, sections=(replace(summary, blocks=(facts, *summary.blocks[1:])), *others)))
    *_, last = (line for line in lines if "item" in line)
    assert sum("item" in line for line in lines) % 2
    assert last.endswith("an item, …")


def test_a_sentence_that_does_not_fit_makes_room_for_the_next() -> None:
    lines = rendered(overfull("word"))
    assert sum(line.startswith("  word word") for line in lines) <= MAX_LINES
    text = " ".join(rendered(made(sentences=("long " * 200, "A short one."))))
    assert "A short one." in text
    assert "long long" not in text


def test_the_first_sentence_is_complete_before_there_are_more_scores() -> None:
    """It says whether a search is better than `fnnctl train`; a later sentence that fits is no substitute."""
    facts = (("search", "word " * 25), ("best", "1"), ("settings", "item, " * 25))
    sentences = ("verdict " * 18, "A short one.")
    lines = rendered(made(facts=facts, sentences=sentences, warnings=("a", "b", "c")))
    assert " ".join(lines).count("verdict") == 18
    assert sum(line.startswith("  warning: ") for line in lines) == 3
    assert len(lines) <= MAX_LINES


def sizes(header: tuple[str, ...], rows: tuple[tuple[str, ...], ...], notes: tuple[str, ...] = ()) -> Table:
    return Table("Sizes", header, rows, texts=(), notes=notes, keeps_end=True, lines=(8, 12))


def test_the_largest_sizes_are_shown() -> None:
    rows = tuple((str(number), "1 %", "0.5", "0–1", "–", "–") for number in range(20))
    header = ("rows", "share", "accuracy", "95 % interval", "change", "95 % interval")
    lines = rendered(made(sizes=sizes(header, rows)))
    assert len(lines) <= MAX_LINES
    assert [line.split()[0] for line in lines if " 1 % " in line][-1] == "19"


def test_sizes_leave_room_for_all_metrics() -> None:
    rows = (("533", "20 %", "0.9", "0–1", "–", "–"), ("2,667", "100 %", "0.95", "0–1", "–", "–"))
    header = ("rows", "share", "accuracy", "95 % interval", "change", "95 % interval")
    table = sizes(header, rows, notes=("More rows help. " * 15,))
    lines = rendered(made(sizes=table, sentences=("Means over 3 folds.",), classes=None))
    assert any(line.startswith("  log loss  ") for line in lines)
    assert len(lines) <= MAX_LINES


def test_without_a_matrix_there_is_no_column_of_errors() -> None:
    lines = rendered(made(classes=worst("rose", error=None)))
    assert "  rose       0.8000     0.7000  0.9000    12" in lines


def test_paths_and_commands_are_never_broken() -> None:
    path = "runs/" + "deep/" * 30 + "run"
    lines = rendered(made(path=Path(path)), width=60)
    assert path in lines


def test_several_runs_have_a_line_each_and_their_paths() -> None:
    failed = made(name="x" * 200, status="failed", scores=(), classes=None)
    scored = made(scores=("accuracy", "log loss"))
    lines = rendered(scored, made(measured="mean over the folds", scores=("accuracy",)), failed)
    assert lines[1].split() == ["1", "flowers-mlp", "test", "part", "0.9000", "0.9000"]
    assert "mean over the folds" in lines[2]
    assert lines[3].split()[2] == "failed"
    assert max(map(cell_len, lines[:4])) <= 80
    assert lines[5] == "1  runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1"


def test_several_runs_have_intervals_if_they_fit_beside_whole_names() -> None:
    runs = [made(name=name * 20, scores=("accuracy", "macro F1")) for name in "ab"]
    assert "0.9000 (0.8000–0.9500)" in rendered(*runs)[1]
    wide = [made(name=name * 40, scores=("accuracy", "macro F1")) for name in "ab"]
    assert rendered(*wide)[1].split() == ["1", "a" * 40, "0.9000", "0.9000"]
    assert "0.9000 (0.8000–0.9500)" in rendered(*wide, width=100)[1]


def test_the_table_of_gates_is_never_cut() -> None:
    note = "not worse than 2026-11-28T18-23-57Z-pm-34a3b5; a loss of 0.0219 is detected 80 % of the time"
    result = GateResult(
        run="runs/a",
        name="log_loss, not worse than 2026-11-28T18-23-57Z-pm-34a3b5",
        metric="log_loss",
        value=0.15,
        value_text="0.1500",
        threshold=None,
        condition="not worse than 0.1482",
        passed=True,
        message="",
        note=note,
    )
    text = Output().rendered(short_terminal_report([made()], [result], width=80), plain=True)
    lines = text.rstrip("\n").split("\n")
    assert lines[-3].split() == ["log_loss", "0.1500", "not", "worse", "than", "0.1482", "passed"]
    assert " ".join(" ".join(lines[-2:]).split()) == f"log_loss: {note}."
    assert max(map(cell_len, lines)) <= 80


@pytest.mark.parametrize("count", [2, 3, 30])
def test_a_run_with_few_or_many_classes(finished_run: Callable[..., OpenRun], count: int) -> None:
    classes = [f"{HOSTILE[place % 10]}{place}" for place in range(count)]
    lines = rendered(run_document(summarize(finished_run("[/] \x1b[2J$$", classes)), short=True))
    assert len(lines) <= MAX_LINES
    assert lines[0] == "[/] [2J$$  completed"
    assert sum("0.3333" in line for line in lines) == min(count, 3)


def test_importances_that_were_asked_for_are_shown() -> None:
    table = Table("Importance of the columns", ("column", "accuracy −"), (("x_1", "0.5"),))
    document = made(replace(block_section(table), is_requested=True))
    assert [line.split() for line in rendered(document)[-4:]] == [
        ["Importance", "of", "the", "columns"],
        ["column", "accuracy", "−"],
        ["─" * len("column   accuracy −")],
        ["x_1", "0.5"],
    ]
    assert str(RUN) in rendered(document, document)[-6]
