from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fnnctl.errors import DataError
from fnnctl.metrics.partial_dependence import Curves, Grid, PartialDependence, Surface
from fnnctl.report.stored_dependence import read_curves, read_surfaces, write_curves, write_surfaces
from fnnctl.store import names
from fnnctl.store.run import OpenRun

NAN = float("nan")
SIZE = Grid('size,\n"m²"', "number", ("0.1", "0.1", ""), (0.1, 0.1 + 1e-12, NAN), 40)
DAY = Grid("day", "date", ("2024-02-29", "2024-03-01"), (19782.0, 19783.5), 2)
CITY = Grid("=city", "category", ("日本", "row_1", ""), (0.0, 1.0, NAN), 5000)
RNG = np.random.default_rng(0)
CLASSES = ("a,b", "c", "1")


def dependence(classes: tuple[str, ...], individual: tuple[int, ...] = (3, 17)) -> PartialDependence:
    count = max(1, len(classes))
    grids = (SIZE, DAY, CITY)
    columns = [
        Curves(
            grid, np.arange(len(grid)), classes, RNG.random((count, len(grid))),
            RNG.random((count, len(grid), len(individual))),
        )
        for grid in grids
    ]  # fmt: skip
    pairs = [
        Surface(
            (first, second), np.arange(len(first) * len(second)).reshape(len(first), -1), classes,
            RNG.random((count, len(first), len(second))),
        )
        for first, second in ((SIZE, CITY), (CITY, DAY), (DAY, SIZE))
    ]  # fmt: skip
    return PartialDependence("file", 30, individual, tuple(columns), tuple(pairs))


def as_values(value: object) -> object:
    """A result with all numbers in tuples and lists."""
    if isinstance(value, Curves):
        return (
            repr(value.grid),
            value.rows.tolist(),
            value.classes,
            value.means.tolist(),
            value.individual.tolist(),
        )
    if isinstance(value, Surface):
        return repr(value.grids), value.rows.tolist(), value.classes, value.means.tolist()
    return value


@pytest.mark.parametrize("classes", [(), ("yes",), CLASSES])
@pytest.mark.parametrize("individual", [(3, 17), ()])
def test_what_is_written_is_read_back(
    finished_run: Callable[..., OpenRun], classes: tuple[str, ...], individual: tuple[int, ...]
) -> None:
    run, written = finished_run(), dependence(classes, individual)
    assert read_curves(run) is read_surfaces(run) is None
    write_curves(run, written)
    write_surfaces(run, written)
    curves, surfaces = read_curves(run), read_surfaces(run)
    assert curves is not None
    assert surfaces is not None
    assert (curves.part, curves.rows, curves.individual) == ("file", 30, individual)
    assert [*map(as_values, curves.columns)] == [*map(as_values, written.columns)]
    assert [*map(as_values, surfaces.pairs)] == [*map(as_values, written.pairs)]


def test_the_columns_of_the_files(finished_run: Callable[..., OpenRun]) -> None:
    run = finished_run()
    write_curves(run, dependence(()))
    write_surfaces(run, dependence(()))
    header, *_ = (run.path / names.PARTIAL_DEPENDENCE).read_text().splitlines()
    assert header == "column,kind,value,position,distinct,class,mean,rows,part,of_rows,row_3,row_17"
    header, *_ = (run.path / names.PAIR_DEPENDENCE).read_text().splitlines()
    assert header == (
        "column_1,kind_1,value_1,position_1,distinct_1,column_2,kind_2,value_2,position_2,distinct_2,"
        "class,mean,rows,part,of_rows"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("kind", "sort"),
        lambda text: text.splitlines()[0] + "\n",
        lambda text: text.replace("0.1", "much"),
        lambda text: text.replace("date", "data"),
        lambda text: text.replace(",file,30", ",file,"),
        lambda text: text.replace("row_3", "row_x").replace(",5000,", ",,"),
        lambda text: text + "x,1\n",
        lambda text: "\n".join([*text.splitlines()[:-1], ""]),
    ],
)
def test_a_damaged_file_is_named(finished_run: Callable[..., OpenRun], change: Callable[[str], str]) -> None:
    run = finished_run()
    write_curves(run, dependence(CLASSES))
    write_surfaces(run, dependence(CLASSES))
    for name, read in ((names.PARTIAL_DEPENDENCE, read_curves), (names.PAIR_DEPENDENCE, read_surfaces)):
        file = run.path / name
        file.write_text(change(file.read_text()))
        with pytest.raises(DataError, match=f"{name}: is damaged"):
            read(run)
