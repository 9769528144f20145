"""A metric as one record: what it is called, how it is computed, and what may use it.

Configs and lists of runs need the names alone, so this module and `registry` import no NumPy. Formulas get
the values of `rows` and `confusion`, whose methods and properties they can use. The records have no methods
for comparison, representation and protection from changes, because `fnnctl runs` would wait 3 ms for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar, get_args

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from fnnctl.arrays import FloatArray
    from fnnctl.metrics.confusion import ClassCounts
    from fnnctl.metrics.ranks import RankSums
    from fnnctl.metrics.rows import ClassRows, ErrorRows, Form, LabelRows, Terms

TaskName: TypeAlias = Literal["classification", "regression"]
CLASSIFICATION: Final = "classification"
REGRESSION: Final = "regression"
SEVERAL: Final = "several"
TargetKind: TypeAlias = Literal["classification", "regression", "several"]
"""What a network predicts: one target of a task, or several targets."""
Needs: TypeAlias = Literal[
    "labels", "predictions", "ranks", "deviances", "levels", "ranking", "probabilities", "decision"
]
NEEDS: Final[tuple[Needs, ...]] = get_args(Needs)
"""What a metric can be computed from, in the order of reports. `labels` are those of which a row may have any
number; `predictions` are classes or estimates; `ranks` are those of ordered classes; `deviances` are those of
counts and amounts from their means; `levels` are estimated quantiles; a `decision` is one between two
classes, with a threshold or with costs."""
NEEDS_OF_TASKS: Final[Mapping[TaskName, tuple[Needs, ...]]] = {
    "classification": ("predictions", "ranks", "ranking", "probabilities", "decision"),
    "regression": ("predictions", "deviances", "levels"),
}
"""Those that targets of a task may have."""
Interval: TypeAlias = Literal["wilson", "delong", "fisher", "bootstrap"]

RowsT = TypeVar("RowsT", "ClassRows", "ErrorRows", "LabelRows")


@dataclass(eq=False, repr=False)
class OfRows(Generic[RowsT]):
    """A metric that follows from a value per row.

    It can be compared, and the importance of columns for it can be measured. If the values are true or false,
    it is the share of the true ones.
    """

    values: Callable[[RowsT], npt.NDArray[Any]]
    """(…, n) for rows (…, n), numbers or whether something is true."""
    form: Form = "mean"
    """How the metric follows from the values' sum; see `rows.of_sum`."""
    of_mean: Callable[[RowsT], FloatArray] | None = None
    """For the form `explained`: (n,) the values of always predicting the mean; None for squared errors."""

    def terms(self, rows: RowsT) -> Terms:
        """What the metric of n rows follows from."""
        return self.form, self.values(rows), None if self.of_mean is None else self.of_mean(rows)

    at_once: Callable[[RowsT], float] | None = None
    """The metric of many rows, if computing their values first would take too much memory."""


@dataclass(eq=False, repr=False)
class OfCounts:
    """A metric that follows from the counts of each class; it can be compared."""

    value: Callable[[ClassCounts], FloatArray]
    """(…) from counts (…, C); of a metric of a single class (…, C)."""


@dataclass(eq=False, repr=False)
class OfRanks:
    """A metric that follows from sums over the ranks of labels and predictions; it can be compared."""

    value: Callable[[RankSums], FloatArray]
    """(…) from sums (…); NaN where it does not exist."""
    slopes: Callable[[RankSums], FloatArray]
    """Its derivatives by the sums, for an interval."""


@dataclass(eq=False, repr=False)
class OfSums(Generic[RowsT]):
    """A metric that is the ratio of two sums over rows; it can be compared.

    It does not exist if the second sum is 0.
    """

    terms: Callable[[RowsT], tuple[npt.NDArray[Any], npt.NDArray[Any]]]
    """(n,) of each row what is divided, and by what."""


class OfAreas:
    """The ROC AUC of a class, or the mean over the classes that have one; it can be compared."""


@dataclass(eq=False, repr=False)
class OfPart(Generic[RowsT]):
    """A metric of all rows together, which cannot be compared row by row."""

    value: Callable[[RowsT], Any]
    """A number, or None if it does not exist; of a metric of a single class one of them per class."""
    resampled: Callable[[RowsT, np.random.Generator], FloatArray] | None = None
    """(RESAMPLES,) its values in random resamples of the rows, for a bootstrap interval."""


class Given:
    """A number that is known without a formula, such as the loss that training minimizes."""


@dataclass(eq=False, repr=False, kw_only=True)
class Metric(Generic[RowsT]):
    """A number that metrics.json has for each part of the data."""

    name: str
    """The key of the whole part, which has a metric of a single class only for the positive one of two."""
    label: str
    """What reports call it."""
    task: TargetKind
    formula: OfRows[RowsT] | OfCounts | OfRanks | OfSums[RowsT] | OfAreas | OfPart[RowsT] | Given
    class_name: str | None = None
    """The key of each class; None for a metric that single classes do not have."""
    needs: Needs = "predictions"
    lower_is_better: bool = False
    lowest: float = 0.0
    highest: float = 1.0
    unit: Literal["", "points", "target"] = ""
    """Of differences: percentage points, or the unit of the target."""
    interval: Interval | None = None
    """How the 95 % interval of metrics.json is computed; None if there is none."""
    has_uncalibrated: bool = False
    """Whether the value before calibration is stored as well, under the name with `UNCALIBRATED`."""
    monitored: bool = False
    """Whether training records it on the validation part after every epoch."""
    searched: bool = True
    """Whether a search can have it as its objective; of a metric of a single class, with the class's name."""
    importance: Literal["ranked", "listed"] | None = None
    """Whether the importance of columns is measured by it, and whether columns are ranked by it."""
    reported: Literal["first", "table", "no"] = "table"
    """Whether reports show it among the first metrics, in tables, or not at all."""
    in_class_table: bool = True
    """For a metric of a single class: whether the table of classes has it."""
    instead_of: str | None = None
    """A metric that reports leave out where this one has a value, which says the same more precisely."""
    equals: str | None = None
    """A metric beside which reports leave this one out, if both have the same value."""
    mean_of: str | None = None
    """Each class's key of the metric of which this one is the mean, in which all classes count equally."""
    is_over_classes: bool = False
    """Whether it is a mean over the classes of any kind, or of the pairs of rows and classes."""

    @property
    def per_class(self) -> bool:
        """Whether it is a metric of a single class."""
        return self.class_name is not None

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest of a run has of a plug-in's metric, so that reports need not import it."""
        return {key: getattr(self, key) for key in DESCRIBED}

    @property
    def is_compared(self) -> bool:
        """Whether two runs can be compared by it on a test part."""
        return isinstance(self.formula, OfRows | OfCounts | OfRanks | OfSums | OfAreas)

    @property
    def is_share(self) -> bool:
        """Whether it is a share of the rows, so that their number alone says how much may be chance."""
        return self.interval == "wilson"


DESCRIBED: Final = ("task", "label", "lower_is_better", "unit", "reported")
"""The fields that a report needs of a metric whose formula it does not have."""
INTERVAL: Final = "_ci95"
"""The end of the name under which metrics.json has a metric's interval."""
UNCALIBRATED: Final = "_uncalibrated"
SUPPORT: Final = "support"
"""The number of rows, which stands beside the metrics."""
