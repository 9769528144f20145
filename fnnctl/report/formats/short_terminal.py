"""The short report on a terminal: what a run has to say first, in at most 25 lines of 80 columns.

Whatever a run contains, its report stays that short: long texts are cut, and what is less important is left
out, except warnings, of which each has a line. The last lines name the commands that show the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from fnnctl.report.answer.sections import predicted_column, score_table
from fnnctl.report.answer.values import Answer, NextCommand
from fnnctl.report.content import gate_table
from fnnctl.report.formats.fitting import FittingLines, aligned, allotted, fit_name, fit_sentence, wrapped
from fnnctl.report.formats.side_by_side import commands_of_several, runs_tables, warned_runs
from fnnctl.report.formats.terminal import INDENT, section_text, status_style
from fnnctl.report.gates import GateResult
from fnnctl.report.sections import TableSection
from fnnctl.report.words import number
from fnnctl.text import plain_text

MOST_LINES: Final = 25
USUAL_WARNINGS: Final = 7
"""More warnings than these make the report longer, as none is left out."""
USUAL_WIDTH: Final = 80
LEAST_WIDTH: Final = 60
"""On a narrower terminal, lines are wrapped by the terminal."""
GAP: Final = 2
MOST_FACT_LINES: Final = 2
WARNING: Final = "warning: "
LEFT_OUT: Final = frozenset({"ROC AUC"})
"""The metrics of groups for which there is no room."""
STEPS: Final = (
    ("failure", 5), ("scores", 4), ("facts", 2), ("certainty", 1), ("worst", 2), ("commands", 1),
    ("scores", 6), ("certainty", 3), ("facts", 4), ("worst", 3), ("certainty", 4), ("worst", 4),
    ("commands", 3), ("certainty", 5), ("facts", 6), ("scores", 9), ("commands", 5), ("warnings", 12),
    ("certainty", 9),
)  # fmt: skip
"""Order in which blocks receive lines, and up to how many; each warning has a line before all of them."""
STEPS_WITH_SIZES: Final = (
    ("failure", 5), ("scores", 2), ("facts", 2), ("sizes", 4), ("scores", 6), ("commands", 1),
    ("certainty", 6), ("sizes", 8), *STEPS,
)  # fmt: skip
GAPS: Final = dict.fromkeys(("failure", "scores", "sizes", "worst", "certainty", "warnings", "commands"), 1)
ORDER: Final = ("facts", "failure", "scores", "sizes", "certainty", "worst", "warnings", "commands")


def short_terminal_report(
    answers: Sequence[Answer], results: Sequence[GateResult] = (), *, width: int | None = None
) -> RenderableType:
    """A short report on one run or, side by side, on several, followed by the gates' results.

    Without a width, lines have at most 80 columns. Paths and commands are never broken. Importances that
    were asked for are shown in any case.
    """
    columns = max(USUAL_WIDTH if width is None else width, LEAST_WIDTH)
    parts = [_run_lines(answers[0], columns) if len(answers) == 1 else _side_by_side(answers, columns)]
    for answer in answers:
        if answer.importance and len(answers) > 1:
            parts += [Text(), _unbroken(str(answer.path), "bold")]
        parts += [section_text(section, width) for section in answer.importance]
    if results:
        parts.append(section_text(gate_table(results), width))
    return Group(*parts)


def _run_lines(answer: Answer, width: int) -> RenderableType:
    """The lines of one run."""
    name = fit_name(answer.name, width - cell_len(answer.status) - 2)
    title = _unbroken("").append(name, "bold").append("  ")
    title.append(answer.status, status_style(answer.status))
    head = (title, _unbroken(str(answer.path)), _unbroken(fit_sentence(answer.when, width), "dim"))
    blocks = _blocks(answer, width - INDENT)
    warnings = len(answer.warnings)
    steps = (("warnings", warnings), *(STEPS_WITH_SIZES if answer.sizes else STEPS))
    most = MOST_LINES + max(0, warnings - USUAL_WARNINGS)
    counts = allotted(blocks, steps, most - len(head), gaps=GAPS)
    lines: list[Text] = [*head]
    for name in ORDER:
        if count := counts.get(name, 0):
            lines += [Text()] * GAPS.get(name, 0)
            lines += _styled(name, blocks[name].lines(count))
    return Group(*lines)


def _side_by_side(answers: Sequence[Answer], width: int) -> RenderableType:
    """One line per run, one per path, and the commands that show more."""
    lines: list[Text] = []
    for table in runs_tables(answers):
        rows = [table.header, *table.rows]
        used = sum(max(cell_len(row[place]) for row in rows) for place in (0, 2, 3, 4, 5)) + 10
        fitting = [(row[0], fit_name(row[1], width - used), *row[2:]) for row in rows]
        header, *others = aligned(fitting, texts=table.texts)
        lines += [_unbroken(header, "dim"), *map(_unbroken, others), Text()]
    lines += [_unbroken(f"{place}  {answer.path}") for place, answer in enumerate(answers, start=1)]
    lines += [_unbroken(sentence, "yellow") for sentence in warned_runs(answers)]
    lines += [Text(), *(_unbroken(_command_line(each, width)) for each in commands_of_several(answers))]
    return Group(*lines)


def _unbroken(line: str, style: str = "") -> Text:
    """A line that is neither wrapped nor cut off by rich, without control characters."""
    return Text(plain_text(line), style=style, no_wrap=True, overflow="ignore")


def _styled(name: str, lines: Sequence[str]) -> list[Text]:
    """The lines of a block, indented; the header of a table is dim and warnings are yellow."""
    first = "dim" if name in {"scores", "sizes", "worst"} else ""
    other = "yellow" if name == "warnings" else "red" if name == "failure" else ""
    return [
        _unbroken(" " * INDENT + line, other if place else first or other) for place, line in enumerate(lines)
    ]


def _blocks(answer: Answer, width: int) -> dict[str, FittingLines]:
    """The blocks that have a line, with lines of at most `width` columns, except commands."""
    commands, scores = [_command_line(each, width) for each in answer.commands], score_table(answer)
    found: dict[str, FittingLines] = {
        "facts": _facts(answer, width),
        "failure": _sentences([answer.failure] if answer.failure else [], width),
        "scores": _table([scores.header, *scores.rows], scores.texts),
        "certainty": _sentences(answer.certainty, width),
        "worst": _worst(answer, width),
        "warnings": _warnings(answer.warnings, width),
        "commands": FittingLines(len(commands), lambda count: commands[:count]),
    }
    if answer.sizes:
        found["sizes"] = _sizes(answer.sizes)
    return {name: block for name, block in found.items() if block.full}


def _facts(answer: Answer, width: int) -> FittingLines:
    """Names and texts."""
    names = max((cell_len(name) for name, _ in answer.facts), default=0)
    lines = [
        fit_sentence(f"{'' if place else name:{names}}  {line}", width)
        for name, text in answer.facts
        for place, line in enumerate(_fact_lines(text, max(width - names - GAP, width // 2)))
    ]
    return FittingLines(len(lines), lambda count: lines[:count])


def _fact_lines(text: str, width: int) -> list[str]:
    """A text of parts with semicolons on one line without its last parts, if it is too long; or on two."""
    first, *others = text.split("; ")
    while len(others) > 1 and cell_len("; ".join([first, *others])) > width:
        others.pop()
    return _begun_lines("; ".join([first, *others]), MOST_FACT_LINES, width)


def _sentences(sentences: Sequence[str], width: int) -> FittingLines:
    """Whole sentences as long as there is room; if there is none for the first one, its beginning."""

    def lines(count: int) -> list[str]:
        fitting: list[str] = []
        for sentence in sentences:
            if len(wrapped(" ".join([*fitting, sentence]), width)) <= count:
                fitting.append(sentence)
        return wrapped(" ".join(fitting), width) if fitting else _begun_lines(sentences[0], count, width)

    return FittingLines(len(wrapped(" ".join(sentences), width)) if sentences else 0, lines)


def _begun_lines(text: str, count: int, width: int) -> list[str]:
    """The text in at most `count` lines; the end of a longer one is left out."""
    lines = wrapped(text, width)
    if len(lines) <= count:
        return [fit_sentence(line, width) for line in lines]
    return [*lines[: count - 1], fit_sentence(" ".join(lines[count - 1 :]), width)]


def _warnings(warnings: Sequence[str], width: int) -> FittingLines:
    """The beginning of each warning on a line; more lines complete them, the first ones first."""
    texts = [WARNING + warning for warning in warnings]
    lengths = [len(wrapped(text, width)) for text in texts]

    def lines(count: int) -> list[str]:
        rest, found = count - len(texts), []
        for text, length in zip(texts, lengths, strict=True):
            more = min(length - 1, max(rest, 0))
            found += _begun_lines(text, 1 + more, width)
            rest -= more
        return found

    return FittingLines(sum(lengths), lines)


def _table(rows: Sequence[Sequence[str]], texts: Sequence[int]) -> FittingLines:
    """A table of which only the first rows may be shown; none if it has nothing but a header."""
    if len(rows) < 2:
        return FittingLines(0, lambda count: [])
    return FittingLines(len(rows), lambda count: aligned(rows[:count], texts=texts), least=2)


def _worst(answer: Answer, width: int) -> FittingLines:
    """The worst groups; names share what the numbers leave of the width."""
    if not answer.worst:
        return FittingLines(0, lambda count: [])
    labels = [label for label, _ in answer.worst[0].metrics if label not in LEFT_OUT]
    numbers = [[number(dict(group.metrics).get(label)) for label in labels] for group in answer.worst]
    used = sum(max(map(cell_len, column)) + GAP for column in zip(labels, *numbers, strict=True))
    names = [f"lowest {labels[0]}", *(group.name for group in answer.worst)]
    others = predicted_column(answer.worst)
    room = width - used - (GAP if others else 0)
    own = room - min(max((cell_len(fit_name(text, room)) for text in others), default=0), room // 2)
    own = min(own, max(cell_len(fit_name(text, room)) for text in names))
    rows = [(fit_name(name, own), *cells) for name, cells in zip(names, [labels, *numbers], strict=True)]
    if others:
        pairs = zip(rows, others, strict=True)
        rows = [(*row, fit_name(other, room - own)) for row, other in pairs]
    return _table(rows, (0, len(labels) + 1))


def _sizes(table: TableSection) -> FittingLines:
    """The header, and the rows of the largest sizes."""
    rows = [row[:4] for row in table.rows]

    def lines(count: int) -> list[str]:
        return aligned([table.header[:4], *rows[-(count - 1) :]], texts=())

    return FittingLines(1 + len(rows), lines, least=2)


def _command_line(command: NextCommand, width: int) -> str:
    """A command that can be pasted, with its purpose as a comment if there is room for it."""
    commented = f"{command.command}  # {command.purpose}"
    return commented if cell_len(commented) <= width else command.command
