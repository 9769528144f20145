"""`fnnctl plan`: shows what a search would do, estimates how long it would take, and simulates it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fnnctl.config.reading.overrides import Override
from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.modelling.loading import read_experiment
from fnnctl.report.formats.terminal import terminal_report
from fnnctl.report.plan import plan_document
from fnnctl.trials.forecast import forecast
from fnnctl.trials.preparation import prepare_search


def plan(
    config: Path,
    overrides: Sequence[Override],
    context: Context,
    *,
    workers: int | None = None,
    max_trials: int | None = None,
    simulate_workers: int | None = None,
) -> Mapping[str, Any]:
    """The brackets, rungs, trials, epochs and estimated time of a search; nothing is written."""
    loaded = read_experiment(config, overrides, context.listener)
    for note in loaded.config.note_lines:
        context.note(note)
    search = prepare_search(loaded, max_trials=max_trials, runs_dir=context.runs_dir)
    return forecast(search, workers=workers, simulate_workers=simulate_workers)


def show_plan(table: Mapping[str, Any], output: Output) -> None:
    """Print the plan."""
    if output.json:
        output.json_object(table)
    else:
        output.render(terminal_report([plan_document(table)], width=output.width))
