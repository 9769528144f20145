from __future__ import annotations

from collections.abc import Callable

import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fnnctl.plots.ensemble import MAX_TRIALS, PlottedTrial, ensemble_figure
from fnnctl.plots.style import COLOURS, FAINT, png_bytes

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]
TRIALS = [
    PlottedTrial("trial 12", 0.6, 0.004),
    PlottedTrial("trial 0", 0.3, -0.001),
    PlottedTrial("trial 7", 0.1, 0.0),
]


def bars(figure: Figure, panel: int) -> list[Rectangle]:
    return [bar for bar in figure.axes[panel].patches if isinstance(bar, Rectangle)]


def test_each_trial_has_its_weight_and_what_the_loss_rises_by(texts_of: TextsOf) -> None:
    figure = ensemble_figure(TRIALS, loss="log loss", title="t")
    assert [bar.get_width() for bar in bars(figure, 0)] == [0.6, 0.3, 0.1]
    assert [bar.get_width() for bar in bars(figure, 1)] == [0.004, -0.001, 0.0]
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names[:3] == ["trial 12", "trial 0", "trial 7"]
    assert {"60%", "30%", "10%", "rise of the log loss without it"} <= set(texts_of(figure))


def test_a_trial_that_is_of_no_use_is_grey() -> None:
    colours = [bar.get_facecolor() for bar in bars(ensemble_figure(TRIALS, loss="loss", title="t"), 1)]
    assert colours == [to_rgba(COLOURS[1]), to_rgba(FAINT), to_rgba(FAINT)]


def test_the_only_trial_has_no_gain(check_fit: CheckFit) -> None:
    figure = ensemble_figure([PlottedTrial("trial 3", 1.0, None)], loss="loss", title="t")
    assert [bar.get_width() for bar in bars(figure, 1)] == [0.0]
    check_fit(figure)


@pytest.mark.parametrize("count", [2, MAX_TRIALS + 12])
def test_the_title_says_how_many_are_left_out(count: int, check_fit: CheckFit, texts_of: TextsOf) -> None:
    trials = [PlottedTrial(f"trial {k}", 1 / count, 0.001 * k) for k in range(count)]
    figure = ensemble_figure(trials, loss="loss", title="t")
    assert len(bars(figure, 0)) == min(count, MAX_TRIALS)
    assert ("t; 12 more in the report" in texts_of(figure)) is (count > MAX_TRIALS)
    check_fit(figure)
    assert png_bytes(figure)
