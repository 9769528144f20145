"""The `data` section: the source of the rows, their preprocessing and their split."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.schema.section import Section

BUILTIN_NAMES = ("iris", "wine", "breast_cancer", "digits", "penguins", "diabetes")
SHA256_PATTERN = "^[0-9a-f]{64}$"
DELIMITER_PATTERN = r'^[^"\r\n]$'
ARRAY_REASON = "has no effect: arrays hold numbers only, with a column each"
DEFAULT_MISSING_VALUES = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?")

TaskKind = Literal["auto", "classification", "regression"]
Names = Annotated[tuple[str, ...], Field(strict=False)]
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]


class ColumnsConfig(Section):
    """How to read columns whose kind is guessed wrong."""

    numeric: Names = ()
    """Columns to read as numbers; any other value in them is an error."""
    categorical: Names = ()
    """Columns to read as categories even if they look like numbers."""
    ignore: Names = ()
    """Columns to leave out, such as row ids."""


class SplitConfig(Section):
    """The shares of the validation and test parts; the training part gets the rest."""

    validation: Share = 0.15
    """The share of the rows for early stopping and model selection; 0 for none."""
    test: Share = 0.2
    """The share of the rows that are used once, at the end; 0 for none."""
    stratify: bool = True
    """Whether all parts have the same class proportions (in a regression, the same shares of the `bins`)."""
    bins: Annotated[int, Field(ge=2, le=1000)] | None = None
    """In a regression: parts and folds are stratified by this many bins of the target's values, each with
    about the same number of rows; null for no stratification."""
    group: Annotated[str, Field(min_length=1)] | None = None
    """A column that identifies groups of rows, such as a patient's: all rows of a group are in the same part.
    It is not used as a feature."""


class DataConfig(Section):
    """The rows, the target, and their preprocessing."""

    source: Annotated[str, Field(min_length=1)]
    """A built-in data set's name (iris, wine, breast_cancer, digits, penguins, diabetes), or the path of
    a CSV file (also .csv.gz), of an NPZ file with X and y, or of a folder with X.npy and y.npy, relative to
    the config file."""
    sha256: Sha256 | None = None
    """The file's SHA-256 (for a folder, the digest of the output of sha256sum for its files). If it is given,
    a file with a different digest is refused."""
    target: str | None = None
    """The column to predict. Required for a CSV file; a built-in data set has its own."""
    task: TaskKind = "auto"
    """The kind of target. `auto` is a regression if the values are continuous numbers: numbers with
    fractions, or many whole numbers with few rows each."""
    weights: str | None = None
    """A column with the weight of each training row in the loss. It is not used as a feature. Only ratios
    matter, because weights are scaled to mean 1."""
    positive_class: str | None = None
    """Of two classes: the one that `model.threshold` is about and whose curves figures show (default: that of
    a logistic output's `positive_class`, or else the second class)."""
    test_source: Annotated[str, Field(min_length=1)] | None = None
    """A second file to use as the test part, in place of `split.test`."""
    test_sha256: Sha256 | None = None
    """The test file's SHA-256; if it is given, a file with a different digest is refused."""
    delimiter: Annotated[str, Field(pattern=DELIMITER_PATTERN)] | None = None
    """The CSV delimiter (default: detected)."""
    encoding: Annotated[str, Field(min_length=1)] = "utf-8"
    """The encoding of the CSV file."""
    missing_values: Names = DEFAULT_MISSING_VALUES
    """The texts that stand for missing values in the CSV file."""
    columns: ColumnsConfig = ColumnsConfig()
    """How to read columns whose kind is guessed wrong, and columns to leave out."""
    imputation: Literal["median", "mean"] = "median"
    """What replaces a missing number; an indicator column marks where it was missing."""
    scaling: Literal["standardize", "robust", "minmax", "none"] = "standardize"
    """How numeric columns are scaled, fitted on the training part: by mean and standard deviation, by median
    and interquartile range (or half the range where that is 0), by minimum and maximum, or not at all."""
    split: SplitConfig = SplitConfig()
    """How the rows are divided into training, validation and test parts."""
