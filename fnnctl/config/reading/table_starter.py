"""The experiment that `fnnctl init --data` writes: it runs as it is, and says what was found in the table."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fnnctl.config.reading.starter import STARTER_NAME
from fnnctl.config.reading.variables import as_literal
from fnnctl.config.reading.yaml_reader import MAX_BYTES
from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES
from fnnctl.config.yaml_text import flow_yaml, is_allowed_value
from fnnctl.errors import UsageError
from fnnctl.text import counted, cut, printable, quoted, truncate_end, word_list

MAX_NAMED: Final = 3
"""How many of the columns that are left out are named on the terminal."""
MAX_COLUMNS: Final = 50
"""How many columns the comments list, and of how many they say why they are left out."""
WIDEST_NAME: Final = 30
LEAK: Final = "alone predicts the target: is it known only after the outcome?"
NO_NAME: Final = "(no name)"


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column as the comments show it."""

    name: str
    kind: str
    missing: int
    unique: int


@dataclass(frozen=True, slots=True)
class RareClass:
    """A class that few rows have."""

    name: str
    rows: int
    of: int
    """How many rows have a class."""
    is_binary: bool
    """Whether there is one other class, so that a threshold can decide."""
    is_positive: bool
    """Of two: whether thresholds are about it without `data.positive_class`."""

    def __str__(self) -> str:
        return f"the class {quoted(self.name)} has {self.rows:,} of {self.of:,} rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTarget:
    """A column to predict."""

    name: str
    about: str
    """Its classes, or its range."""
    task: str | None
    """None if the source has a task of its own."""
    may_be_amounts: bool = False
    """Whether the classes are numbers, and more than two."""
    counts: str | None = None
    """What the target looks like if its values may be counts."""
    class_order: tuple[str, ...] = ()
    """The classes from the lowest to the highest, if they look like a scale."""
    rare: RareClass | None = None
    """The rarest class, if it is rare."""
    scarce: str | None = None
    """What is to be expected of classes with very few rows."""

    @property
    def output(self) -> str | None:
        """The output that its values may need, if it is one of several targets.

        None if none is likely, or if a config cannot have its name as a key.
        """
        if not self.name.isprintable():
            return None
        return "poisson" if self.counts is not None else "squared" if self.may_be_amounts else None

    @property
    def output_reason(self) -> str:
        """What its values look like that may need this output, as a predicate."""
        return "has numbers as classes" if self.counts is None else f"looks like {self.counts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStarter:
    """What the experiment says about a table."""

    source: str
    """As the config names it."""
    rows: int
    columns: tuple[FoundColumn, ...]
    targets: tuple[FoundTarget, ...]
    """One or several."""
    are_labels: bool = False
    """Whether they are several columns of 0 and 1 alone."""
    delimiter: str | None = None
    encoding: str | None = None
    part: Mapping[str, str] = field(default_factory=dict)
    """The settings that say which table of the source is meant."""
    ignored: Mapping[str, str] = field(default_factory=dict)
    """The columns to leave out, each with the reason."""
    categorical: Mapping[str, str] = field(default_factory=dict)
    """Columns of numbers or dates that are read as categories, each with the reason."""
    codes: tuple[str, ...] = ()
    """Columns of whole numbers that may be categories."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Texts that are read as missing values, each with the reason."""
    suspected: Mapping[str, str] = field(default_factory=dict)
    """Texts that may stand for missing values, each with what was seen."""
    date: str | None = None
    """A column of dates, by which rows could be divided."""
    group: str | None = None
    """A column of ids that several rows have."""
    split: Mapping[str, Any] = field(default_factory=dict)
    """The settings without which the rows cannot be divided."""
    split_reason: str | None = None
    leaks: tuple[str, ...] = ()
    """Columns that alone predict the target nearly perfectly."""
    warnings: tuple[str, ...] = ()
    """What may be wrong with the table, for the user."""

    @property
    def writable(self) -> dict[str, str]:
        """Those of the ignored columns whose names a config can contain."""
        return {name: why for name, why in self.ignored.items() if name and is_allowed_value(name)}

    @property
    def only_target(self) -> FoundTarget | None:
        """The target; None if there are several, to which settings of one target do not apply."""
        return self.targets[0] if len(self.targets) == 1 else None

    @property
    def scarce_classes(self) -> Iterator[str]:
        """What is to be expected of classes with very few rows, one sentence per target that has any."""
        for target in self.targets:
            if target.scarce is not None:
                yield target.scarce if self.only_target else f"{quoted(target.name)}: {target.scarce}"

    def decisions(self) -> Iterator[str]:
        """What was decided about the table, for the user, one sentence each."""
        target = self.only_target
        yield from self._about_several() if target is None else _about_target(target)
        if self.ignored:
            some = [
                f"{quoted(name) if name else 'the first'} ({why})"
                for name, why in list(self.ignored.items())[:MAX_NAMED]
            ]
            more = len(self.ignored) - len(some)
            rest = f"; and {more:,} more" if more else ""
            yield f"left out {counted(len(self.ignored), 'column')}: {'; '.join(some)}{rest}"
        yield from self.categorical.values()
        yield from self.missing.values()
        yield from (f"warning: {warning}" for warning in self.warnings)
        if target is not None and target.rare is not None:
            setting = "model.threshold" if target.rare.is_binary else "training.class_weights"
            yield f"{target.rare}: if too few of them are found, activate {setting}"
        yield from (f"warning: {sentence}" for sentence in self.scarce_classes)
        if self.date is not None and is_allowed_value(self.date):
            yield f"{quoted(self.date)} has dates: if new rows will be later, activate data.split.by"
        if self.group is not None:
            repeats = f"{quoted(self.group)} has ids that repeat"
            yield f"{repeats}: if new rows will have other ids, activate data.split.group"
        if self.split_reason is not None:
            yield f"data.split is {flow_yaml(dict(self.split))}: {self.split_reason}"

    def _about_several(self) -> Iterator[str]:
        if self.are_labels:
            some = [f"{quoted(label.name)} ({label.about})" for label in self.targets]
            labels = "the targets have 0 and 1 alone, so they are labels, of which a row may have any number"
            yield f"{labels}: {word_list(some, MAX_NAMED)}"
            return
        for target in self.targets:
            yield f"target {quoted(target.name)}: {target.about}"
            if target.output is not None:
                means = "the logarithm of their mean" if target.counts is not None else "amounts"
                activate = f"to estimate {means}, activate {target.output} in model.outputs"
                yield f"{quoted(target.name)} {target.output_reason}: {activate}"


