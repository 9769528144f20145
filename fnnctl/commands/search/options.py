"""The options of `fnnctl search` that change nothing in a trial: workers, executor, limits."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from fnnctl.config.reading.overrides import OptionChange
from fnnctl.errors import UsageError, did_you_mean
from fnnctl.executors.registry import BY_NAME
from fnnctl.processors import usable_processors
from fnnctl.text import joined_words


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """The command-line options of `search`; none of them changes the numbers of a trial."""

    method: str | None
    workers: int | None
    executor: str | None
    max_trials: int | None
    time_limit: float | None
    dask_address: str | None = None

    def __post_init__(self) -> None:
        if self.executor is not None and self.executor not in BY_NAME:
            known = joined_words([*BY_NAME], "or")
            hint = did_you_mean(self.executor, BY_NAME)
            raise UsageError(f"there is no executor '{self.executor}'; choose {known}{hint}")
        if self.dask_address is not None and self.executor != "dask":
            raise UsageError("--dask-address needs --executor dask")

    def check_cluster(self) -> None:
        """Raise `UsageError` if there is no Dask, or no worker at its address, before anything is written."""
        if self.executor == "dask":
            from fnnctl.executors.dask import check_dask

            check_dask(self.dask_address)

    @property
    def most_workers(self) -> int:
        """How many workers may be used: by default all processors of this machine, or of the cluster."""
        return self.workers or (sys.maxsize if self.dask_address else usable_processors())

    @property
    def changes(self) -> list[OptionChange]:
        """The changes that the options make to the config."""
        return OptionChange.given("--method", "search.method", self.method)

    @property
    def machine(self) -> dict[str, Any]:
        """The given options that a resume records."""
        given = {"workers": self.workers, "executor": self.executor, "time_limit": self.time_limit}
        return {name: value for name, value in given.items() if value is not None}
