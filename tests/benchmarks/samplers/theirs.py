"""The same searches with Optuna's samplers, and a file that keeps their results, which take long.

The spaces are fnnctl's own, dimension by dimension. Samplers have Optuna's defaults, apart from `OPTIONS`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import logging
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fnnctl.space.dimensions import Dimension
from fnnctl.space.number_domains import Range
from fnnctl.space.space import Space
from tests.benchmarks.samplers.problems import Problem

OPTIONS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "optuna-tpe": ("TPESampler", {"multivariate": True, "constant_liar": True, "n_startup_trials": 10}),
    "optuna-tpe-group": (
        "TPESampler",
        {"multivariate": True, "group": True, "constant_liar": True, "n_startup_trials": 10},
    ),
    "optuna-gp": ("GPSampler", {"deterministic_objective": True, "n_startup_trials": 10}),
}
"""By contender, the sampler's class and its options. A group models conditional dimensions jointly."""
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {"optuna-gp": ("scipy", "torch")}
"""What a contender needs beside Optuna."""


def version() -> str | None:
    """Optuna's version; None if it is not installed."""
    return importlib.metadata.version("optuna") if importlib.util.find_spec("optuna") else None


def is_there(sampler: str) -> bool:
    """Whether all that the contender needs is installed."""
    return all(importlib.util.find_spec(name) for name in ("optuna", *NEEDS.get(sampler, ())))


def search(sampler: str, problem: Problem, *, trials: int, batch: int, seed: int) -> list[float]:
    """The losses of the trials in order; `batch` of them are asked for before their losses are told."""
    import optuna

    optuna.logging.set_verbosity(logging.ERROR)
    kind, options = OPTIONS[sampler]
    losses: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of options that count as experimental
        study = optuna.create_study(sampler=getattr(optuna.samplers, kind)(seed=seed, **options))
        while len(losses) < trials:
            asked = [study.ask() for _ in range(min(batch, trials - len(losses)))]
            found = [problem.loss(suggested(problem.space, trial)) for trial in asked]
            for trial, loss in zip(asked, found, strict=True):
                study.tell(trial, loss)
            losses += found
    return losses


def suggested(space: Space, trial: Any) -> dict[str, Any]:
    """The assignment that a trial of Optuna suggests."""
    values: dict[str, Any] = {}
    for dimension in space.dimensions:
        if all(condition.holds(values) for condition in dimension.conditions):
            values[dimension.name] = _suggest(trial, dimension)
    return dict(space.assignment_of(values))


def _suggest(trial: Any, dimension: Dimension) -> Any:
    domain = dimension.domain
    if not isinstance(domain, Range):
        return trial.suggest_categorical(dimension.name, list(domain.values or ()))
    if domain.step is not None:
        raise ValueError(f"{dimension.name} has a step, which Optuna may understand in another way")
    if domain.whole:
        return trial.suggest_int(dimension.name, int(domain.low), int(domain.high), log=domain.log)
    return trial.suggest_float(dimension.name, domain.low, domain.high, log=domain.log)


class Recorded:
    """Losses of searches that were done before, in a file; what is missing is searched and added to it.

    Without a file nothing is kept. Losses of another version of Optuna count as missing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._losses: dict[str, list[float]] = {}
        self._seconds: dict[str, float] = {}
        self.version = version()
        """The version of Optuna: that of the file if it is not installed."""
        if path is not None and path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            if self.version in {None, kept["optuna"]}:
                self.version = kept["optuna"]
                self._losses, self._seconds = kept["losses"], kept["seconds"]

    def search(
        self, sampler: str, problem: Problem, *, trials: int, batch: int, seed: int
    ) -> list[float] | None:
        """The losses of the trials in order; None if they are missing and the sampler is not installed."""
        name = json.dumps([sampler, problem.name, batch, seed])
        if len(self._losses.get(name, ())) < trials:
            if not is_there(sampler):
                return None
            begun = time.perf_counter()
            found = search(sampler, problem, trials=trials, batch=batch, seed=seed)
            self._losses[name] = found
            self._seconds[name] = time.perf_counter() - begun
            self._save()
        return self._losses[name][:trials]

    def _save(self) -> None:
        if self._path is not None:
            kept = {"optuna": self.version, "losses": self._losses, "seconds": self._seconds}
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(kept), encoding="utf-8")
            fresh.replace(self._path)
