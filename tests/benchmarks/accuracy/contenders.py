"""Runs one contender on one fold of a table, as a newcomer would: a command of its own, on two CSV files."""

from __future__ import annotations

import csv
import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import fnnctl
from fnnctl import __version__
from tests.benchmarks.accuracy.peer import PEERS, PREDICTIONS, read_columns
from tests.benchmarks.accuracy.results import Key, Result, Score, Scores, Verdict
from tests.benchmarks.commands import THREAD_VARIABLES, Ended, run_process, run_python
from tests.benchmarks.recipe.tables import PARTS, TARGET, Table, outer_folds
from tests.benchmarks.recipe.training import class_scores, r2

SEARCH, DEFAULT = "search", "default"
RECIPES = (DEFAULT, "fast", "classic")
"""The contenders that are `fnnctl train` with this recipe."""
LIMITED = (SEARCH, "autogluon")
"""The contenders that have a time limit."""
CONTENDERS = (SEARCH, *RECIPES, *PEERS)
ACCURACY, LOG_LOSS, R2 = "accuracy", "log_loss", "r2"
SCORES = {ACCURACY: "value", R2: "value", LOG_LOSS: "log_loss", "loss": "log_loss"}
"""Which number of a score a metric of the program is."""
MODEL_FILES = ("model.npz", "model.json")


@dataclass(frozen=True, slots=True)
class Machine:
    """What contenders run on."""

    threads: int = 1
    pythons: Mapping[str, str] = field(default_factory=dict)
    """The interpreter of each peer that is not installed here."""
    portfolios: Path | None = None
    """The file with a portfolio for each table that was selected on the others; None for the program's."""


@dataclass(frozen=True, slots=True)
class FoldFiles:
    """A folder with train.csv and test.csv of one fold of a table."""

    folder: Path
    table: Table
    fold: int
    rows: int
    test_rows: Sequence[int]

    @property
    def targets(self) -> Any:
        """The targets of the test rows."""
        return self.table.data.targets[self.test_rows]


class CommandError(Exception):
    """A command failed; the message is the last line that it has said."""


