"""The description of a table: what is known of it, as a document and as a JSON object."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.config.paths import OUTPUT, OUTPUTS, setting_text
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.data.profile.columns import ColumnFacts, Extent
from fnnctl.data.profile.source import DEFAULT_ENCODING, SourceOptions
from fnnctl.data.profile.table import TableFacts
from fnnctl.messages import sentences
from fnnctl.metrics.association import Association, Measure
from fnnctl.metrics.drift import TableDrift
from fnnctl.metrics.metric import SEVERAL, TargetKind
from fnnctl.modelling.data_checks import ColumnCheck
from fnnctl.modelling.table_target import Candidate, TargetFacts, are_several_labels, rows_without_target
from fnnctl.report.blocks import Block, Command, Notes, Table
from fnnctl.report.document import Document, block_section, merge_blocks
from fnnctl.report.formats.fitting import fit_names
from fnnctl.report.topics.drift import drift_table
from fnnctl.report.words import NOTHING
from fnnctl.text import counted, plain_text, quoted, truncate_end, word_list

MAX_LISTED: Final = 200
"""How many columns, notes and classes are listed; JSON has all of them."""
MAX_ALIKE = 4
"""More columns with the same note share a line."""
REGRESSION_COMMAND: Final = "fnnctl train --set data.task=regression"
MAX_PAIRS: Final = 20
"""How many pairs of targets are listed, the strongest ones."""
MEASURES: Final[Mapping[Measure, str]] = {
    "pearson": "correlation (Pearson)",
    "cramers_v": "Cramér's V",
    "correlation_ratio": "correlation ratio η",
}
LONGEST_NAME, VALUE_WIDTH = 120, 14
"""The most characters of a column's name, and of a frequent value. A terminal may have less room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What `describe` says about a table."""

    options: SourceOptions
    table: TableFacts
    targets: tuple[TargetFacts, ...]
    """Empty if none is known."""
    candidates: tuple[Candidate, ...]
    """The columns that could be the target; empty if one is known."""
    check: ColumnCheck
    """How well each column alone predicts the targets, if any are known."""
    associations: tuple[Association, ...] = ()
    """How each two targets hang together, the strongest first."""
    obstacle: str | None = None
    """Why no experiment is possible; None if one is, as far as that is known without a target."""
    drift: TableDrift | None = None
    """How far the table is from the training rows of a run; None if it is compared with none."""

    @property
    def headline(self) -> str:
        """The size of the table, on one line."""
        repeated = "no repeated rows"
        if self.table.repeated_rows:
            repeated = f"{counted(self.table.repeated_rows, 'row')} equal to an earlier one"
        rows, columns = counted(self.table.rows, "row"), counted(len(self.table.columns), "column")
        return f"{rows}, {columns}, {repeated}"

    @property
    def init_command(self) -> str:
        """The command that writes an experiment; its targets are the known ones, or the likeliest."""
        options, source = self.options, self.table.source
        words = ["fnnctl", "init", "--data", options.source]
        if source.path is not None and not source.arrays:
            names = [target.name for target in self.targets] or [self._likeliest_target()]
            words += [word for name in names for word in ("--target", name)]
        if options.delimiter is not None:
            words += ["--delimiter", options.delimiter]
        if options.encoding != DEFAULT_ENCODING:
            words += ["--encoding", options.encoding]
        for option in options.part.options.items():
            words += option
        return shlex.join(words)

    @property
    def target_name(self) -> str | None:
        """The only target; None if there are several, or if none is known."""
        return self.targets[0].name if len(self.targets) == 1 else None

    @property
    def task(self) -> TargetKind | None:
        """What kind of target is to be learned; None if none is known."""
        if len(self.targets) > 1:
            return SEVERAL
        return self.targets[0].task if self.targets else None

    @property
    def rows_without_target(self) -> int:
        """How many rows have no value in any target."""
        return rows_without_target(self.targets) if self.targets else 0

    def extent(self, column: ColumnFacts) -> Extent | None:
        """The numbers of a column; None if it has none, and of classes, which have no order."""
        is_class = any(target.classes and column.name == target.name for target in self.targets)
        return None if is_class else column.extent

    def target_notes(self, target: TargetFacts) -> tuple[str, ...]:
        """Sentences if the classes of a target may be amounts or in an order, or its values counts."""
        is_only = len(self.targets) == 1
        output = OUTPUT if is_only else (*OUTPUTS, target.name)
        quantity, counts = target.quantity, target.counts
        notes, looks_like, treated = [], counts or quantity, []
        if quantity is not None:
            classes = f"`fnnctl train` treats them as {len(target.classes)} classes"
            amounts = REGRESSION_COMMAND if is_only else setting_text(output, "squared")
            treated.append(f"{classes}, `{amounts}` as amounts")
        if counts is not None:
            treated.append(f"`{setting_text(output, 'poisson')}` estimates the logarithm of their mean")
        if looks_like is not None:
            notes.append(f"looks like {looks_like}: {', '.join(treated)}")
        if is_only and (order := target.likely_order):
            setting = f"class_order: {flow_yaml(list(order))}"
            notes.append(f"looks like classes in an order: `{setting}` in the config's data section says so")
        return tuple(notes)

    def _likeliest_target(self) -> str:
        name = self.candidates[0].name if self.candidates else ""
        return name if name.isprintable() and name else "COLUMN"


