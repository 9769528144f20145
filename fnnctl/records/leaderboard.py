"""The rows of leaderboard.csv: every trial that has a result, the best objective first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fnnctl.config.yaml_text import flow_yaml
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Trial

COLUMNS = ("rank", "trial", "status", "objective", "epochs", "bracket", "rung")


def leaderboard_table(
    trials: Mapping[int, Trial], standings: Standings, paths: Sequence[str]
) -> tuple[list[str], Iterator[list[object]]]:
    """Columns and rows, ordered by objective, then trial number; diverged and failed trials come last.

    `trials` are by number, `paths` are those of the searched settings; a setting that a trial does not have
    is None. `epochs` are the trained epochs, `rung` is the rung of the trial's last result.
    """

    def rows() -> Iterator[list[object]]:
        for rank, result in enumerate(standings.ranked(), start=1):
            trial, epochs = trials[result.trial], standings.epochs[result.trial]
            yield [
                rank, trial.number, result.status.value, result.objective, epochs, trial.bracket, result.rung,
                *(_cell(trial.assignment.get(path)) for path in paths),
            ]  # fmt: skip

    return [*COLUMNS, *paths], rows()


def _cell(value: Any) -> object:
    """A list or a mapping as it would be written in a config; other values stay."""
    return flow_yaml(value) if isinstance(value, list | tuple | Mapping) else value
