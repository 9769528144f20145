"""The `data` section: where the rows come from, how they are prepared and divided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.schema.section import Section

BUILTIN_NAMES = ("iris", "wine", "breast_cancer", "digits", "penguins", "diabetes")
SHA256_PATTERN = "^[0-9a-f]{64}$"
DELIMITER_PATTERN = r'^[^"\r\n]$'
ARRAY_REASON = "nothing reads this: arrays hold numbers only, with a column each"
DEFAULT_MISSING_VALUES = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?")

TaskKind = Literal["auto", "classification", "regression"]
Names = Annotated[tuple[str, ...], Field(strict=False)]
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]


class ColumnsConfig(Section):
    """How single columns are to be read, where the guess would be wrong."""

    numeric: Names = ()
    """Columns to read as numbers; a value that is no number is then an error."""
    categorical: Names = ()
    """Columns to read as categories, though they may look like numbers."""
    ignore: Names = ()
    """Columns to leave out, such as a row's id."""


class SplitConfig(Section):
    """The shares of the rows set apart; the training part gets the rest."""

    validation: Share = 0.15
    """Share of the rows that early stopping and model selection look at; 0 for none."""
    test: Share = 0.2
    """Share of the rows that is used once, at the very end; 0 for none."""
    stratify: bool = True
    """Whether every part gets the classes in the same proportions; in a regression, the `bins`, if there are
    any."""
    bins: Annotated[int, Field(ge=2, le=1000)] | None = None
    """In a regression: the number of equally large groups, by the target's value, that parts and folds get in
    the same proportions; null for none."""
    group: Annotated[str, Field(min_length=1)] | None = None
    """A column that says which rows belong together, such as a patient's: all rows of a group come into one
    part. It is no feature."""


class DataConfig(Section):
    """The rows, the label, and how both are prepared."""

    source: Annotated[str, Field(min_length=1)]
    """A built-in data set's name (iris, wine, breast_cancer, digits, penguins, diabetes), or the path of
    a CSV file (also .csv.gz), of an NPZ file with X and y, or of a folder with X.npy and y.npy, relative to
    the config file."""
    sha256: Sha256 | None = None
    """The file's SHA-256 (of a folder, that of what sha256sum prints of its files); where it is given, a file
    with another one is refused."""
    target: str | None = None
    """The column that is predicted. The built-in data sets know theirs; for a CSV file it must be given."""
    task: TaskKind = "auto"
    """What kind of target it is. `auto` is a regression if the values are continuous numbers: numbers with
    fractions, or whole numbers most of which occur once."""
    weights: str | None = None
    """A column of numbers that says how much each training row counts in the loss; it is no feature. Only
    ratios matter: the mean weight is 1."""
    test_source: Annotated[str, Field(min_length=1)] | None = None
    """A second file that is the test part; `split.test` is then not used."""
    test_sha256: Sha256 | None = None
    """The test file's SHA-256; where it is given, a file with another one is refused."""
    delimiter: Annotated[str, Field(pattern=DELIMITER_PATTERN)] | None = None
    """The character between the values of a CSV file; found out where it is left out."""
    encoding: Annotated[str, Field(min_length=1)] = "utf-8"
    """The encoding of a CSV file."""
    missing_values: Names = DEFAULT_MISSING_VALUES
    """The texts that mark a missing value in a CSV file."""
    columns: ColumnsConfig = ColumnsConfig()
    """Which columns are numbers, which are categories, and which are left out."""
    imputation: Literal["median", "mean"] = "median"
    """What a missing number is replaced with; an indicator column says that it was missing."""
    scaling: Literal["standardize", "robust", "minmax", "none"] = "standardize"
    """How numbers are scaled, from the training part alone: mean and deviation, median and
    interquartile range, minimum and maximum, or not at all."""
    split: SplitConfig = SplitConfig()
    """How the rows are divided into training, validation and test part."""