def description_document(description: Description) -> Document:
    """The targets, the columns, what to look at, and what comes next."""
    table, targets = description.table, description.targets
    about_targets = [
        f"{_quoted(target.name)} {note}" for target in targets for note in description.target_notes(target)
    ]
    reasons = (f"{_quoted(candidate.name)}: {candidate.reason}" for candidate in description.candidates)
    end: Block = Command("Write an experiment", (description.init_command,))
    if description.obstacle is not None:
        end = Notes("No experiment is possible", (description.obstacle,))
    blocks = merge_blocks(
        (
            *([drift_table(description.drift, "these rows")] if description.drift else []),
            *(
                [_labels(description)]
                if are_several_labels(targets)
                else (_target(table, one) for one in targets)
            ),
            *([_associations(description)] if description.associations else []),
            _columns(description),
            Notes(
                "To look at",
                (*table.warnings, *about_targets, *sentences(description.check.warnings), *_notes(table)),
            ),
            Notes("What could be the target", tuple(reasons)),
            end,
        )
    )
    return Document(table.source.file, description.headline, tuple(map(block_section, blocks)))


def description_json(description: Description) -> dict[str, Any]:
    """The object of `describe --json`."""
    table, only_target = description.table, description.target_name
    classes = [_classes_json(target) for target in description.targets]
    return {
        "source": table.source.file,
        "rows": table.rows,
        "repeated_rows": table.repeated_rows,
        "target": only_target,
        "task": description.task,
        "classes": classes[0] if only_target is not None else [],
        "targets": [
            {"name": target.name, "task": target.task, "rows": target.rows, "classes": of_target}
            for target, of_target in zip(description.targets, classes, strict=True)
        ],
        "rows_without_target": description.rows_without_target,
        "associations": [
            {
                "targets": [pair.first, pair.second],
                "measure": pair.measure,
                "value": pair.value,
                "rows": pair.rows,
            }
            for pair in description.associations
        ],
        "candidates": [
            {"name": candidate.name, "reason": candidate.reason} for candidate in description.candidates
        ],
        "warnings": [*table.warnings, *sentences(description.check.warnings)],
        "columns": [_column_json(description, column) for column in table.columns],
        "drift": None if description.drift is None else description.drift.to_dict(),
    }


def _classes_json(target: TargetFacts) -> list[dict[str, Any]]:
    return [{"class": name, "rows": rows} for name, rows in target.classes]


def _column_json(description: Description, column: ColumnFacts) -> dict[str, Any]:
    table, extent = description.table, description.extent(column)
    as_targets = (target for target in description.targets if target.name == column.name)
    return {
        "name": column.name,
        "kind": column.type.kind,
        "missing": column.missing,
        "unique": column.unique,
        "notes": [
            *(note for target in as_targets for note in description.target_notes(target)),
            *(note.text for note in table.notes.get(column.name, ())),
        ],
        "leave_out": column.name in table.left_out,
        "range": [extent.low, extent.high] if extent else list(column.span) if column.span else None,
        "median": extent.median if extent else None,
        "frequent": [{"value": text, "rows": rows} for text, rows in column.frequent],
    }


def _target(table: TableFacts, target: TargetFacts) -> Block:
    unlabelled = table.rows - target.rows
    if target.classes:
        classes = target.classes[:MAX_LISTED]
        names = fit_names((name for name, _ in classes), LONGEST_NAME)
        rows = [
            (name, f"{count:,}", _percent(count, target.rows))
            for name, (_, count) in zip(names, classes, strict=True)
        ]
        if more := target.classes[MAX_LISTED:]:
            rest = sum(count for _, count in more)
            rows.append((f"{len(more):,} more", f"{rest:,}", _percent(rest, target.rows)))
        if unlabelled:
            rows.append(("without a value", f"{unlabelled:,}", NOTHING))
        title = f"Target {_quoted(target.name)}: {len(target.classes):,} classes"
        return Table(title, ("class", "rows", "share"), tuple(rows), unbroken=(0,))
    extent = table[target.name].extent
    numbers = () if extent is None else (f"least, median and largest number: {_range(extent)}",)
    missing = (f"{counted(unlabelled, 'row')} without a value",) if unlabelled else ()
    return Notes(f"Target {_quoted(target.name)}: a regression", (*numbers, *missing))


