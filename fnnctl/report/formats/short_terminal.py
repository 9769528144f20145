"""The short report on a terminal: what a run has to say first, in at most 25 lines of 80 columns.

Whatever a run contains, its report stays that short: long texts are cut, and what is less important is left
out, except warnings, of which each has a line. The last lines name the commands that show the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from fnnctl.report import blocks as kinds
from fnnctl.report.blocks import Block, Table
from fnnctl.report.document import Document
from fnnctl.report.formats.fitting import (
    FittingLines,
    aligned,
    allotted,
    fit_name,
    fit_sentence,
    narrowed,
    shortened,
    wrapped,
)
from fnnctl.report.formats.terminal import INDENT, block_text, status_style
from fnnctl.report.gates import GateResult, gate_table
from fnnctl.report.side_by_side import commands_of_several, runs_tables, warned_runs
from fnnctl.text import plain_text, truncate_end

MAX_LINES: Final = 25
USUAL_WARNINGS: Final = 7
"""More warnings than these make the report longer, as none is left out."""
USUAL_WIDTH: Final = 80
MIN_WIDTH: Final = 60
"""On a narrower terminal, lines are wrapped by the terminal."""
GAP: Final = 2
MAX_DEFINITION_LINES: Final = 2
MAX_VERDICT_LINES: Final = 3
"""A longer first sentence, such as whether a search is better than `fnnctl train`, has no lines reserved."""
WARNING: Final = "warning: "
STYLES: Final[Mapping[type[Block], str]] = {kinds.Warnings: "yellow", kinds.Failure: "red"}
GROWTH: Final[Mapping[type[Block], tuple[int, ...]]] = {
    kinds.Facts: (2, 4, 4, 4, 6),
    kinds.Failure: (5,),
    kinds.Scores: (4, 6, 6, 6, 9),
    Table: (2, 3, 4),
    kinds.Notes: (1, 3, 4, 5, 5, 5, 9),
    kinds.Warnings: (0, 0, 0, 0, 0, 12),
    kinds.Command: (1, 1, 3, 3, 5),
    kinds.Files: (2, 4),
    kinds.Excerpt: (2, 4),
}
"""How many lines a block of each kind may have after each round, in which the blocks grow in their order.

