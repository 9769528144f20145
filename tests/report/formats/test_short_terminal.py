from __future__ import annotations

from collections.abc import Callable, Sequence
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
from tests.messages import Messages
from tests.report.formats.documents import GATE, HOSTILE, RUN, made, overfull, worst


def rendered(*documents: Document, width: int = 80, results: Sequence[GateResult] = ()) -> list[str]:
    text = Output().rendered(short_terminal_report(documents, results, width=width), plain=True)
    return text.rstrip("\n").split("\n")


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_makes_it_longer_or_wider(name: str) -> None:
    for width, has_sizes, has_failed in (
        (200, True, True),
        (60, True, True),
        (60, False, True),
        (60, False, False),
    ):
        lines = rendered(overfull(name, sizes=has_sizes, failure=has_failed), width=width)
        assert len(lines) <= MAX_LINES
        assert max(map(cell_len, lines)) <= width
        assert "\x1b" not in "".join(lines)


def test_each_part_of_an_overfull_report_has_a_line() -> None:
    text = "\n".join(rendered(overfull("name", failure=False, sizes=False)))
    for part in ("name  completed", "metric 0", "lowest F1", "95 % interval", "fnnctl report"):
        assert part in text
    assert text.count("warning: ") == len(overfull("name").warnings) == 7


def test_a_run_without_scores_says_why(messages: Messages) -> None:
    failure = "training diverged in epoch 1"
    failed = made(status="failed", failure=failure, scores=(), classes=None, sentences=())
    messages.check("\n".join(filter(None, rendered(failed))))


def test_each_warning_has_a_line_and_none_is_left_out() -> None:
    long = "the rows differ " * 20
    whole = [line for line in rendered(made(warnings=(long,), classes=None)) if "rows differ" in line]
    assert len(whole) > 1, "there is room for all of it"
    four = rendered(made(warnings=(long, "second", "third", "fourth")))
    shown = [line.removeprefix("  warning: ") for line in four if "warning: " in line]
    assert shown == [f"{'the rows differ ' * 4}the …", "second", "third", "fourth"]
    assert len(four) <= MAX_LINES
    many = rendered(made(warnings=tuple(f"number {number}" for number in range(30))))
    assert sum("warning: number" in line for line in many) == 30
    for part in ("accuracy", "lowest F1", "fnnctl report"):
        assert any(part in line for line in many)


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
    first, *sections = full.sections
    lines = rendered(replace(full, sections=(replace(first, blocks=(facts, *first.blocks[1:])), *sections)))
    items = [line for line in lines if "item" in line]
    assert len(items) % 2
    assert items[-1].endswith("an item, …")


def test_a_sentence_that_does_not_fit_makes_room_for_the_next() -> None:
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


def sizes(*rows: tuple[str, ...], notes: tuple[str, ...] = ()) -> Table:
    header = ("rows", "share", "accuracy", "95 % interval", "change", "95 % interval")
    return Table("Sizes", header, rows, texts=(), notes=notes, keeps_end=True, lines=(8, 12))


def test_the_largest_sizes_are_shown() -> None:
    lines = rendered(made(sizes=sizes(*((str(k), "1 %", "0.5", "0–1", "–", "–") for k in range(20)))))
    assert len(lines) <= MAX_LINES
    assert [line.split()[0] for line in lines if " 1 % " in line][-1] == "19"


def test_a_table_may_say_how_many_rows_it_leaves_out() -> None:
    rows = tuple((str(row), "0.5") for row in range(40))
    table = Table("Targets", ("40 targets", "value"), rows, lines=(3, 5), counts_rest=True)
    lines = [line.split() for line in rendered(made(sizes=table))]
    start = lines.index(["40", "targets", "value"])
    (end,) = (number for number, line in enumerate(lines) if line[:2] == ["…", "and"])
    shown = end - start - 1
    assert 0 < shown < 39
    assert lines[end] == ["…", "and", str(40 - shown), "more"]


def test_sizes_leave_room_for_all_metrics() -> None:
    rows = (("533", "20 %", "0.9", "0–1", "–", "–"), ("2,667", "100 %", "0.95", "0–1", "–", "–"))
    table = sizes(*rows, notes=("More rows help. " * 15,))
    lines = rendered(made(sizes=table, sentences=("Means over 3 folds.",), classes=None))
    assert any(line.startswith("  log loss  ") for line in lines)
    assert len(lines) <= MAX_LINES


def test_without_a_matrix_there_is_no_column_of_errors() -> None:
    assert "  rose       0.8000     0.7000  0.9000    12" in rendered(made(classes=worst("rose", error=None)))


def test_paths_and_commands_are_never_broken() -> None:
    path = "runs/" + "deep/" * 30 + "run"
    assert path in rendered(made(path=Path(path)), width=60)


def test_several_runs_have_a_line_each_and_their_paths(messages: Messages) -> None:
    failed = made(name="x" * 200, status="failed", scores=(), classes=None)
    scored = made(scores=("accuracy", "log loss"))
    lines = rendered(scored, made(measured="mean over the folds", scores=("accuracy",)), failed)
    assert max(map(cell_len, lines[:4])) <= 80
    messages.check("\n".join(filter(None, lines)))


@pytest.mark.parametrize(("length", "width", "is_shown"), [(20, 80, True), (40, 80, False), (40, 100, True)])
def test_several_runs_have_intervals_if_they_fit_beside_whole_names(
    length: int, width: int, is_shown: bool
) -> None:
    runs = [made(name=name * length, scores=("accuracy", "macro F1")) for name in "ab"]
    line = rendered(*runs, width=width)[1]
    assert "a" * length in line
    assert ("0.9000 (0.8000–0.9500)" in line) is is_shown


def test_the_table_of_gates_is_never_cut(messages: Messages) -> None:
    other = "not worse than 2026-11-28T18-23-57Z-pm-34a3b5"
    note = f"{other}; a loss of 0.0219 is detected 80 % of the time"
    lines = rendered(made(), results=[replace(GATE, name=f"accuracy, {other}", note=note)])
    assert max(map(cell_len, lines)) <= 80
    messages.check("\n".join(lines[lines.index("Gates") :]))


@pytest.mark.parametrize("count", [2, 3, 30])
def test_a_run_with_few_or_many_classes(finished_run: Callable[..., OpenRun], count: int) -> None:
    classes = [f"{HOSTILE[place % 10]}{place}" for place in range(count)]
    lines = rendered(run_document(summarize(finished_run("[/] \x1b[2J$$", classes)), short=True))
    assert len(lines) <= MAX_LINES
    assert lines[0] == "[/] [2J$$  completed"
    assert sum("0.3333" in line for line in lines) == min(count, 3)


def test_importances_that_were_asked_for_are_shown(messages: Messages) -> None:
    table = Table("Importance of the columns", ("column", "accuracy −"), (("x_1", "0.5"),))
    document = made(replace(block_section(table), is_requested=True))
    messages.check("\n".join(rendered(document)[-4:]))
    assert str(RUN) in rendered(document, document)[-6]
