"""How long a search takes to choose configurations and to make experiments of them, nothing trained.

python -m tests.benchmarks.space
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from fnnctl.config.reading.loading import LoadedConfig, load_config
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.rules.trials import trial_configs
from fnnctl.search.samplers import make_sampler

CONFIGS = Path(__file__).parents[2] / "configs"
TRIALS = 10_000


def main() -> None:
    """Print a line for each of the searches in configs/."""
    print(f"{'config':18}{'check':>10}{'sample':>10}{'experiment':>12}{'key':>8}   µs a trial, check once")
    for file in sorted(CONFIGS.glob("*.yaml")):
        loaded = load_config(file)
        if loaded.experiment.search:
            measure(loaded, file.stem)


def measure(loaded: LoadedConfig, name: str) -> None:
    search = loaded.experiment.search
    assert search is not None
    trials = trial_configs(loaded.resolved, epochs=loaded.experiment.training.epochs)
    sampler = make_sampler("random", space_of(search.domains), search, seed=0, key=str)
    assignments = sampler.ask(TRIALS, ())
    check = micros(loaded.search_problems)
    sampler = make_sampler("random", space_of(search.domains), search, seed=0, key=str)
    sample = micros(lambda: sampler.ask(TRIALS, ())) / len(assignments)
    experiments = [trials.experiment_of(assignment) for assignment in assignments]
    make = micros(lambda: [trials.experiment_of(assignment) for assignment in assignments]) / len(assignments)
    key = micros(lambda: [configuration_seed(experiment) for experiment in experiments]) / len(experiments)
    print(f"{name:18}{check:10.0f}{sample:10.0f}{make:12.0f}{key:8.0f}")


def micros(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e6


if __name__ == "__main__":
    main()
