from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from fnnctl.plots.searched import PlottedWorker
from fnnctl.plots.style import png_bytes
from fnnctl.plots.timeline import MAX_LANES, timeline_figure
from tests.plots.drawn import AWKWARD_TITLE, assert_close, check_fit, texts_of, x_of


def worker(*bars: tuple[float, float, int], name: str = "worker 1", share: float = 0.8) -> PlottedWorker:
    """A worker with these starts, stops and budgets."""
    starts, stops, budgets = zip(*bars, strict=True)
    return PlottedWorker(name, np.array(starts), np.array(stops), np.array(budgets), share)


def drawn(figure: Figure) -> list[list[float]]:
    """The left and right ends of the bars, in the axis's unit, and their lanes."""
    bars = (bars for bars in figure.axes[0].collections if isinstance(bars, PolyCollection))
    boxes = [path.get_extents() for collection in bars for path in collection.get_paths()]
    return sorted([box.x0, box.x1, (box.y0 + box.y1) / 2] for box in boxes)


def timeline(*workers: PlottedWorker, ends: Sequence[float] = (10.0,), title: str = "t") -> Figure:
    return timeline_figure(workers, ends, title=title)


def test_bars_by_hand() -> None:
    second = worker((2, 9, 3), (9.5, 10, 0), name="worker 2", share=0.25)
    figure = timeline(worker((0, 4, 1), (5, 10, 9)), second)
    assert_close(drawn(figure), [[0, 4, 0], [2, 9, 1], [5, 10, 0], [9.5, 10, 1]])
    texts = {"worker 1", "worker 2", "80%", "25%", "1", "3", "9 epochs", "confirmation"}
    assert texts <= set(texts_of(figure))


def test_bars_that_touch_are_one() -> None:
    """A search can have ten thousand stacks, and an axis has a thousand pixels."""
    bars = [(k / 1000, (k + 0.9) / 1000, 1) for k in range(10_000)]
    ((left, right, _),) = drawn(timeline(worker(*bars)))
    assert [left, right] == pytest.approx([0, 9.9999])
    ((left, right, _),) = drawn(timeline(worker((5, 5, 1))))
    assert right > left


@pytest.mark.parametrize(
    ("last", "label"), [(0.0, "seconds"), (119.0, "seconds"), (130.0, "minutes"), (1e5, "hours")]
)
def test_the_axis_has_a_unit_that_suits_it(last: float, label: str) -> None:
    assert f"{label} of searching" in texts_of(timeline(worker((0, last, 1)), ends=[last]))


def test_pauses_are_lines() -> None:
    figure = timeline(worker((0, 4, 1), (4, 10, 1)), ends=[4, 10])
    assert 4 in [x_of(line)[0] for line in figure.axes[0].get_lines()]
    assert {"seconds of searching, without the pauses", "trials"} <= set(texts_of(figure))


def test_many_workers_and_long_names_fit() -> None:
    name = "a-machine-with-a-very-long-name.example.org, worker"
    check_fit(timeline(*(worker((0, 9, 3**k), name=f"{name} {k}") for k in range(3)), title=AWKWARD_TITLE))
    figure = timeline(*(worker((k, k + 1, k)) for k in range(1, MAX_LANES + 3)), ends=[50])
    assert "t; 2 more are not drawn" in texts_of(figure)
    check_fit(figure)


def test_without_stacks_there_is_a_message() -> None:
    assert "nothing was trained yet" in texts_of(timeline())


def test_the_same_stacks_give_the_same_bytes() -> None:
    first, second = (png_bytes(timeline(worker((0, 4, 1), (5, 10, 9)))) for _ in range(2))
    assert first == second
