"""Every benchmark runs to its end on something tiny: no figure of it is looked at."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import pytest

FOLDER: Final = Path(__file__).parent / "benchmarks"
ELSEWHERE: Final = {
    "comparison", "estimators", "example_searches", "latency", "run_list",
    "engine.__main__", "engine.their_folds", "mutants.__main__", "portfolio.__main__", "portfolio.judged",
    "recipe.__main__", "samplers.functions", "samplers.make_tables", "samplers.multi_fidelity",
    "samplers.proposal_cost", "samplers.tables", "search_without_space.__main__", "search_without_space.peer",
}  # fmt: skip
"""Those that tests of their own run."""
pytestmark = pytest.mark.usefixtures("no_figures", "own_environment")

Run = Callable[[pytest.MonkeyPatch, Path], object]


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some benchmarks set the number of BLAS threads when they are imported."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")


def benchmark(name: str) -> ModuleType:
    return import_module(f"tests.benchmarks.{name}")


def main(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: str, **constants: Any) -> object:
    """Run a benchmark's `main` with these arguments and these values in place of its constants."""
    module = benchmark(name)
    for constant, value in constants.items():
        monkeypatch.setattr(module, constant, value)
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    return module.main()


def changed(file: Path, folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy of a config with other settings."""
    text = file.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    copy = folder / file.name
    copy.write_text(text, encoding="utf-8")
    return copy


def cross_validation(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    config = benchmark("cross_validation").CONFIG.replace("epochs: 200", "epochs: 2")
    words = ["--folds", "2", "--repeats", "1", "--workers", "1", "--sources", "iris"]
    return main(monkeypatch, "cross_validation", *words, CONFIG=config)


def exported(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    pytest.importorskip("onnxruntime")
    config = "recipe: classic\ndata: {source: breast_cancer}\ntraining: {epochs: 1}\n"
    return main(monkeypatch, "exported", "1", CONFIGS={"one epoch": config}, SIZES=(1, 20))


def grid_2520(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    module = benchmark("grid_2520")
    single = {name: values[:1] for name, values in module.THEIRS.items()}
    return main(monkeypatch, "grid_2520", "--share", "1", THEIRS=single)


def large_tables(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    frames = pytest.importorskip("pandas")
    rows = frames.DataFrame({"y": range(20), "x": range(20)})
    source = benchmark("large_tables").Source(lambda: rows, "regression", "develop")
    words = [str(folder), "--packages", str(folder)]
    return main(monkeypatch, "large_tables", *words, sources=lambda packages: {"made": source})


def own_tables(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    module = benchmark("own_tables")
    name = min(module.MESSY, key=lambda name: len(module.MESSY[name].make()))
    return main(monkeypatch, "own_tables", "--only", name)


def random_splits(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    rows = "".join(f"{number},{'ab'[number % 2]}\n" for number in range(60))
    (folder / "table.csv").write_text(f"x,y\n{rows}", encoding="utf-8")
    return main(monkeypatch, "random_splits", str(folder), "--splits", "1")


def search_ensembles(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    x = np.random.default_rng(0).normal(size=60)
    rows = "".join(f"{value:.3f},{'a' if value > 0 else 'b'}\n" for value in x)
    (folder / "table.csv").write_text(f"x,y\n{rows}", encoding="utf-8")
    words = [str(folder / "table.csv"), "--seeds", "1", "--trials", "3", "--epochs", "2"]
    return main(monkeypatch, "search_ensembles", *words, SIZES=(1, 2))


def search_nas(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    config = changed(benchmark("search_nas").CONFIG, folder, ("trials: 320", "trials: 10"))
    return main(monkeypatch, "search_nas", "--seeds", "1", "--methods", "nas", CONFIG=config)


def search_peers(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    config = benchmark("search_peers").CONFIG.replace("max_epochs: 81", "max_epochs: 3")
    return main(monkeypatch, "search_peers", "--runs", "1", CONFIG=config, R=3, TRIALS=4)


def search_overhead(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    monkeypatch.chdir(folder)
    return main(monkeypatch, "search_overhead", "--trials", "40", SHARES=(1.0,))


def startup(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    return main(monkeypatch, "startup", RUNS=1)


def one_row(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    short = {"recipe": "classic", "training": {"epochs": 1}}
    return main(
        monkeypatch, "one_row", "--repeats", "1", EXPERIMENTS={"one network": short}, SECONDS_PER_TURN=1e-4
    )


def subnormals(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    return main(monkeypatch, "subnormals", "60", "1", RECIPES=("classic",))


def threads(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    small = {"ROWS": 40, "BATCH": 20, "RUNS": 1, "NETWORKS": ((4, (3,)),)}
    return main(monkeypatch, "threads", **small, set_blas_threads=lambda count: True)


RUNS: Final[dict[str, Run]] = {
    "alone": lambda patch, folder: main(patch, "alone", STEPS=4, RUNS=1),
    "cross_validation": cross_validation,
    "exported": exported,
    "grid_2520": grid_2520,
    "kills": lambda patch, folder: benchmark("kills").run_kills(1, epochs=2),
    "large_tables": large_tables,
    "one_row": one_row,
    "own_tables": own_tables,
    "predict": lambda patch, folder: main(
        patch, "predict", "--rows", "600", "--rounds", "1", "--recipes", "classic", TRAINED_ROWS=60
    ),
    "random_splits": random_splits,
    "search_cuts": lambda patch, folder: benchmark("search_cuts").run_cuts(1500),
    "search_ensembles": search_ensembles,
    "search_kills": lambda patch, folder: benchmark("search_kills").run_kills(1, max_epochs=3),
    "search_nas": search_nas,
    "search_overhead": search_overhead,
    "search_peers": search_peers,
    "size": lambda patch, folder: main(patch, "size", "--quick", ROWS=(1000, 1000)),
    "space": lambda patch, folder: main(patch, "space", TRIALS=10),
    "startup": startup,
    "subnormals": subnormals,
    "threads": threads,
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_it_runs_to_its_end(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not RUNS[name](monkeypatch, tmp_path)
    assert capsys.readouterr().out


def test_none_is_left_out() -> None:
    found = {
        ".".join(file.relative_to(FOLDER).with_suffix("").parts)
        for file in FOLDER.rglob("*.py")
        if '__name__ == "__main__"' in file.read_text(encoding="utf-8")
    }
    assert found == {*RUNS, *ELSEWHERE}