def write_fold(table: Table, fold: int, folder: Path) -> FoldFiles:
    """Write the rows of a fold as they are in the table's file, or files."""
    if table.path.is_dir():
        for part in PARTS:
            (folder / f"{part}.csv").write_bytes(
                gzip.decompress((table.path / f"{part}.csv.gz").read_bytes())
            )
        test_rows = outer_folds(table.data).test_rows(0, fold).tolist()
        return FoldFiles(folder, table, fold, len(table.data) - len(test_rows), test_rows)
    with (gzip.open if table.path.suffix == ".gz" else open)(table.path, "rt", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    if len(rows) != len(table.data):
        raise ValueError(
            f"{table.path}: {len(table.data)} of {len(rows)} rows have a target; remove the others"
        )
    test = set(outer_folds(table.data).test_rows(0, fold).tolist())
    for name, in_part in (("train", False), ("test", True)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(
                [header, *(row for k, row in enumerate(rows) if (k in test) is in_part)]
            )
    return FoldFiles(folder, table, fold, len(rows) - len(test), sorted(test))


def run(contender: str, limit: float | None, files: FoldFiles, machine: Machine) -> Result:
    """Run a contender; a failure is a result, too."""
    key = Key(files.table.name, files.fold, contender, limit)
    facts = {"test_rows": len(files.test_rows)}
    try:
        told = (_run_peer if contender in PEERS else _run_fnnctl)(contender, limit, files, machine)
    except CommandError as error:
        told = {"error": str(error)}
    return Result(key, files.table.is_classification, files.rows, **{**facts, **told})


def _run_peer(name: str, limit: float | None, files: FoldFiles, machine: Machine) -> dict[str, Any]:
    task = files.table.data.task.name
    words = [name, str(files.folder), "--task", task, "--threads", str(machine.threads)]
    if limit is not None:
        words += ["--seconds", str(limit)]
    python = machine.pythons.get(name, sys.executable)
    threads = {variable: str(machine.threads) for variable in THREAD_VARIABLES}
    script = str(Path(__file__).with_name("peer.py"))
    took = _took(run_process([python, "-I", script, *words], files.folder, check=False, **threads))
    told = json.loads((files.folder / "told.json").read_text(encoding="utf-8"))
    with np.load(files.folder / "predicted.npz") as predicted:
        return {**told, **took, "scores": _scores(files, predicted)}


def _scores(files: FoldFiles, predicted: Mapping[str, Any]) -> Scores:
    if not files.table.is_classification:
        return Scores(Score(r2(files.targets, predicted["estimates"].reshape(-1))))
    names = list(files.table.data.strata_names)
    probabilities = np.zeros((len(files.test_rows), len(names)))
    probabilities[:, [names.index(str(name)) for name in predicted["classes"]]] = predicted["probabilities"]
    return Scores(Score(*class_scores(probabilities, files.targets)))


def _run_fnnctl(name: str, limit: float | None, files: FoldFiles, machine: Machine) -> dict[str, Any]:
    config = files.folder / f"{name}.yaml"
    task = files.table.data.task.name
    config.write_text(
        f"recipe: {DEFAULT if name == SEARCH else name}\n"
        f"data: {{source: train.csv, test_source: test.csv, target: {TARGET}, task: {task}}}\n",
        encoding="utf-8",
    )
    command = SEARCH if name == SEARCH else "train"
    words = [command, config.name, "--quiet", "--no-figures", "--workers", str(machine.threads)]
    if limit is not None:
        words += ["--time-limit", str(limit)]
    program = ["fnnctl"]
    if name == SEARCH and machine.portfolios is not None:
        program = ["tests.benchmarks.portfolio.judged", str(machine.portfolios), files.table.name]
    took = _took(run_python("-m", *program, *words, folder=files.folder, check=False))
    (folder,) = (manifest.parent for manifest in files.folder.glob("runs/*/manifest.json"))
    model = next(
        part for part in (folder / "ensemble", folder / "best", folder) if (part / MODEL_FILES[0]).exists()
    )
    told = {
        "version": __version__,
        "fit_seconds": _read(folder / "manifest.json")["seconds"]["training"],
        "scores": _scores_of_run(model),
        "predict_seconds": _seconds_of_prediction(model, files),
        "model_bytes": sum((model / file).stat().st_size for file in MODEL_FILES),
    }
    return {**told, **took, **(_told_by_search(folder) if name == SEARCH else {})}


def _scores_of_run(folder: Path) -> Scores:
    """Of a run with bags, the part `validation` has the scores of the out-of-bag rows."""
    metrics = _read(folder / "metrics.json")
    test, out_of_bag = metrics["test"], metrics.get("validation")
    return Scores(_score(test), _score(out_of_bag) if out_of_bag else None)


def _score(metrics: Mapping[str, Any]) -> Score:
    return Score(metrics[ACCURACY if ACCURACY in metrics else R2], metrics.get(LOG_LOSS))


def _told_by_search(folder: Path) -> dict[str, Any]:
    """What a search knows besides: nothing but its best trial, if it has no ensemble."""
    told: dict[str, Any] = {"best": _scores_of_run(folder / "best")}
    if not (folder / "ensemble").is_dir():
        return told
    selection = _read(folder / "ensemble" / "manifest.json")["selection"]
    compared = _read(folder / "manifest.json")["search"]["compared_with_default"]
    scores = _scores_of_run(folder / "ensemble")
    nested = {
        SCORES[score["metric"]]: score["nested"] for score in selection["nested"] if score["metric"] in SCORES
    }
    if nested:
        scores = replace(scores, nested=Score(**nested))
    if compared and compared["metrics"]:
        first = compared["metrics"][0]
        told["verdict"] = Verdict(first["metric"], first["verdict"])
    return {**told, "scores": scores}


def _seconds_of_prediction(model: Path, files: FoldFiles) -> float:
    """The median time of predicting the test rows, which are in memory."""
    predictor = fnnctl.load_run(str(model)).predictor
    _, rows = read_columns(files.folder / "train.csv", files.folder / "test.csv")
    predict: Callable[[Any], Any] = predictor.predict
    if files.table.is_classification:
        predict = predictor.predict_proba
    times = []
    for _ in range(PREDICTIONS):
        begun = time.perf_counter()
        predict(rows)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def _took(ended: Ended) -> dict[str, float]:
    """What a command took; raises `CommandError` if it failed."""
    if ended.code:
        lines = (ended.stderr.strip() or ended.stdout.strip() or "nothing was said").splitlines()
        raise CommandError(f"exit code {ended.code}: {lines[-1]}")
    return {"seconds": ended.seconds, "processor_seconds": ended.processor_seconds}


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