def _labels(description: Description) -> Table:
    """The share of each label, in place of a table of two classes for each."""
    labels = description.targets[:MAX_LISTED]
    rows = []
    for name, target in zip(fit_names((label.name for label in labels), LONGEST_NAME), labels, strict=True):
        missing, labelled = description.table.rows - target.rows, target.labelled_rows
        rows.append((name, f"{labelled:,}", _percent(labelled, target.rows), f"{missing:,}"))
    if more := len(description.targets) - len(rows):
        rows.append((f"{more:,} more: see --json", "", "", ""))
    header = ("label", "rows", "share", "without a value")
    return Table(f"{len(description.targets):,} labels", header, tuple(rows), unbroken=(0,))


def _associations(description: Description) -> Table:
    """How the targets hang together, and how many rows have none of them."""
    pairs = description.associations[:MAX_PAIRS]
    rows = [
        (
            f"{_quoted(pair.first)} and {_quoted(pair.second)}",
            MEASURES[pair.measure],
            NOTHING if pair.value is None else f"{pair.value:.2f}",
            f"{pair.rows:,}",
        )
        for pair in pairs
    ]
    if more := len(description.associations) - len(rows):
        rows.append((f"{more:,} weaker: see --json", "", "", ""))
    without = description.rows_without_target
    notes = (f"{counted(without, 'row')} without a value in any target: left out",) if without else ()
    header = ("targets", "measure", "value", "rows with both")
    return Table("How the targets hang together", header, tuple(rows), texts=(0, 1), notes=notes)


def _columns(description: Description) -> Table:
    columns = description.table.columns[:MAX_LISTED]
    names = fit_names((column.name for column in columns), LONGEST_NAME)
    rows = [(name, *_cells(description, column)) for name, column in zip(names, columns, strict=True)]
    if more := len(description.table.columns) - len(rows):
        rows.append((f"{more:,} more: see --json", "", "", "", ""))
    header = ("column", "kind", "missing", "unique", "values")
    return Table("Columns", header, tuple(rows), texts=(0, 1, 4), unbroken=(0,))


def _cells(description: Description, column: ColumnFacts) -> tuple[str, ...]:
    missing = f"{column.missing:,} ({_percent(column.missing, column.rows)})" if column.missing else "0"
    values = ", ".join(_frequent(column))
    if (extent := description.extent(column)) is not None:
        values = _range(extent)
    elif column.span is not None:
        values = " … ".join(column.span)
    kind = "target" if column.name in description.table.source.target_names else column.type.kind
    return kind, missing, f"{column.unique:,}", values


def _frequent(column: ColumnFacts) -> Iterator[str]:
    for text, rows in column.frequent:
        share = f" {_percent(rows, column.rows)}" if rows > 1 else ""
        yield truncate_end(plain_text(text), VALUE_WIDTH) + share


def _notes(table: TableFacts) -> tuple[str, ...]:
    """A sentence for each note, or for several alike; those on columns to leave out come first."""
    alike: dict[tuple[bool, str, str], list[tuple[str, str]]] = {}
    for name, notes in table.notes.items():
        for note in notes:
            advice = "; not used" if note.kind == "ignored" else "; leave it out" if note.leave_out else ""
            key = not note.leave_out, advice, note.in_common or note.text
            alike.setdefault(key, []).append((_quoted(name), note.text))
    sentences: list[str] = []
    for (_, advice, start), pairs in sorted(alike.items(), key=lambda pair: pair[0][0]):
        if len(pairs) > MAX_ALIKE:
            sentences.append(f"{word_list([name for name, _ in pairs], MAX_ALIKE)}: {start}{advice}")
        else:
            sentences += [f"{name}: {text}{advice}" for name, text in pairs]
    more = len(sentences) - MAX_LISTED
    return tuple(sentences[:MAX_LISTED] + ([f"and {more:,} more: see --json"] if more > 0 else []))


def _range(extent: Extent) -> str:
    ends = (extent.low,) if extent.low == extent.high else (extent.low, extent.median, extent.high)
    return " … ".join(map(extent.text, ends))


def _percent(part: int, whole: int) -> str:
    """`12 %`, or `< 1 %`."""
    share = 100 * part / max(1, whole)
    return f"{share:.1f} %" if share < 10 else f"{share:.0f} %"


def _quoted(name: str) -> str:
    return quoted(name) if name else "the column without a name"
