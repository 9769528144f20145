"""The `data` section: the source of the rows, their preprocessing and their split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

from fnnctl.config.problems import no_effect, predicate, sentence
from fnnctl.config.schema import recipe_values
from fnnctl.config.schema.losses import LOG_MEANS, is_log_mean
from fnnctl.config.schema.plugin_choice import PluginName
from fnnctl.config.schema.section import MAX_SEED, ClassName, Section
from fnnctl.config.schema.setting import Place, RecipeValue, Rule, Setting
from fnnctl.config.schema.source_rules import (
    a_table_and_a_query,
    has_one_table,
    has_own_notation,
    has_test_file,
    has_types,
    is_array,
    no_test_file,
)
from fnnctl.config.schema.target import LabelsTarget, Target, repeated_target
from fnnctl.config.table_files import TablePart
from fnnctl.config.table_kinds import kind_by_name
from fnnctl.errors import Problem
from fnnctl.metrics.metric import SEVERAL
from fnnctl.text import joined_words, quoted

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

SHA256_PATTERN = "^[0-9a-f]{64}$"
DELIMITER_PATTERN = r'^[^"\r\n]$'
MEMORY_REASON: Final = "it is for CSV files, and the data are in memory"
DEFAULT_MISSING_VALUES = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?")

MAX_CATEGORIES = 200
"""The default of `data.max_categories`."""
MANY_CATEGORIES: Final = 10
"""With `data.category_encoding: target`, columns of more categories have statistics; judgement."""

TaskKind = Literal["auto", "classification", "regression", "several"]
TargetTransformName = Literal["none", "log", "quantile", "auto"]
Names = Annotated[tuple[str, ...], Field(strict=False)]
ClassOrder = Annotated[tuple[ClassName, ...], Field(strict=False)]
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]


AUTO_PATTERN: Final = "auto"
"""The pattern of a column of dates whose notation is detected."""
Dates = Annotated[
    Annotated[Names, Tag("list")] | Annotated[dict[str, str], Tag("mapping")],
    Discriminator(lambda value: "mapping" if isinstance(value, dict) else "list"),
]

CSV_SETTINGS: Final = ("delimiter", "encoding", "decimal_mark")
"""The settings that only a CSV file has."""
FILE_SETTINGS: Final = ("delimiter", "encoding")
"""Those of them that a table of texts in memory does not have."""
TABLE_SETTINGS: Final = (*CSV_SETTINGS, "missing_values")
"""The settings about the notation of a CSV file."""
PARTS: Final = ("data.split.validation", "data.split.test", "data.test_source", "model.ensemble.bags")
"""The settings that say which parts are split off."""
VALIDATION_ROWS: Final = ("data.split.validation", "model.ensemble.bags")
"""The settings that say whether there are validation rows."""

_SAME_ROWS: Final = "all trials are evaluated on the same rows"
_SAME_TARGET: Final = "all trials predict the same"
_READ_ONCE: Final = "the data are read once, for all trials"


def _one_of_several(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If it is `several`, with a single target."""
    if place.value == SEVERAL and len(experiment.data.targets) == 1:
        yield sentence(
            "there is one target", "data.target", advice="write auto, or several columns as data.target"
        )