The first round is small enough that every section of a usual run is in the report with what makes it worth
reading: the first three scores, the first sentence, the worst class, one command. Then this sentence is
completed. The next rounds complete the scores and what they mean, before there are more definitions and
commands. Warnings have a line each before all rounds, and get the rest of their words late.
"""


def short_terminal_report(
    documents: Sequence[Document], results: Sequence[GateResult] = (), *, width: int | None = None
) -> RenderableType:
    """A short report on one run or, side by side, on several, followed by the gates' results.

    Without a width, lines have at most 80 columns. Paths and commands are never broken. Sections that the
    user has asked for are shown in any case.
    """
    columns = max(USUAL_WIDTH if width is None else width, MIN_WIDTH)
    one = len(documents) == 1
    parts = [_run_lines(documents[0], columns) if one else _side_by_side(documents, columns)]
    for document in documents:
        requested = [section for section in document.sections if section.is_requested]
        if requested and document.run and not one:
            parts += [Text(), _unbroken(str(document.run.path), "bold")]
        parts += [block_text(block, width) for section in requested for block in section.blocks]
    if results:
        parts.append(block_text(gate_table(results), width))
    return Group(*parts)


def _run_lines(document: Document, width: int) -> RenderableType:
    """The lines of one run."""
    status, path = (document.run.status, str(document.run.path)) if document.run else ("", "")
    name = fit_name(document.title, width - cell_len(status) - 2)
    title = _unbroken("").append(name, "bold").append("  ").append(status, status_style(status))
    head = (title, _unbroken(path), _unbroken(fit_sentence(document.lead, width), "dim"))
    sections = (section for section in document.sections if not section.is_requested)
    blocks = [*_blocks([block for section in sections for block in section.blocks], width - INDENT)]
    most = MAX_LINES + max(0, len(document.warnings) - USUAL_WARNINGS) - len(head)
    gaps = [
        0 if index == 0 and isinstance(block, kinds.Facts) else 1 for index, (block, _) in enumerate(blocks)
    ]
    growth = [_growth(block, width - INDENT) for block, _ in blocks]
    counts = allotted([fitting for _, fitting in blocks], growth, most, gaps=gaps)
    lines: list[Text] = [*head]
    for (block, fitting), gap, count in zip(blocks, gaps, counts, strict=True):
        if count:
            lines += [Text()] * gap
            lines += _styled(block, fitting.lines(count))
    return Group(*lines)


def _side_by_side(documents: Sequence[Document], width: int) -> RenderableType:
    """One line per run, one per path, and the commands that show more."""
    lines: list[Text] = []
    tables = zip(runs_tables(documents), runs_tables(documents, with_intervals=False), strict=True)
    for complete, values in tables:
        is_too_wide = max(map(cell_len, aligned([complete.header, *complete.rows], texts=()))) > width
        header, *body = _table_lines(values if is_too_wide else complete, width)
        lines += [_unbroken(header, "dim"), *map(_unbroken, body), Text()]
    paths = (document.run.path for document in documents if document.run)
    lines += [_unbroken(f"{number}  {path}") for number, path in enumerate(paths, start=1)]
    lines += [_unbroken(sentence, "yellow") for sentence in warned_runs(documents)]
    lines += [
        Text(),
        *(_unbroken(_command_line(command, width)) for command in commands_of_several(documents)),
    ]
    return Group(*lines)


def _unbroken(line: str, style: str = "") -> Text:
    """A line that is neither wrapped nor cut off by rich, without control characters."""
    return Text(plain_text(line), style=style, no_wrap=True, overflow="ignore")


def _styled(block: Block, lines: Sequence[str]) -> list[Text]:
    """The lines of a block, indented; the header of a table is dim and warnings are yellow."""
    style = STYLES.get(type(block), "")
    first = "dim" if isinstance(block, kinds.Scores | Table) else style
    return [_unbroken(" " * INDENT + line, style if index else first) for index, line in enumerate(lines)]


def _growth(block: Block, width: int) -> tuple[int, ...]:
    """The lines after each round: in the first only warnings grow, in the third the first sentence."""
    growth = block.lines if isinstance(block, Table) else ()
    before = len(block.rows) if isinstance(block, kinds.Warnings) else 0
    first, *further = growth or GROWTH[type(block)]
    verdict = (
        min(len(wrapped(block.rows[0], width)), MAX_VERDICT_LINES)
        if isinstance(block, kinds.Notes)
        else first
    )
    return before, first, verdict, *further


def _blocks(blocks: Sequence[Block], width: int) -> Iterator[tuple[Block, FittingLines]]:
    """The blocks with their lines of at most `width` columns; all commands are one block, the last."""
    commands = [block for block in blocks if isinstance(block, kinds.Command)]
    for block in blocks:
        if not isinstance(block, kinds.Command | kinds.Figure):
            yield block, _fitting(block, width)
    if commands:
        lines = [_command_line(command, width) for command in commands]
        yield commands[0], FittingLines(len(lines), lambda count: lines[:count])


def _fitting(block: Block, width: int) -> FittingLines:
    match block:
        case kinds.Facts() | kinds.Files():
            return _definitions(block.rows, width)
        case kinds.Scores():
            return _table(block.table, width)
        case Table():
            return _table(block.short or block, width)
        case kinds.Warnings():
            return _warnings(block.rows, width)
        case kinds.Notes() | kinds.Failure():
            return _sentences(block.rows, width)
        case kinds.Excerpt() | kinds.Command():
            return FittingLines(len(block.rows), lambda count: [*block.rows[:count]])
        case kinds.Figure():
            return FittingLines(0, lambda count: [])


def _definitions(definitions: Sequence[tuple[str, str]], width: int) -> FittingLines:
    """Names and texts, whose last items are left out if there is no room for them."""
    names = max(cell_len(name) for name, _ in definitions)
    room = max(width - names - GAP, width // 2)

    def lines(count: int) -> list[str]:
        result: list[str] = []
        for name, text in definitions:
            if most := min(MAX_DEFINITION_LINES, count - len(result)):
                for index, line in enumerate(shortened(text, most, room, by_items=True)):
                    named = plain_text(f"{'' if index else name:{names}}  {line}")
                    result.append(truncate_end(named, width, cell_len))
        return result

    return FittingLines(len(lines(MAX_DEFINITION_LINES * len(definitions))), lines)


def _sentences(sentences: Sequence[str], width: int) -> FittingLines:
    """Whole sentences as long as there is room; if there is none for the first one, its beginning."""

    def lines(count: int) -> list[str]:
        fitting: list[str] = []
        for sentence in sentences:
            if len(wrapped(" ".join([*fitting, sentence]), width)) <= count:
                fitting.append(sentence)
        return wrapped(" ".join(fitting), width) if fitting else shortened(sentences[0], count, width)

    return FittingLines(len(wrapped(" ".join(sentences), width)), lines)


def _warnings(warnings: Sequence[str], width: int) -> FittingLines:
    """The beginning of each warning on a line; more lines complete them, the first ones first."""
    texts = [WARNING + warning for warning in warnings]
    lengths = [len(wrapped(text, width)) for text in texts]

    def lines(count: int) -> list[str]:
        rest, result = count - len(texts), []
        for text, length in zip(texts, lengths, strict=True):
            more = min(length - 1, max(rest, 0))
            result += shortened(text, 1 + more, width)
            rest -= more
        return result

    return FittingLines(sum(lengths), lines)


def _table(table: Table, width: int) -> FittingLines:
    """A table of which only some rows may be shown, and its notes if there is room for them too."""
    header, *rows = _table_lines(table, width)
    notes = wrapped(" ".join(table.notes), width) if table.notes else []

    def lines(count: int) -> list[str]:
        kept = notes if count - len(notes) > 1 else []
        room = count - len(kept) - 1
        if table.counts_rest and room < len(rows):
            left_out = len(rows) - room + 1
            return [header, *rows[: room - 1], f"… and {left_out:,} more", *kept]
        return [header, *(rows[-room:] if table.keeps_end else rows[:room]), *kept]

    return FittingLines(1 + len(rows) + len(notes), lines, least=2)


def _command_line(command: kinds.Command, width: int) -> str:
    """A command that can be pasted, with its purpose as a comment if there is room for it."""
    line = " ".join(command.rows)
    commented = f"{line}  # {command.title[:1].lower()}{command.title[1:]}"
    return commented if cell_len(commented) <= width else line


def _table_lines(table: Table, width: int) -> list[str]:
    """The header and the rows, with texts short enough for the width."""
    rows = narrowed([table.header, *table.rows], width, texts=table.texts)
    return aligned(rows, texts=table.texts)
