from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from fnnctl.arrays import FloatArray
from fnnctl.plots.axes import finish_loss, finish_objective, objective_range
from fnnctl.plots.style import png_bytes

WITH_OUTLIER = np.append(np.linspace(1.0, 2.0, 99), 1e30)


def test_a_few_bad_values_do_not_widen_the_axis_but_the_good_end_is_always_shown() -> None:
    low, high = objective_range(WITH_OUTLIER, minimized=True)
    assert low == 1.0
    assert 2.0 < high < 2.6
    assert objective_range(-WITH_OUTLIER, minimized=False) == (-high, -low)
    assert objective_range(WITH_OUTLIER, minimized=False)[1] == 1e30
    assert objective_range(-WITH_OUTLIER, minimized=True)[0] == -1e30


@pytest.mark.parametrize("minimized", [True, False])
@pytest.mark.parametrize("values", [np.array([0.5]), np.full(9, 0.0), np.array([0.1, 0.2])])
def test_few_values_are_all_shown(values: FloatArray, minimized: bool) -> None:
    low, high = objective_range(values, minimized=minimized)
    assert (low, high) == (values.min(), values.max())
    axes = Figure().subplots()
    finish_objective(axes, (low, high), minimized=minimized)
    bottom, top = axes.get_ylim()
    assert bottom < low <= high < top


@pytest.mark.parametrize(("highest", "minimized", "scale"), [(2.0, True, "log"), (1.0, False, "linear")])
def test_losses_of_several_magnitudes_have_a_logarithmic_axis(
    highest: float, minimized: bool, scale: str
) -> None:
    axes = Figure().subplots()
    finish_objective(axes, (0.01, highest), minimized=minimized)
    assert axes.get_yscale() == scale


def test_losses_that_exploded_overflow_no_tick() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.plot([1.0, 2.0, 3.0], [0.5, 1e308, 1e300])
    finish_loss(axes)
    assert png_bytes(figure)
    assert axes.get_ylim()[1] == 1e200
