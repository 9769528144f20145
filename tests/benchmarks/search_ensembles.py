"""The greedy ensemble of a search against its best trial, on the test parts of some tables.

    python -m tests.benchmarks.search_ensembles TABLE… [--seeds 3] [--trials 40] [--method random]

Tables are CSV files, or gzipped ones, whose target is the column `y` with classes. Each seed draws its own
parts and trials. The best trial stands twice: as it was trained in the search (the ensemble of size 1), and
trained again on training and validation rows, as in `best/`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import yaml
from scipy.stats import t as student

from fnnctl.cli import run as fnnctl
from fnnctl.modelling.loading import load_experiment
from fnnctl.records.journal import Journal
from fnnctl.records.standings import Standings
from fnnctl.store.run import OpenRun
from fnnctl.tasks.post_training import NO_POST_TRAINING
from fnnctl.trials.ensemble import TrainedTrial, select_trials
from fnnctl.trials.preparation import PreparedSearch, prepare_search
from fnnctl.trials.weights import MAX_KEPT, WeightLibrary
from tests.benchmarks.kills import only_run

SIZES = (1, 2, 4, 8, 16, 32)
SPACE = {
    "data.scaling": {"choice": ["standardize", "robust", "minmax"]},
    "model.hidden": {"depth": [1, 3], "width": [16, 128], "log": True},
    "model.activation": {"choice": ["relu", "tanh"]},
    "model.dropout": {"uniform": [0, 0.5]},
    "training.optimizer.learning_rate": {"log_uniform": [3e-4, 3e-2]},
    "training.l2": {"log_uniform": [1e-6, 1e-1]},
}


def config(table: Path, options: argparse.Namespace) -> str:
    """The experiment: everything that is not searched is at its default."""
    return yaml.safe_dump(
        {
            "recipe": "classic",
            "data": {"source": str(table), "target": "y", "task": "classification"},
            "training": {"epochs": options.epochs},
            "search": {
                "method": options.method,
                **({} if options.method == "hyperband" else {"trials": options.trials}),
                "objective": {"metric": options.metric},
                "ensemble": {"size": 8},
                "space": SPACE,
            },
        }
    )


def searched(table: Path, seed: int, folder: Path, options: argparse.Namespace) -> Path:
    """The run folder of a search of the table, without figures."""
    file = folder / "x.yaml"
    file.write_text(config(table, options), encoding="utf-8")
    arguments = ["--quiet", "--no-figures", "--runs-dir", str(folder / "runs"), "--seed", str(seed)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        if fnnctl(["search", str(file), *arguments]):
            raise RuntimeError(f"the search of {table.name} failed")
    run = only_run(folder / "runs")
    if run is None:
        raise RuntimeError(f"the search of {table.name} left no run")
    return run


def accuracies(folder: Path) -> dict[str, float]:
    """The accuracy on the test part of the refitted winner and of ensembles of all sizes."""
    run = OpenRun(folder, -1)
    loaded = load_experiment(folder / "resolved.yaml", run=run)
    search = prepare_search(loaded, max_trials=None)
    with closing(run.open_journal()) as file:
        journal = Journal(file)
    standings = Standings(search.setup.direction, journal.results.values())
    winner = run.winner()
    if winner is None:
        raise RuntimeError("the search has no winner")
    found = {"refitted": float((winner.read_metrics() or {})["test"]["accuracy"])}
    trials = [*trained(run, search, journal, standings)]
    for size in SIZES:
        found[f"size {size}"] = accuracy(search, trials, size)
    return found


def trained(
    run: OpenRun, search: PreparedSearch, journal: Journal, standings: Standings
) -> list[TrainedTrial]:
    """The search's trials with the weights that it has kept, the best first."""
    setup = search.setup
    library = WeightLibrary(run.path, setup.direction, setup.budget.max_epochs, journal.results.values())
    trials = []
    for result in standings.contenders()[:MAX_KEPT]:
        weights = library.read(result)
        if weights is None:
            raise RuntimeError(f"the weights of trial {result.trial} are lost")
        (fit,) = search.fits.fits(journal.trials[result.trial].assignment)
        trials.append(TrainedTrial(result, fit, weights))
    return trials


def accuracy(search: PreparedSearch, trials: Sequence[TrainedTrial], size: int) -> float:
    """The accuracy on the test part of an ensemble of this size."""
    objective, data, split = search.setup.settings.objective, search.loaded.data, search.split
    ensemble = select_trials(
        data,
        trials,
        split.validation,
        NO_POST_TRAINING,
        metric=objective.metric,
        minimized=objective.minimized,
        size=size,
    )
    if ensemble is None:
        raise RuntimeError("no trial has finite scores")
    predictor = ensemble.predictor(data)
    batches = predictor.column_scores([(data.dataset, split.test)])
    return float(data.score(split.test, batches, predictor.decoder).metrics(complete=False)["accuracy"])


def interval(differences: Sequence[float]) -> str:
    """Their mean with the paired t-interval, in points."""
    mean, count = statistics.fmean(differences), len(differences)
    if count < 2:
        return f"{100 * mean:+.2f}"
    half = student.ppf(0.975, count - 1) * statistics.stdev(differences) / math.sqrt(count)
    return f"{100 * mean:+.2f} ({100 * (mean - half):+.2f} to {100 * (mean + half):+.2f})"


def report(found: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """The gains of each size over both forms of the best trial, over tables and over all searches."""
    for base in ("refitted", "size 1"):
        print(f"\ngain in accuracy, points, over the best trial ({base}): mean and 95 % interval")
        print(f"{'':10}  {'over tables':26}  over all searches")
        for size in SIZES:
            own = f"size {size}"
            if own == base:
                continue
            by_table = [[each[own] - each[base] for each in seeds] for seeds in found.values()]
            means = [statistics.fmean(each) for each in by_table]
            all_of_them = [each for table in by_table for each in table]
            print(f"{own:10}  {interval(means):26}  {interval(all_of_them)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--method", default="random", choices=("random", "hyperband"))
    parser.add_argument("--metric", default="accuracy")
    options = parser.parse_args()
    names = ("refitted", *(f"size {size}" for size in SIZES))
    print("accuracy on the test part: mean over seeds")
    print(f"{'table':14}" + "".join(f"{name:>10}" for name in names) + f"{'seconds':>10}")
    found: dict[str, list[dict[str, float]]] = {}
    for table in options.tables:
        name, begun = table.name.partition(".")[0], time.perf_counter()
        for seed in range(options.seeds):
            with tempfile.TemporaryDirectory() as folder:
                run = searched(table.resolve(), seed, Path(folder), options)
                found.setdefault(name, []).append(accuracies(run))
        seconds = time.perf_counter() - begun
        means = [statistics.fmean(each[one] for each in found[name]) for one in names]
        print(
            f"{name:14}" + "".join(f"{100 * mean:10.2f}" for mean in means) + f"{seconds:10.0f}", flush=True
        )
    report(found)


if __name__ == "__main__":
    main()
