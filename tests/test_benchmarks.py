"""The pieces of tests/benchmarks/engine on tiny sizes: they do what they say, and the same work for everyone.

Nothing is timed here: how long something took is asked for by no assertion.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.loading import load_experiment
from tests.benchmarks.engine import cells, contest, folds, memory, ours, products, sizes, wide
from tests.benchmarks.engine.contest import PEERS, Settings, contend, present
from tests.benchmarks.engine.trained import Trained
from tests.benchmarks.engine.work import NETWORKS, SOURCES, Work, cell
from tests.benchmarks.measuring import Clock, interleaved, processor_seconds, standard_error

ROOT = Path(__file__).parents[1]
TINY = Settings(rounds=1, steps=1, sources=("iris",), networks=("5×20",))


def tiny(rows: int = 25, batch: int = 10, *, epochs: int = 2, classes: int = 3) -> Work:
    rng = np.random.default_rng(0)
    y = np.arange(rows) % classes
    X = rng.normal(size=(rows, 4)) + y[:, None]
    return Work("tiny", X.astype(np.float32), y, classes, (6, 5), epochs, most_rows=batch)


def peer(name: str) -> Any:
    """A peer's module; a test that needs one which is not installed is skipped, and says so."""
    package, module = PEERS[name]
    pytest.importorskip(package, reason=f"{name} is not installed")
    return __import__(f"tests.benchmarks.engine.peers.{module}", fromlist=["trainers"])


def test_the_first_round_does_not_count_and_contenders_take_turns() -> None:
    calls: list[str] = []
    times = {"a": iter([9.0, 1.0, 5.0, 3.0]), "b": iter([0.0, 2.0, 2.0, 8.0])}

    def contender(name: str) -> Callable[[], float]:
        def measure() -> float:
            calls.append(name)
            return next(times[name])

        return measure

    assert interleaved({name: contender(name) for name in "ab"}, 3) == {"a": 3.0, "b": 2.0}
    assert calls == list("abababab")


def test_the_clock_counts_wall_or_processor_time() -> None:
    clock = Clock()
    assert clock.seconds is time.perf_counter
    clock.count_processor_time()
    assert clock.seconds is time.process_time


def test_processor_seconds_are_those_of_children_too() -> None:
    before, alone = processor_seconds(), time.process_time()
    work = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", work], check=True)
    assert processor_seconds() - before > time.process_time() - alone + 0.25


def test_standard_error_counts_the_folds_overlap() -> None:
    # the deviation of 1 and 3 is √2; √(1/2 + 1/(2 − 1)) = √1.5
    assert standard_error([1.0, 3.0], 2) == pytest.approx(3**0.5)


def test_cells_are_those_of_the_issue() -> None:
    works = {(source, name): cell(source, name, steps=18) for source in SOURCES for name in NETWORKS}
    assert len(works) == 12
    digits = works["digits", "5×100"]
    assert digits.shape.widths == (64, 100, 100, 100, 100, 100, 10)
    assert (digits.batch, digits.bounds[-1], digits.epochs, digits.steps) == (200, (1600, 1797), 2, 18)
    assert digits.X.dtype == np.float32
    np.testing.assert_allclose(digits.X.mean(axis=0), 0.0, atol=1e-5)
    assert works["iris", "100"].one_batch
    assert works["iris", "100"].batch == 150
    assert works["breast_cancer", "100"].shape.scores == 1


def test_orders_are_permutations_of_their_own() -> None:
    orders = tiny().orders(3, np.random.default_rng(0))
    assert orders.shape == (2, 3, 25)
    assert (np.sort(orders, axis=-1) == np.arange(25)).all()
    assert len({tuple(order) for order in orders.reshape(6, 25)}) == 6


@pytest.mark.parametrize(("classes", "scores"), [(3, 3), (2, 1)])
def test_products_of_a_step(classes: int, scores: int) -> None:
    work = tiny(rows=7, batch=7, classes=classes)
    # Wa and δaᵀ of 6 × (4 + 1), 5 × (6 + 1) and scores × (5 + 1) weights; Wᵀδ of the last two without biases
    by_hand = 2 * 7 * (2 * (30 + 35 + 6 * scores) + 30 + 5 * scores)
    assert products.flops(work) == by_hand
    for last in (True, False):
        step = products.step_products(work, members=2, batch=7, last=last)
        assert len(step) == 8
        count = 0
        for product, a, b, out in step:
            product(a, b, out=out)
            np.testing.assert_allclose(out, a @ b, rtol=1e-5)
            assert len(out) == 2
            count += 2 * out[0].size * a.shape[-1]
        assert count == by_hand


@pytest.mark.parametrize("measure", [products.examples_first, products.examples_last])
def test_products_are_timed_for_every_stack(measure: Any) -> None:
    assert measure(tiny(), [2, 1])() > 0.0
    assert measure(tiny(), [])() == 0.0


def test_members_train_as_in_one_stack_however_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    work = tiny()
    whole = ours.trainer(work, 3)().losses
    assert whole.shape == (2, 3)
    monkeypatch.setattr(ours, "best_size", lambda settings: 1)
    assert ours.cut(work, 3) == [[0], [1], [2]]
    np.testing.assert_array_equal(ours.trainer(work, 3)().losses, whole)