def _about_target(target: FoundTarget) -> Iterator[str]:
    change = "write data.task: regression" if target.task is None else "change data.task to regression"
    amounts = f"; if these numbers are amounts, {change}" if target.may_be_amounts else ""
    yield f"target {quoted(target.name)}: {target.about}{amounts}"
    if target.counts is not None:
        first = "" if target.task == "regression" else f"{change}, and "
        yield f"{quoted(target.name)} looks like {target.counts}: {first}activate model.output: poisson"


def table_starter_text(starter: TableStarter, file: str) -> str:
    """The text of the experiment, which is to be the content of `file`.

    Raises UsageError if the columns to leave out are too many for a config.
    """
    parts = (_data, _model, _search, _found)
    text = "\n".join([*_introduction(starter, file), *(line for part in parts for line in part(starter))])
    if len(text.encode()) > MAX_BYTES:
        columns = counted(len(starter.writable), "column")
        raise UsageError(f"a config cannot name the {columns} to leave out: remove them from the table")
    return text


def _introduction(starter: TableStarter, file: str) -> Iterator[str]:
    argument = "" if file == STARTER_NAME else f" {shlex.quote(cut(file))}"
    commands = {
        f"check{argument}": "looks for mistakes in this file and in the table, without training",
        f"train{argument}": "trains and tests the network, and writes a run folder in runs/",
        f"search{argument} --time-limit 300": "also looks for better settings, for five minutes",
        "report": "shows the results",
        "predict NEW-ROWS.csv": "predicts the target of new rows",
    }
    width = max(map(len, commands))
    yield "# An experiment with a table of your own. It runs as it is:"
    yield "#"
    yield from (f"#   fnnctl {command:{width}}   {what}" for command, what in commands.items())
    yield "#"
    yield "# What is not set here has the recipe's value, which suits the table (`fnnctl check --explain`)."
    yield "# `fnnctl schema` lists all settings."
    yield ""
    yield "seed: 7              # the same seed and settings give the same numbers, bit for bit"
    yield "recipe: default      # or fast, a quick network; or classic, one hidden layer of 100 units"
    yield ""


