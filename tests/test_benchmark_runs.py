"""Every benchmark runs to its end on something tiny: no figure of it is looked at."""

from __future__ import annotations

import json
import logging
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import pytest

from fnnctl.cli import run as run_program
from fnnctl.config.recipes import search as search_recipe
from fnnctl.config.recipes.portfolio import PORTFOLIO, Change
from fnnctl.plugins import scope
from tests.benchmarks import commands
from tests.benchmarks.accuracy import contenders as accuracy_contenders
from tests.benchmarks.commands import Ended

FOLDER: Final = Path(__file__).parent / "benchmarks"

SHORT: Final = {"recipe": "classic", "model": {"hidden": [2]}, "training": {"epochs": 1}}


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some benchmarks set variables when they are imported."""
    for name in (*commands.THREAD_VARIABLES, "NPROC", "PYTHONWARNINGS"):
        monkeypatch.setenv(name, "1" if name != "PYTHONWARNINGS" else "")


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a benchmark starts as a process runs in this one, in which all libraries are loaded."""

    def run(words: Sequence[str], folder: Path, *, check: bool = True, **variables: str) -> Ended:
        ended = run_here(words[1:], folder, variables)
        if check and ended.code:
            raise subprocess.CalledProcessError(ended.code, words, ended.stdout, ended.stderr)
        return ended

    for module in (commands, accuracy_contenders):
        monkeypatch.setattr(module, "run_process", run)
    yield
    logging.disable(logging.NOTSET)


def run_here(words: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Ended:
    """Do what Python does with these words: `-m MODULE`, `-c CODE` or `-I SCRIPT`, and arguments."""
    (option, what, *arguments), code = words, 0
    out, errors = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors), scope():
        patch.chdir(folder)
        patch.setattr(sys, "argv", [what, *arguments])
        for name, value in variables.items():
            patch.setenv(name, value)
        match option, what:
            case "-m", "fnnctl":
                code = run_program(arguments)
            case "-m", module:
                code = import_module(module).main(arguments) or 0
            case "-c", text:
                exec(compile(text, "-c", "exec"), {})
            case _:
                runpy.run_path(what, run_name="__main__")
    return Ended(1.0, 1.0, 1.0, code, out.getvalue(), errors.getvalue())


