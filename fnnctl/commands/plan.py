"""`fnnctl plan`: shows what a search would do, and estimates how long it would take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fnnctl.commands.preparation import PreparedSearch, prepare_search
from fnnctl.config.reading.overrides import Override
from fnnctl.console.output import Output
from fnnctl.modelling.loading import load_experiment
from fnnctl.report.plan_table import plan_report
from fnnctl.space.assignments import Assignment
from fnnctl.stacks.estimate import RungSize, estimated_seconds
from fnnctl.store.provenance import usable_processors


def plan(
    config: Path,
    overrides: Sequence[Override],
    *,
    workers: int | None,
    max_trials: int | None,
    name: str | None,
    seed: int | None,
    runs_dir: Path,
    output: Output,
) -> None:
    """Print brackets, rungs, trials, epochs and a time estimated by a short calibration; write nothing."""
    loaded = load_experiment(config, overrides, name=name, seed=seed)
    search = prepare_search(loaded, max_trials=max_trials, runs_dir=runs_dir)
    seconds = estimated_seconds(
        search.fits,
        _first_assignments(search),
        [
            RungSize(rung.trials, rung.epochs - before)
            for bracket in search.setup.plan.brackets
            for rung, before in zip(
                bracket.rungs, (0, *(rung.epochs for rung in bracket.rungs)), strict=False
            )
        ],
        max_epochs=search.setup.budget.max_epochs,
        workers=workers or usable_processors(),
    )
    table = {
        "method": search.setup.settings.method.name,
        **search.setup.plan.table(),
        "seconds_estimated": None if seconds is None else round(seconds, 3),
    }
    if output.json:
        output.json_object(table)
    else:
        output.render(plan_report(table))


def _first_assignments(search: PreparedSearch) -> Iterator[Assignment]:
    """The first assignments of the search itself."""
    sampler = search.setup.sampler()
    while found := sampler.ask(1, ()):
        yield from found