def _data(starter: TableStarter) -> Iterator[str]:
    size = f"{starter.rows:,} rows, {len(starter.columns):,} columns; they are listed below"
    yield "data:"
    yield f"  source: {_value(starter.source)}  # {size}"
    yield from (f"  {name}: {_value(value)}" for name, value in starter.part.items())
    target = starter.only_target
    yield from _several_targets(starter) if target is None else _target(target)
    for name, value in (("delimiter", starter.delimiter), ("encoding", starter.encoding)):
        if value is not None:
            yield f"  {name}: {_value(value)}"
    yield from _missing(starter)
    yield from _columns(starter)
    yield from _split(starter)
    yield ""


def _target(target: FoundTarget) -> Iterator[str]:
    yield f"  target: {_value(target.name)}  # {cut(target.about)}"
    if target.rare and target.rare.is_binary and not target.rare.is_positive:
        yield f"  # positive_class: {_value(target.rare.name)}  # the class that model.threshold is about"
    if target.task is not None:
        other = "  # or regression, if these numbers are amounts" if target.may_be_amounts else ""
        yield f"  task: {target.task}{other}"
    if target.class_order:
        yield "  # If the classes have this order, this line gives the network and its metrics their ranks:"
        yield f"  # class_order: {_written(list(target.class_order))}"


def _several_targets(starter: TableStarter) -> Iterator[str]:
    margin = "    "
    if starter.are_labels:
        yield "  target:"
        yield "    labels:  # columns of 0 and 1; a row may have any number of them"
        margin = "      "
    else:
        yield "  target:  # one network predicts all of these; a row may lack some"
    yield from (f"{margin}- {_value(target.name)}  # {cut(target.about)}" for target in starter.targets)


def _missing(starter: TableStarter) -> Iterator[str]:
    missing = [*DEFAULT_MISSING_VALUES, *starter.missing]
    if starter.missing:
        yield from (f"  # {_comment(why)}" for why in starter.missing.values())
        yield f"  missing_values: {_written(missing)}"
    for text, why in starter.suspected.items():
        texts = _written([*missing, text])
        yield f"  # {_comment(why)} If so:"
        yield f"  # missing_values: {texts}"


def _columns(starter: TableStarter) -> Iterator[str]:
    ignored = starter.writable
    if not (ignored or starter.categorical or starter.codes or starter.leaks):
        return
    yield "  columns:" if ignored or starter.categorical else "  # columns:"
    if ignored:
        yield "    ignore:  # columns that cannot help to predict new rows; remove a line to keep its column"
        if any(column.kind == "text" and column.name in ignored for column in starter.columns):
            yield "      # (`categorical: [NAME]` beside `ignore` keeps texts that are nearly all different)"
        for number, (name, why) in enumerate(ignored.items()):
            yield f"      - {_value(name)}" + (f"  # {_comment(why)}" if number < MAX_COLUMNS else "")
        yield from (f"      # - {_value(name)}  # {LEAK}" for name in starter.leaks)
    elif starter.leaks:
        yield f"    # ignore: {_written(list(starter.leaks))}  # {LEAK}"
    if starter.categorical:
        yield from (f"    # {_comment(why)}" for why in starter.categorical.values())
        yield f"    categorical: {_written(list(starter.categorical))}"
    if starter.codes:
        codes = _written([*starter.categorical, *starter.codes])
        yield f"    # categorical: {codes}  # if these numbers are codes, not amounts"


def _split(starter: TableStarter) -> Iterator[str]:
    split: dict[str, Any] = {"test": 0.2, **starter.split}
    comments = {
        "test": "fraction of the rows for the final score; used once, at the end",
        "validation": "fraction for early stopping",
    }
    if starter.split_reason is not None:
        yield f"  # {_comment(starter.split_reason)}"
    yield "  split:"
    for name, value in split.items():
        is_usual = name not in starter.split
        yield f"    {name}: {_value(value)}" + (f"  # {comments[name]}" if is_usual else "")
    if starter.group is not None:
        yield "    # If new rows will have other ids, test on other ids, too (the column is then no feature):"
        yield f"    # group: {_value(starter.group)}"
    if starter.date is not None:
        instead = "" if "stratify" not in split else " (without stratify)"
        yield f"    # If new rows come later than these, test the last ones{instead}. A random split is too"
        yield "    # optimistic: the network is then trained on rows that are later than the tested ones."
        yield f"    # by: {_value(starter.date)}"