def _validated_in_bags(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With `model.ensemble.bags`, unless the trials of a search are measured otherwise: every row outside the
    test part is a validation row of one member.
    """
    search = experiment.search
    if experiment.model.ensemble.bags and (search is None or search.may_train_ensembles):
        reason = "with bags, every row outside the test part is a validation row of one member"
        yield no_effect(reason, "model.ensemble.bags", "search.objective.on", "search.space")


def in_order(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With `data.split.by`: nothing but the order of a column divides the rows."""
    if experiment.data.split.by is not None:
        reason = "the rows are divided in the order of data.split.by, whatever their target"
        yield no_effect(reason, "data.split.by")


def _undivided(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """If no part is split off."""
    if experiment.is_undivided:
        yield no_effect("no part is split off", *PARTS)


def _not_stratified(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """If neither parts nor folds are stratified."""
    if experiment.evaluation.cross_validation.stratify:
        return
    if experiment.is_undivided or not experiment.data.split.stratify:
        causes = ("evaluation.cross_validation.stratify", "data.split.stratify", *PARTS)
        yield no_effect("neither parts nor folds are stratified", *causes)


def _no_rates(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """Unless `model.output` is one of counts and amounts, whose mean is a rate times the exposure."""
    output = experiment.model.output.name
    if not is_log_mean(output):
        text = "an exposure is for {outputs}, but model.output is {output}"
        advice = "write model.output: poisson for counts, or tweedie or gamma for amounts"
        outputs = f"the outputs {joined_words(LOG_MEANS)}"
        yield sentence(text, "model.output", advice=advice, outputs=outputs, output=output)


def _transformed_mean(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """With an output of counts and amounts, which is the logarithm of the mean itself; `auto` is `none`."""
    output = experiment.model.output.name
    if is_log_mean(output) and place.value != "auto":
        text = "the output {output} is the logarithm of the target's mean already"
        yield sentence(text, "model.output", advice="write none", output=output)


def _nothing_left_to_train_on(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """If validation and test sum to 1 or more, which leaves no rows to train on."""
    together = experiment.validation_share + experiment.data.test_share
    if together >= 1.0:
        text = "validation and test sum to {together:g}, which leaves no rows to train on"
        yield sentence(text, *PARTS, together=together)


def _order_of_groups(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With `data.split.group`, whose rows are in one part each."""
    if experiment.data.split.group is not None:
        yield sentence(
            "rows cannot be in the order of a column if all rows of a group are in one part",
            "data.split.group",
            advice="write null for this setting or for data.split.group",
        )


def _two_positive_classes(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If `model.output.positive_class` is another class."""
    of_output = experiment.model.output.positive
    if of_output not in (None, place.value):
        yield sentence(
            "model.output.positive_class is {of_output}",
            "model.output.positive_class",
            advice="remove one of the two",
            of_output=quoted(of_output),
        )


def _no_order(_: Experiment, place: Place) -> Iterator[Problem]:
    """If it names fewer than two classes, or one twice."""
    if len(place.value) < 2:
        yield predicate(
            "must name all classes, two or more", advice="write null for classes without an order"
        )
    twice = next((name for name in place.value if place.value.count(name) > 1), None)
    if twice is not None:
        yield predicate("names the class {twice} twice", advice="write each class once", twice=quoted(twice))


_OF_CSV_FILES: Final = (has_types, has_own_notation, is_array)


class ColumnsConfig(Section):
    """How to read columns whose kind is guessed wrong."""

    numeric: Names = ()
    """Columns to read as numbers, also with currency, percent signs or separated thousands; any other value
    in them is an error."""
    categorical: Annotated[Names, Setting(is_common=True)] = ()
    """Columns to read as categories even if they look like numbers or dates, or if nearly all values
    differ."""
    dates: Dates = ()
    """Columns to read as dates, or a mapping from their names to patterns such as %d/%m/%Y, with %Y %y %m %b
    %B %d %H %I %M %S %p, or `auto`; any other value in them is an error."""
    ignore: Annotated[Names, Setting(is_common=True, synonyms=("drop_columns", "exclude"))] = ()
    """Columns to leave out, such as row ids."""


class SplitConfig(Section):
    """The shares of the validation and test parts; the training part gets the rest."""

    validation: Annotated[
        Share,
        Setting(
            is_common=True,
            no_effect=(_validated_in_bags,),
            synonyms=("val_size", "val_split", "validation_fraction", "validation_size", "validation_split"),
        ),
    ] = 0.15
    """The share of the rows for early stopping and model selection; 0 for none."""
    test: Annotated[
        Share,
        Setting(
            is_common=True, no_effect=(has_test_file,), synonyms=("test_fraction", "test_size", "test_split")
        ),
    ] = 0.2
    """The share of the rows that are used once, at the end; 0 for none."""
    stratify: Annotated[bool, Setting(is_common=True, no_effect=(_undivided, in_order))] = True
    """Whether all parts have the same class proportions (in a regression, the same shares of the `bins`). Not
    with `by`."""
    bins: Annotated[
        Annotated[int, Field(ge=2, le=1000)] | None,
        Setting(
            no_effect=(_not_stratified, in_order),
            needs_numbers="a classification is stratified by its classes",
        ),
    ] = None
    """In a regression: parts and folds are stratified by this many bins of the target's values, each with
    about the same number of rows; null for no stratification."""
    group: Annotated[Annotated[str, Field(min_length=1)] | None, Setting(is_inherited=True)] = None
    """A column that identifies groups of rows, such as a patient's: all rows of a group are in the same part.
    It is not used as a feature."""
    by: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        Setting(is_common=True, contradictions=(_order_of_groups,)),
    ] = None
    """A column of numbers or dates that orders the rows: the last rows are the test part, the last of the
    others the validation part, and a cross-validation trains on earlier rows only. Rows with equal values
    stay together. The column is a feature unless `data.columns.ignore` names it."""
    seed: Annotated[Annotated[int, Field(ge=0, le=MAX_SEED)] | None, Setting(no_effect=(in_order,))] = None
    """The seed of the parts, folds, bags and draws of rows; null for the experiment's seed. With a number,
    runs of several seeds divide the rows alike, and differ in their other random numbers alone. Not with
    `by`."""


def _part(*synonyms: str, contradictions: tuple[Rule, ...] = ()) -> Setting:
    """The record of a setting that says which table of a file is meant."""
    return Setting(
        not_counted="it is where the rows are",
        not_searched=_SAME_ROWS,
        no_effect=(has_one_table,),
        contradictions=contradictions,
        since="0.13",
        synonyms=synonyms,
    )


class DataConfig(Section):
    """The rows, the target, and their preprocessing."""

    source: Annotated[
        str,
        Field(min_length=1),
        PluginName(kind_by_name),
        Setting(
            is_common=True,
            is_file=True,
            not_counted="it is where the rows are, and files may be moved",
            not_searched=_SAME_ROWS,
            synonyms=("csv", "data_file", "data_path", "file", "filename", "path"),
        ),
    ]
    """A built-in data set's name (iris, wine, breast_cancer, digits, penguins, diabetes), or the path of
    a CSV file (also .csv.gz), of a Parquet, JSON Lines, SQLite or Excel file, of an NPZ file with X and y, or
    of a folder with X.npy and y.npy, relative to the config file."""
    sha256: Annotated[
        Sha256 | None,
        Setting(
            not_counted="it identifies the rows, which are not part of the configuration",
            not_searched=_SAME_ROWS,
        ),
    ] = None
    """The file's SHA-256 (for a folder, the digest of the output of sha256sum for its files; for an SQLite or
    Excel file, the digest of the rows). If it is given, a file with a different digest is refused."""
    target: Annotated[
        Target | None,
        Setting(
            is_inherited=True,
            is_common=True,
            not_searched=_SAME_TARGET,
            contradictions=(repeated_target,),
            synonyms=("label", "target_column", "targets"),
        ),
    ] = None
    """The column to predict, or a list of several, which one network predicts together. Or `{labels: …}`:
    labels of which a row may have any number. Required for a table; a built-in data set has its own."""
    task: Annotated[
        TaskKind,
        Setting(
            is_inherited=True,
            not_counted="it follows from the target",
            not_searched=_SAME_TARGET,
            needs_targets="one",
            contradictions=(_one_of_several,),
        ),
    ] = "auto"
    """The kind of target. `auto` is a regression if `model.output` is one of numbers, or if the values are
    continuous numbers: numbers with fractions, or many whole numbers with few rows each. A complete config
    with several targets has `several`."""
    class_order: Annotated[
        ClassOrder | None,
        Setting(
            is_inherited=True,
            not_searched=_SAME_TARGET,
            needs_classes="any",
            needs_targets="one",
            contradictions=(_no_order,),
            since="0.12",
            synonyms=("label_order", "ordered_classes"),
        ),
    ] = None
    """All classes from the lowest to the highest, if they have an order, such as [low, medium, high]. Then
    `model.output: auto` is `ordinal`, and there are metrics of ranks. A number stands for a class of this
    name. Null for classes without an order."""
    weights: Annotated[
        str | None, Setting(not_searched=_READ_ONCE, synonyms=("sample_weight", "sample_weights"))
    ] = None
    """A column with the weight of each training row in the loss. It is not used as a feature. Only ratios
    matter, because weights are scaled to mean 1."""
    exposure: Annotated[
        str | None,
        Setting(
            is_inherited=True,
            not_searched=_READ_ONCE,
            since="0.12",
            needs_numbers="classes have no rates",
            needs_targets="one",
            contradictions=(_no_rates,),
            synonyms=("exposures", "offset", "offset_column"),
        ),
    ] = None
    """A column with the exposure of each row, above 0: how long, or how much, it was observed, such as the
    years of a policy. The network estimates the rate per unit of exposure, and predictions are the rate times
    the exposure. It is not used as a feature, and must have a number in every row, also of a test file."""
    positive_class: Annotated[
        ClassName | None,
        Setting(
            not_counted="it says which class decisions are about, not what is trained",
            not_searched="all trials are evaluated in the same way",
            needs_classes="two",
            needs_targets="one",
            contradictions=(_two_positive_classes,),
            synonyms=("pos_label",),
        ),
    ] = None
    """With two classes, the positive one: `model.threshold` applies to it, and figures show its curves
    (default: that of a logistic output's `positive_class`, or else the second class)."""
    test_source: Annotated[
        Annotated[str, Field(min_length=1), PluginName(kind_by_name)] | None,
        Setting(
            is_file=True,
            not_counted="it is where the test rows are",
            not_searched=_SAME_ROWS,
            synonyms=("test_data", "test_file", "test_path"),
        ),
    ] = None
    """A second file to use as the test part, in place of `split.test`."""
    test_sha256: Annotated[
        Sha256 | None,
        Setting(
            not_counted="it identifies the test rows", not_searched=_SAME_ROWS, no_effect=(no_test_file,)
        ),
    ] = None
    """The test file's SHA-256; if it is given, a file with a different digest is refused."""
    table: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        _part("table_name", contradictions=(a_table_and_a_query,)),
    ] = None
    """The table or view of an SQLite file, also of a `test_source`; null if the file has one table. The rows
    are sorted by their values, because a table has no order."""
    query: Annotated[Annotated[str, Field(min_length=1)] | None, _part("sql")] = None
    """A SELECT statement whose rows are read from an SQLite file, also from a `test_source`, in place of
    those of a `table`. Without ORDER BY they are sorted by their values."""
    sheet: Annotated[Annotated[str, Field(min_length=1)] | None, _part("sheet_name", "worksheet")] = None
    """The sheet of an Excel file, also of a `test_source`; null if one visible sheet has values."""
    delimiter: Annotated[
        Annotated[str, Field(pattern=DELIMITER_PATTERN)] | None,
        Setting(
            not_counted="the table is the same whether it is given or detected",
            not_searched=_SAME_ROWS,
            no_effect=_OF_CSV_FILES,
        ),
    ] = None
    """The CSV delimiter (default: detected)."""
    encoding: Annotated[
        str,
        Field(min_length=1),
        Setting(
            not_counted="it is how the file is read, not which rows it has",
            not_searched=_SAME_ROWS,
            no_effect=_OF_CSV_FILES,
        ),
    ] = "utf-8"
    """The encoding of the CSV file. UTF-16 and UTF-32 with a byte-order mark need no setting."""
    missing_values: Annotated[
        Names, Setting(is_inherited=True, not_searched=_READ_ONCE, no_effect=(has_own_notation, is_array))
    ] = DEFAULT_MISSING_VALUES
    """The texts that stand for missing values in the table. In a column of numbers, `"-999"` stands for every
    number that equals it, such as `-999.0`; in a column of texts, for this text alone. A null of a Parquet
    file is always missing."""
    decimal_mark: Annotated[
        Literal["auto", "point", "comma"], Setting(not_searched=_READ_ONCE, no_effect=_OF_CSV_FILES)
    ] = "auto"
    """The decimal mark of the CSV file's numbers. `auto` decides for each column by all its values. If these
    leave `1,250` ambiguous, it is 1250, unless the delimiter is a semicolon or another column has decimal
    commas. If another column has them, `1.250` is 1250, too, where all values with a point are like it."""
    columns: Annotated[ColumnsConfig, Setting(is_inherited=True, not_searched=_READ_ONCE)] = (
        ColumnsConfig.model_construct()
    )
    """How to read columns whose kind is guessed wrong, and columns to leave out."""
    imputation: Annotated[Literal["median", "mean"], Setting(is_inherited=True)] = "median"
    """What replaces a missing number; an indicator column marks where it was missing."""
    scaling: Annotated[
        Literal["standardize", "robust", "minmax", "none"],
        Setting(is_inherited=True, value_synonyms={"standardize": ("standard",)}),
    ] = "standardize"
    """How numeric columns are scaled, fitted on the training part: by mean and standard deviation, by median
    and interquartile range (or half the range where that is 0), by minimum and maximum, or not at all."""
    target_transform: Annotated[
        TargetTransformName,
        Setting(
            is_inherited=True,
            since="0.3",
            needs_numbers="classes are no numbers",
            contradictions=(_transformed_mean,),
        ),
    ] = "none"
    """In a regression: what the network is trained on in place of the target, fitted to the training rows.
    `log` is the target's logarithm (if one is 0, half of the smallest positive one is added first),
    `quantile` the normal score of its rank. `auto` is `log` if no training target is negative, their skewness
    is above 1, and that of the logarithm is nearer to 0; else `none`, also for counts and amounts, whose
    outputs are logarithms of means. Predictions and metrics are in the target's units."""
    max_categories: Annotated[
        Annotated[int, Field(ge=2, le=1_000_000)] | None, Setting(is_inherited=True, no_effect=(is_array,))
    ] = MAX_CATEGORIES
    """The most categories of a column; null for no limit. If the training part has more, the most frequent
    ones are kept (in a tie the first in the order of texts), and all others form one category, with the
    values that are not in the training part."""
    category_encoding: Annotated[
        Literal["one_hot", "target"],
        Setting(
            is_inherited=True,
            synonyms=("target_encoding",),
            since="0.9",
            no_effect=(is_array,),
            recipe=RecipeValue(default=recipe_values.category_encoding),
        ),
    ] = "one_hot"
    """What a categorical column of more than 10 categories becomes. `one_hot`: a feature per category.
    `target`: a feature per category of 100 training rows or more, and statistics of the target per category,
    which are its mean, or the evidence for each class, and the number of rows. Each network computes them
    from its own training rows. In training, those of a row are of other rows: four fifths of all."""
    split: Annotated[
        SplitConfig,
        Setting(
            not_counted="it differs between folds of one configuration, and has its own seed",
            not_searched=_SAME_ROWS,
            contradictions=(_nothing_left_to_train_on,),
        ),
    ] = SplitConfig.model_construct()
    """How the rows are divided into training, validation and test parts."""

    @property
    def part(self) -> TablePart:
        """Which table of a file is meant."""
        return TablePart(table=self.table, query=self.query, sheet=self.sheet)

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the targets; empty if the source has a target of its own, or if they are words."""
        has_words = isinstance(self.target, LabelsTarget) and self.target.has_words
        return () if has_words else self.target_columns

    @property
    def target_columns(self) -> tuple[str, ...]:
        """The columns that the targets are read from; empty if the source has a target of its own."""
        if isinstance(self.target, LabelsTarget):
            return self.target.columns
        if self.target is None:
            return ()
        return self.target if isinstance(self.target, tuple) else (self.target,)

    @property
    def is_ordered(self) -> bool:
        """Whether the classes have an order."""
        return self.class_order is not None

    @property
    def test_share(self) -> float:
        """The share of the rows that is split off as the test part."""
        return self.split.test if self.test_source is None else 0.0
