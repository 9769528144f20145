from __future__ import annotations

import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from fnnctl.plots.ensemble import MAX_TRIALS, PlottedTrial, ensemble_figure
from fnnctl.plots.style import COLOURS, FAINT, png_bytes
from tests.plots.drawn import bars_of, check_fit, texts_of

TRIALS = [
    PlottedTrial("trial 12", 0.6, 0.004),
    PlottedTrial("trial 0", 0.3, -0.001),
    PlottedTrial("trial 7", 0.1, 0.0),
]


def figure_of(*trials: PlottedTrial) -> Figure:
    return ensemble_figure(trials, loss="log loss", title="t")


def test_each_trial_has_its_weight_and_what_the_loss_rises_by() -> None:
    """A trial that is of no use is grey."""
    figure = figure_of(*TRIALS)
    widths = [[bar.get_width() for bar in bars_of(figure, panel)] for panel in (0, 1)]
    assert widths == [[0.6, 0.3, 0.1], [0.004, -0.001, 0.0]]
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names[:3] == ["trial 12", "trial 0", "trial 7"]
    assert {"60%", "30%", "10%", "rise of the log loss without it"} <= set(texts_of(figure))
    colours = [bar.get_facecolor() for bar in bars_of(figure, 1)]
    assert colours == [to_rgba(COLOURS[1]), to_rgba(FAINT), to_rgba(FAINT)]


def test_the_only_trial_has_no_gain() -> None:
    figure = figure_of(PlottedTrial("trial 3", 1.0, None))
    assert [bar.get_width() for bar in bars_of(figure, 1)] == [0.0]
    check_fit(figure)


@pytest.mark.parametrize("count", [2, MAX_TRIALS + 12])
def test_the_title_says_how_many_are_left_out(count: int) -> None:
    figure = figure_of(*(PlottedTrial(f"trial {k}", 1 / count, 0.001 * k) for k in range(count)))
    assert len(bars_of(figure)) == min(count, MAX_TRIALS)
    assert ("t; 12 more in the report" in texts_of(figure)) is (count > MAX_TRIALS)
    check_fit(figure)
    assert png_bytes(figure)