def _model(starter: TableStarter) -> Iterator[str]:
    target = starter.only_target
    if target is None:
        yield from _outputs(starter)
    elif target.counts is not None:
        task = "" if target.task == "regression" else ", with task: regression above"
        yield f"# {_comment(quoted(target.name))} looks like {target.counts}."
        yield "# With these lines the network estimates the logarithm of the mean and is trained on Poisson's"
        yield f"# deviance; for rates, also name the column of the exposures as data.exposure{task}:"
        yield "# model:"
        yield "#   output: poisson"
        yield ""
    for sentence in starter.scarce_classes:
        yield f"# {_comment(sentence)}."
        yield ""
    if target is not None and target.rare is not None:
        yield from _rare(target.rare)


def _outputs(starter: TableStarter) -> Iterator[str]:
    """Outputs of their own for some of several targets."""
    outputs = {target.name: target.output for target in starter.targets if target.output is not None}
    if not outputs:
        return
    for target in starter.targets:
        if target.output is not None:
            yield f"# {_comment(quoted(target.name))} {target.output_reason}."
    yield "# The output squared estimates amounts, and poisson the logarithm of the mean of counts. Activate"
    yield "# those of these lines that suit a target:"
    yield "# model:"
    yield "#   outputs:"
    yield from (f"#     {_value(name)}: {output}" for name, output in outputs.items())
    yield ""


def _rare(rare: RareClass) -> Iterator[str]:
    yield f"# {_comment(str(rare))}."
    if rare.is_binary:
        also = "" if rare.is_positive else ", and data.positive_class above"
        yield "# The probabilities are right all the same, but few of its rows reach 0.5. With `f1` it is"
        yield "# predicted from the probability of the best F1 on: more of its rows are found, and more"
        yield f"# others are taken for them. Activate these lines{also}:"
        yield "# model:"
        yield "#   threshold: f1  # or youden, a number, or {cost: {false_positive: 1, false_negative: 10}}"
    else:
        yield "# With these lines more of its rows are found, and more others taken for them:"
        yield "# training:"
        yield "#   class_weights: balanced"
    yield ""


def _search(starter: TableStarter) -> Iterator[str]:
    """A space of one's own; nothing without validation rows: there are then too few for bags, too."""
    if starter.split.get("validation") == 0:
        return
    target = starter.only_target
    metric = "loss" if target is None else "mae" if target.task == "regression" else "log_loss"
    yield "# `fnnctl search` needs no section here: it varies what this file does not set, in a way that"
    yield "# suits the table. To vary only settings of your choice:"
    yield "# search:"
    yield "#   method: bayes"
    yield "#   trials: 50"
    yield f"#   objective: {{on: bags, metric: {metric}}}  # trials are trained as by `train`, on bags"
    yield "#   ensemble: {size: 25}  # of the best trials"
    yield "#   space:"
    yield "#     model.dropout: {uniform: [0, 0.5]}"
    yield "#     training.l2: {log_uniform: [1e-6, 1e-2]}"
    yield ""


def _found(starter: TableStarter) -> Iterator[str]:
    columns = starter.columns[:MAX_COLUMNS]
    header = ("column", "kind", "missing", "different values")
    rows = [header] + [
        (
            truncate_end(cut(column.name), WIDEST_NAME) or NO_NAME,
            column.kind,
            f"{column.missing:,}",
            f"{column.unique:,}",
        )
        for column in columns
    ]
    widths = [max(len(row[index]) for row in rows) for index in range(len(header))]
    yield "# What was found:"
    yield "#"
    for name, kind, missing, unique in rows:
        yield f"#   {name:{widths[0]}}  {kind:{widths[1]}}  {missing:>{widths[2]}}  {unique:>{widths[3]}}"
    if more := len(starter.columns) - len(columns):
        yield f"#   and {more:,} more: `fnnctl describe` lists them"
    yield ""


def _written(value: Any) -> str:
    """A value on one line; `${` in a name is no variable."""
    return flow_yaml(as_literal(value))


def _value(value: Any) -> str:
    """A value that may stand in a block and in a list, on one line."""
    return _written([value])[1:-1]


def _comment(text: str) -> str:
    """A text on one line, which cannot end the comment."""
    return printable(text)
