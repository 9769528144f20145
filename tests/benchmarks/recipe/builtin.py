"""A recipe beside the tuned files of `configs/`, on the built-in data sets.

The recipe gets a config with nothing but `data.source`. A file is tuned for a data set if it has its name, or
begins with it and has no search. A seed determines the split and the networks, as with `fnnctl train --seed`;
the test part is scored.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fnnctl.blas import set_blas_threads
from fnnctl.config.reading.overrides import OptionValue
from fnnctl.config.reading.resolved import active_settings
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from tests.benchmarks.measuring import processor_seconds
from tests.benchmarks.recipe.intervals import compare
from tests.benchmarks.recipe.measurements import append, digest, in_workers, read_cache
from tests.benchmarks.recipe.tables import Table
from tests.benchmarks.recipe.training import Scored, score_fits

CONFIGS = Path(__file__).parents[3] / "configs"
RECIPE = "(recipe)"
"""Stands for the config with nothing but `data.source`; no file has this name."""


@dataclass(frozen=True, slots=True)
class BuiltinPlan:
    """What is measured on each data set."""

    recipe: str
    seeds: Sequence[int]
    configs: Path = CONFIGS
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class BuiltinScores:
    """The results on one data set."""

    name: str
    scored: Mapping[str, Sequence[Scored]]
    """One per seed: of the recipe, then of each tuned file, by its name without the ending."""

    @property
    def files(self) -> list[str]:
        """The tuned files."""
        return [file for file in self.scored if file != RECIPE]

    @property
    def best_file(self) -> str:
        """The tuned file with the highest mean; `RECIPE` if there is no file."""
        return max(self.files, key=self.mean, default=RECIPE)

    def by_seed(self, contender: str) -> dict[str, float]:
        """The accuracy, or R², of each seed."""
        return {str(seed): each.scores[0] for seed, each in enumerate(self.scored[contender])}

    def mean(self, contender: str) -> float:
        """The mean accuracy, or R², over the seeds."""
        return statistics.fmean(self.by_seed(contender).values())

    def seconds(self, contender: str) -> float:
        """The mean seconds of one seed."""
        return statistics.fmean(each.seconds for each in self.scored[contender])


def measure_builtin(names: Sequence[str], plan: BuiltinPlan, *, workers: int) -> list[BuiltinScores]:
    """Measure the data sets, in worker processes."""
    found = in_workers(partial(_measure, plan=plan), names, workers)
    return sorted(found, key=lambda scores: names.index(scores.name))


def _measure(name: str, plan: BuiltinPlan) -> BuiltinScores:
    """Measure all contenders on one data set; they take turns, so that a busy machine strikes all alike."""
    set_blas_threads(1)
    known = read_cache(plan.cache)
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / f"{name}.yaml"
        alone.write_text(f"recipe: {plan.recipe}\ndata: {{source: {name}}}\n", encoding="utf-8")
        files = {RECIPE: alone, **{file.stem: file for file in tuned_files(name, plan.configs)}}
        scored: dict[str, list[Scored]] = {contender: [] for contender in files}
        for seed in plan.seeds:
            for contender, file in files.items():
                loaded = load_experiment(file, OptionValue.if_given(name=name, seed=seed))
                key = digest(["builtin", loaded.data.dataset.sha256, active_settings(loaded.experiment)])
                if key not in known:
                    known[key] = train_and_test(name, loaded)
                    append(plan.cache, key, name, contender, seed, known[key])
                scored[contender].append(known[key])
    return BuiltinScores(name, scored)


def tuned_files(name: str, configs: Path) -> list[Path]:
    """The files that are tuned for a data set."""
    others = sorted(configs.glob(f"{name}-*.yaml"))
    return [
        *configs.glob(f"{name}.yaml"),
        *(file for file in others if load_experiment(file).experiment.search is None),
    ]


def train_and_test(name: str, loaded: LoadedExperiment) -> Scored:
    """Train an experiment as `fnnctl train` does, and score its test part."""
    begun = processor_seconds()
    table = Table(name, loaded.config.file, loaded.data)
    return score_fits(table, [loaded.fit(loaded.split())], begun=begun)


def report(measured: Sequence[BuiltinScores]) -> list[str]:
    """One row per tuned file, and the means over the data sets; of several files the best one counts there.

    Scores are accuracies, of diabetes R². Differences are recipe minus file, with the t-interval for the mean
    over seeds; seconds are those of a processor for one training.
    """
    lines = [
        f"{'data set':14} {'recipe':>7} {'seconds':>8}  {'file':18} {'score':>7} {'seconds':>8}"
        "  difference (95 % interval)"
    ]
    for each in measured:
        own = f"{each.name:14} {each.mean(RECIPE):7.4f} {each.seconds(RECIPE):8.2f}"
        lines += [f"{own}  {_beside(each, file)}" for file in each.files] or [f"{own}  –"]
    tuned = [each for each in measured if each.files]
    if tuned:
        recipe = statistics.fmean(each.mean(RECIPE) for each in tuned)
        best = statistics.fmean(each.mean(each.best_file) for each in tuned)
        own = f"{'mean':14} {recipe:7.4f} {'':8}"
        lines.append(f"{own}  {'best files':18} {best:7.4f} {'':8}  {recipe - best:+.4f}")
    return lines


def _beside(each: BuiltinScores, file: str) -> str:
    difference = compare(each.by_seed(RECIPE), each.by_seed(file))
    told = difference.text(4) if difference else ""
    return f"{file:18} {each.mean(file):7.4f} {each.seconds(file):8.2f}  {told}"