@pytest.mark.parametrize(("name", "members"), [("scikit-learn", 1), ("PyTorch", 1), ("JAX", 3)])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("batch", [10, 25])
def test_everyone_does_the_same_work(name: str, members: int, classes: int, batch: int) -> None:
    """From the same weights; only where an epoch has several batches the orders of the rows differ."""
    work = tiny(epochs=30, classes=classes, batch=batch)
    own = ours.trainer(work, members)().losses
    ways = peer(name).trainers(work, members)
    assert ways
    for train in ways.values():
        for _ in range(2):  # every time from the first weights
            losses = train().losses
            assert losses.shape == (30, members)
            tolerance = 1e-3 if work.one_batch else 0.05
            np.testing.assert_allclose(losses, own, rtol=tolerance)
    assert (own[-1] < 0.95 * own[0]).all()


def test_a_librarys_best_way_counts_for_each_of_its_networks() -> None:
    def trainers(work: Work, members: int) -> dict[str, Callable[[], Trained]]:
        own = ours.trainer(work, 1)().losses
        return {
            way: lambda seconds=seconds, off=off: Trained(seconds, own + off * own[0])  # type: ignore[misc]
            for way, seconds, off in (("slow", 3.0, 0.0), ("fast", 0.5, 0.1), ("middling", 2.0, -0.2))
        }

    module: Any = SimpleNamespace(trainers=trainers)
    result = contend(tiny(), 2, {"one": (module, 1), "four": (module, 4)}, rounds=1)
    best = result.best
    assert list(best) == ["fnnctl", "one", "four", "products"]
    assert best["one"].way == "fast"
    assert best["one"].microseconds == pytest.approx(0.5 / 6 * 1e6)
    assert best["four"].microseconds == pytest.approx(0.5 / 6 / 4 * 1e6)
    assert best["products"].microseconds > 0.0
    assert best["fnnctl"].microseconds > 0.0
    assert result.apart == pytest.approx(0.2)


def test_what_is_not_installed_is_left_out_aloud(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(contest.PEERS, "Abacus", ("no_such_package", "abacus"))
    assert present(("Abacus",)) == {}
    assert capsys.readouterr().out == "Abacus is not installed: left out\n"


@pytest.mark.parametrize("table", [cells.alone, cells.stacked])
def test_a_table_has_a_row_a_cell(table: Any, capsys: pytest.CaptureFixture[str]) -> None:
    peer("scikit-learn")
    table(TINY)
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("iris") for line in lines) == 1
    assert any(line.startswith("scikit-learn: geometric mean of the ratios ") for line in lines)


def test_wide(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("ROWS", 20), ("FEATURES", 3), ("BATCH", 10), ("HIDDEN", (4, 4))):
        monkeypatch.setattr(wide, name, value)
    threads: list[int] = []
    monkeypatch.setattr(wide, "default_threads", lambda layout: 2)
    monkeypatch.setattr(wide, "set_blas_threads", threads.append)
    wide.wide(TINY)
    assert threads == [2, 1]
    out = capsys.readouterr().out
    assert "3-4-4-10, batch 10, 2 threads" in out
    assert "share of the products' peak" in out


def test_sizes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sizes, "SIZES", (1, 2))
    monkeypatch.setattr(sizes, "MIN_STEPS", 1)
    sizes.sizes(TINY)
    row = capsys.readouterr().out.splitlines()[-1].split()
    assert row[:2] == ["iris", "5×20"]
    assert len(row) == 6
    assert row[4].endswith("%")


def test_rise_is_what_follows_the_least() -> None:
    assert sizes.rise([9.0, 4.0, 3.0, 3.6, 3.3]) == pytest.approx(0.2)
    assert sizes.rise([3.0, 2.0, 1.0]) == 0.0


def test_peak_counts_what_was_there_at_one_time() -> None:
    def make() -> object:
        large = np.empty(3_000_000, np.uint8)
        del large
        return np.empty(1_000_000, np.uint8)

    assert memory.peak_bytes(make) == pytest.approx(3_000_000, rel=0.01)


def test_memory(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(memory, "MEMBERS", 2)
    memory.memory(TINY)
    row = capsys.readouterr().out.splitlines()[-1].split()
    assert row[:5] == ["iris", "5×20", "1", "×", "2"]
    assert float(row[8]) == float(row[10])  # one stack in either case


@pytest.fixture(scope="module")
def validation() -> CrossValidation:
    overrides = [*folds.FIXED, "training.epochs=5", "evaluation.cross_validation={folds: 3, repeats: 1}"]
    return load_experiment(folds.CONFIG, overrides).cross_validation()


def test_cross_validation_has_the_same_folds_for_both(validation: CrossValidation) -> None:
    peer("scikit-learn")
    own, theirs = folds.Scores(), folds.Scores()
    assert folds.train_ours(validation, own) > 0.0
    assert folds.their_cross_validation(validation, theirs, jobs=1)() > 0.0
    rows = np.bincount(validation.folds.assignment[0])
    for scores in (own, theirs):
        assert len(scores.accuracies) == 3
        hits = np.array(scores.accuracies) * rows
        np.testing.assert_allclose(hits, hits.round(), atol=1e-9)
    assert sum(own.accuracies) > 1.0


def test_the_whole_program() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.engine", "--quick", "--memory"]
    done = subprocess.run(
        [*command, "--source", "iris", "--network", "100"],
        capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[-1].split()[:2] == ["iris", "100"]
    assert sum(line.startswith("Memory: 256 networks") for line in lines) == 1
    assert "Alone" not in done.stdout
