"""Figures of rewards from a journal; architectures are drawn in the tests of the command."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from fnnctl.report.figures.search_figures import search_figures
from fnnctl.store.names import REWARDS_FIGURE
from tests.report.searches import header, read, result, trial


def test_the_average_is_over_five_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, Any] = {}

    def record(rewards: Any, average: Any, **options: Any) -> Figure:
        drawn.update(options, rewards=rewards, average=average)
        return Figure()

    monkeypatch.setattr("fnnctl.report.architectures.figures.rewards_figure", record)
    begin = header(metric="log_loss", direction="minimize", method="nas", batch=2)
    losses = np.arange(12, 0, -1) / 10
    results = (result(number, 3, loss) for number, loss in enumerate(losses.tolist()))
    search_figures(read([begin, *map(trial, range(12)), *results]), "x", {REWARDS_FIGURE})[REWARDS_FIGURE]()
    assert drawn["window"] == 10
    assert drawn["label"] == "−log_loss"
    assert drawn["rewards"].tolist() == (-losses).tolist()
    assert drawn["average"][-1] == pytest.approx(-losses[2:].mean())
