"""The figures of searches that learn architectures. Imports matplotlib."""

from __future__ import annotations

from typing import Any, Final

from fnnctl.plots.architectures.network import PlottedLayer, architecture_figure
from fnnctl.plots.architectures.rewards import rewards_figure
from fnnctl.records.history import SearchHistory
from fnnctl.report.architectures.best import best_model
from fnnctl.report.architectures.rewards import moving_average, rewards
from fnnctl.report.summary import Summary
from fnnctl.store.folder import RunFolder

UPDATES: Final = 5
"""The moving average of the rewards is over the results of so many updates."""


def drawn_rewards(search: SearchHistory, name: str) -> Any:
    """The rewards over time."""
    known, window = rewards(search), UPDATES * search.batch
    label = search.metric if search.direction == "maximize" else f"−{search.metric}"
    return rewards_figure(
        known,
        moving_average(known, window),
        window=window,
        label=label,
        title=f"{name}: reward of each trial",
    )


def drawn_architecture(run: RunFolder, summary: Summary) -> Any | None:
    """The best architecture; None if there is none."""
    best = best_model(summary)
    if best is None:
        return None
    model, winner = best.model, run.winner()
    facts = winner.read_manifest().model if winner else None
    layers = [
        PlottedLayer(
            layer.units,
            _name(layer.activation or model.activation),
            _name(layer.normalization or model.normalization),
            adds=bool(model.residual_of(index)),
        )
        for index, layer in enumerate(model.hidden)
    ]
    ends = (facts.layers[0], facts.layers[-1]) if facts else (None, None)
    title = f"{summary.manifest.name}: the best architecture"
    return architecture_figure(layers, *ends, output=_name(model.output), title=title)


def _name(section: Any) -> str:
    return str(section.name)