class Benchmark:
    """Runs the `main` of one benchmark, with other values in place of its constants."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.patch, self.folder = patch, folder

    def set(self, module: str, **constants: Any) -> ModuleType:
        imported = import_module(f"tests.benchmarks.{module}")
        for constant, value in constants.items():
            self.patch.setattr(imported, constant, value)
        return imported

    def main(self, module: str, *words: object, **constants: Any) -> object:
        return self.set(module, **constants).main([str(word) for word in words])

    def table(self, name: str = "t.csv", *, rows: int = 60) -> Path:
        """A table of two classes, most of which the number tells, and the rest the category."""
        x = np.random.default_rng(0).normal(size=rows)
        labels = ["no" if value + row % 2 > 0 else "yes" for row, value in enumerate(x)]
        lines = [f"{x[row]:.3f},{'uv'[row % 2]},{label}" for row, label in enumerate(labels)]
        file = self.folder / "tables" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(["x,kind,y", *lines]) + "\n", encoding="utf-8")
        return file


def accuracy(run: Benchmark) -> None:
    pytest.importorskip("pandas")
    cache, picture = run.folder / "cache", run.folder / "both.png"
    words = ["run", "--tables", run.table().parent, "--cache", cache, "--folds", 1, "--limits", 1]
    run.main("accuracy.__main__", *words, "--contenders", "search,default,sklearn,boosting")
    results = [json.loads(line) for line in cache.read_text(encoding="utf-8").splitlines()]
    assert [result["error"] for result in results] == [None] * 4
    run.main("accuracy.__main__", "report", cache, "--picture", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")


def accuracy_peer(run: Benchmark) -> None:
    pytest.importorskip("pandas")
    folder = run.table("train.csv").parent
    run.table("test.csv", rows=12)
    run.main("accuracy.peer", "boosting", folder, "--task", "classification")
    print(*json.loads((folder / "told.json").read_text(encoding="utf-8")))


def comparison(run: Benchmark) -> None:
    module = run.set("comparison")
    for name in ("MADE", "BUILTIN"):
        text = getattr(module, name).replace("repeats: 5", "repeats: 1").replace("epochs: 1", "epochs: ")
        run.patch.setattr(module, name, text)
    run.main("comparison", "--pairs", 1)


def coverage(run: Benchmark) -> None:
    pytest.importorskip("sklearn")
    contender = import_module("tests.benchmarks.coverage.contenders").Contender
    held_out = {"recipe": "classic", "training.epochs": 1, "data.split.validation": 0.5}
    searched = {**held_out, "search.trials": 2, "search.method": "random"}
    contenders = {
        "simulated": {"fixed": contender(held_out)},
        "nested": {"fixed": contender(held_out, is_nested=True)},
        "choices": {"search": contender(searched, searches=True)},
    }
    run.set("coverage.made", FRESH_ROWS=20)
    run.set("coverage.studies", PEERS={})
    cache = run.folder / "cache"
    for study in contenders:
        words = [study, "--cache", cache, "--count", 6, "--rows", 60, "--part", "2/2"]
        run.main("coverage.__main__", *words, CONTENDERS=contenders)
    for study in ("tables", "beside"):
        run.main("coverage.__main__", study, "--cache", cache, "--tables", run.table().parent, "--folds", 1)
    run.main("coverage.__main__", "report", cache)


def engine(run: Benchmark) -> None:
    pytest.importorskip("sklearn")
    settings = import_module("tests.benchmarks.engine.contest").Settings
    run.set("engine.sizes", SIZES=(1, 2), MIN_STEPS=1)
    run.set("engine.wide", ROWS=20, FEATURES=3, BATCH=10, HIDDEN=(4, 4))
    run.set("engine.wide", THREADED_ROWS=40, THREADED=((4, (3,)),))
    fixed = import_module("tests.benchmarks.engine.folds").FIXED
    run.set("engine.folds", FIXED=[*fixed, "evaluation.cross_validation={folds: 3, repeats: 1}"])
    tiny = settings(rounds=1, steps=1, epochs=2, sources=("iris",), networks=("5×20",))
    run.main("engine.__main__", Settings=lambda **_: tiny)


def example_searches(run: Benchmark) -> None:
    search = {"method": "random", "trials": 2, "space": {"training.l2": {"uniform": [0, 1]}}}
    for name, config in (("wine", SHORT), ("wine-random", {**SHORT, "search": search})):
        text = json.dumps({**config, "data": {"source": "wine"}})
        (run.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    words = ["run", "--cache", run.folder / "cache", "--only", "wine-random", "--seeds", "3-4"]
    run.main("example_searches", *words, CONFIGS=run.folder, PLAIN={"wine-random": "wine"})


def large_tables(run: Benchmark) -> None:
    frames = pytest.importorskip("pandas")
    rows = frames.DataFrame({"y": range(20), "x": range(20)})
    source = run.set("large_tables").Source(lambda: rows, "regression", "develop")
    words = [run.folder, "--packages", run.folder]
    run.main("large_tables", *words, sources=lambda packages: {"made": source})


def latency(run: Benchmark) -> None:
    train = ["train", str(commands.CONFIGS / "iris.yaml"), "--no-figures"]
    run.main("latency", 1, COMMANDS={"train configs/iris.yaml": train})


def mutants(run: Benchmark) -> None:
    pytest.importorskip("coverage")
    drawn, results = run.folder / "drawn", run.folder / "results"
    run.main("mutants.__main__", "draw", drawn, "--packages", "store", "--count", 1)
    mutant = json.loads(drawn.read_text(encoding="utf-8"))
    results.write_text(json.dumps({**mutant, "outcome": "caught", "test": "a"}) + "\n", encoding="utf-8")
    run.main("mutants.__main__", "compare", results, results)


def own_tables(run: Benchmark) -> None:
    messy = run.set("own_tables").MESSY
    run.main("own_tables", "--only", min(messy, key=lambda name: len(messy[name].make())))


def portfolio(run: Benchmark) -> None:
    few = [Change(epochs=0.1), Change(epochs=0.2, depth=1)]
    run.set("portfolio.__main__", candidates=lambda drawn: few)
    pool = run.folder / "pool"
    run.main("portfolio.__main__", "measure", "--tables", run.table().parent, "--pool", pool)
    run.main("portfolio.__main__", "select", "--pool", pool, "--most-time", "1e9")


def portfolio_judged(run: Benchmark) -> None:
    for name in ("PORTFOLIO", "MANY_ROWS_PORTFOLIO"):
        run.patch.setattr(search_recipe, name, PORTFOLIO)  # is restored at the end
    run.patch.chdir(run.table().parent)
    Path("t.yaml").write_text("data: {source: t.csv, target: y}\n", encoding="utf-8")
    Path("folds.json").write_text(json.dumps({"t": [{}, {"epochs": 0.1, "depth": 1}]}), encoding="utf-8")
    words = ["search", "t.yaml", "--max-trials", "2", "--no-figures", "--quiet", "--executor", "serial"]
    assert not run.main("portfolio.judged", "folds.json", "t", *words)
    (journal,) = Path().glob("runs/*/journal.jsonl")
    assert '"training.epochs":2,' in journal.read_text(encoding="utf-8")


def drift(run: Benchmark) -> None:
    run.set("drift", OTHER_SIZES=(), TRAINED_ROWS=60, EPOCHS=1, TARGETS={"two classes": lambda x: [*(x > 0)]})
    for mode in ("alarms", "shifts", "predictions", "seconds"):
        run.main("drift", mode, "--splits", 1, "--sizes", 40)


def recipe(run: Benchmark) -> None:
    words = ["--tables", run.table().parent, "--cache", run.folder / "cache", "--recipe", "classic"]
    base = ["--base", "training.epochs=2", "model.hidden=[2]"]
    run.main("recipe.__main__", *words, *base, "--parts", "--without", "wide layers", "model.hidden=[1]")


def make_tables(run: Benchmark) -> None:
    grid = import_module("tests.benchmarks.samplers.table").DIMENSIONS
    small = {**{name: values[-1:] for name, values in grid.items()}, "width": (2, 4)}
    words = [run.table("toy.csv").parent, "--output", run.folder, "--names", "toy", "--epochs", 2]
    run.main("samplers.make_tables", *words, DIMENSIONS=small, SHAPE=(1, 1, 1, 2, 1, 1))


def sampler_tables(run: Benchmark) -> None:
    module = run.set("samplers.table")
    values = np.arange(np.prod(module.SHAPE), dtype=np.float32).reshape(*module.SHAPE, 1)
    module.write_tables(run.folder / "tables.npz", [module.Table("t", {"loss": values, "error": values})])
    words = ["--contenders", "random", "random×2", "tpe", "--seeds", 2, "--trials", 4, "--metric", "loss"]
    run.main("samplers.tables", run.folder / "tables.npz", *words)


def predictions(run: Benchmark) -> None:
    run.main("predictions", "--rows", 1, 3, "--rounds", 1, EXPERIMENTS={"net": SHORT}, SECONDS_PER_TURN=0.0)


def search_overhead(run: Benchmark) -> None:
    run.patch.chdir(run.folder)
    run.main("search_overhead", "--trials", 40, SHARES=(1.0,))


def targets(run: Benchmark) -> None:
    frames = pytest.importorskip("pandas")
    source = import_module("tests.benchmarks.targets.sources").Source
    x = np.random.default_rng(0).integers(4, size=60)
    rows = frames.DataFrame({"x": x, "kind": [*"uv"] * 30, "y": x + 1, "e": 1 + x % 2})
    run.set("targets.making", version=lambda package: "1")
    run.set("targets.sources", _of_r=lambda data_set: rows)
    exposed = source("counts", "AER/made", "y", "made", exposure="e")
    ordered = source("ordered", "AER/made", "y", "made", class_order=("1", "2", "3", "4"))
    made = {"counts": {"made": exposed}, "ordered": {"made": ordered}}
    run.main("targets.__main__", "tables", run.folder / "tables", SOURCES=made)
    cache, peers = run.folder / "cache", "baseline;glm;boosting, poisson;boosting;logistic"
    words = ["run", "--tables", run.folder / "tables", "--cache", cache, "--folds", 1]
    run.main("targets.__main__", *words, "--contenders", f"default;squared;softmax;{peers}")
    results = [json.loads(line) for line in cache.read_text(encoding="utf-8").splitlines()]
    assert [result["error"] for result in results] == [None] * 10
    run.main("targets.__main__", "report", cache, "--base", "baseline")


def several_targets(run: Benchmark) -> None:
    frames = pytest.importorskip("pandas")
    rows = {"x": [*range(40)], "y": [*range(39), None], "group": [*"pq"] * 20, "red": [0, 1, 1, 0] * 10}
    rows["blue"] = [None, 0, 1, 1, 0] * 8
    run.set("targets.sources", _of_r=lambda data_set: frames.DataFrame(rows))
    tables = import_module("tests.benchmarks.several_targets.tables")
    made = {
        kind: tables.Source(kind, "made/made", "made", targets)
        for kind, targets in {tables.MIXTURES: "y group", tables.LABELS: "red blue"}.items()
    }
    run.set("several_targets.tables", SOURCES=made)
    run.set("several_targets.report", SOURCES=made)
    words = ["run", "--cache", run.folder / "cache", "--folds", 2, "--contenders", "sklearn,boosting"]
    short = ["recipe=classic", "training.epochs=2"]
    words += [word for way in ("together", "apart") for word in ("--with", way, way, *short)]
    run.main("several_targets.__main__", *words, SOURCES=made)
    results = [json.loads(line) for line in (run.folder / "cache").read_text(encoding="utf-8").splitlines()]
    assert [result["error"] for result in results] == [None] * 16
    run.main("several_targets.__main__", "report", run.folder / "cache", "--targets")


def warm_start(run: Benchmark) -> None:
    frames = pytest.importorskip("pandas")
    rows = frames.DataFrame({"x": [*range(40)], "y": [*"pq"] * 20})
    run.set("warm_start.tables", SLICES=4)
    run.set("targets.sources", _of_r=lambda data_set: rows)
    tables = import_module("tests.benchmarks.warm_start.tables")
    source = import_module("tests.benchmarks.targets.sources").Source("slices", "made/made", "y", "made")
    made = {"made": tables.Slices(source, {"recipe": "classic", "training.epochs": 2})}
    run.patch.setattr(tables, "TABLES", made)
    words = ["run", "--tables", run.folder / "tables", "--cache", run.folder / "cache", "--shares", "0.3"]
    run.main("warm_start.__main__", "tables", run.folder / "tables", TABLES=made, SLICES=4)
    run.main("warm_start.__main__", *words)
    run.main("warm_start.__main__", "report", run.folder / "cache")


RUNS: Final[dict[str, Callable[[Benchmark], object]]] = {
    "accuracy.__main__": accuracy,
    "accuracy.peer": accuracy_peer,
    "comparison": comparison,
    "coverage.__main__": coverage,
    "contributions": lambda run: run.main(
        "contributions",
        "--rows",
        2,
        "--recipes",
        "classic",
        TRAINED_ROWS=120,
        SETTINGS={"training.epochs": 2},
    ),
    "drift": drift,
    "engine.__main__": engine,
    "example_searches": example_searches,
    "large_tables": large_tables,
    "latency": latency,
    "mutants.__main__": mutants,
    "own_tables": own_tables,
    "portfolio.__main__": portfolio,
    "portfolio.judged": portfolio_judged,
    "predict": lambda run: run.main(
        "predict", "--rows", 600, "--rounds", 1, "--recipes", "classic", TRAINED_ROWS=60
    ),
    "predictions": predictions,
    "recipe.__main__": recipe,
    "run_list": lambda run: run.main("run_list", 3, REPEATS=1),
    "samplers.make_tables": make_tables,
    "samplers.multi_fidelity": lambda run: run.main(
        "samplers.multi_fidelity", "--seeds", 1, "--passes", 1, "--concurrency", 1, "--contenders", "random"
    ),
    "samplers.tables": sampler_tables,
    "search_overhead": search_overhead,
    "several_targets.__main__": several_targets,
    "targets.__main__": targets,
    "warm_start.__main__": warm_start,
    "size": lambda run: run.main("size", "--quick", ROWS=(1000, 1000)),
}


OF_EXTRAS = {"mutants.__main__"}
"""They need an optional library."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.extra] if name in OF_EXTRAS else []) for name in RUNS]
)
@pytest.mark.usefixtures("no_figures", "own_environment", "one_process")
def test_it_runs_to_its_end(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RUNS[name](Benchmark(monkeypatch, tmp_path))
    assert capsys.readouterr().out


def test_a_process_is_measured_and_one_that_fails_is_an_error() -> None:
    ended = commands.run_python("-c", "import os; print(os.environ['OF'])", OF="it")
    assert (ended.code, ended.stdout, ended.stderr) == (0, "it\n", "")
    assert 0.0 < ended.seconds < 60.0
    assert 0.0 < ended.processor_seconds < 60.0
    assert 1.0 < ended.megabytes < 1000.0
    with pytest.raises(subprocess.CalledProcessError):
        commands.run_python("-c", "raise SystemExit(2)")


def test_none_is_left_out() -> None:
    programs = {
        ".".join(file.relative_to(FOLDER).with_suffix("").parts)
        for file in FOLDER.rglob("*.py")
        if '__name__ == "__main__"' in file.read_text(encoding="utf-8")
    }
    assert programs == set(RUNS)
