"""The portfolio is learned on a pool of predictions: made ones, and those of candidates that are trained."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.recipes import search as recipe
from fnnctl.config.recipes.portfolio import PORTFOLIO, Change
from tests.benchmarks.portfolio.__main__ import main
from tests.benchmarks.portfolio.candidates import SINGLE, candidates, changed_fields
from tests.benchmarks.portfolio.judged import main as judged
from tests.benchmarks.portfolio.pool import Entry, measure, read_pool
from tests.benchmarks.portfolio.selecting import gains_on, mean_gain, select_portfolio
from tests.benchmarks.recipe.tables import Table, read_table


def errors(*values: float, seconds: float = 1.0) -> Entry:
    """A regression's candidate with these errors, alternating, on 40 out-of-bag and 12 test rows."""
    return Entry(np.resize(values, 40), np.resize(values, 12), seconds, is_classification=False)


def test_candidates_that_make_up_for_each_other_are_selected() -> None:
    """The default errs by 1; candidate 2 is worse alone but cancels it, candidate 1 is a little better."""
    table = {0: errors(1.0), 1: errors(0.9), 2: errors(-1.1), 3: errors(-1.0, seconds=9.0)}
    pool = {"a": table, "b": table}
    assert select_portfolio(pool, size=3, most_time=3.0) == [0, 2, 1]
    assert 3 in select_portfolio(pool, size=4, most_time=10.0)
    gains = mean_gain(pool, [0, 2])
    assert gains.nested == gains.tested == pytest.approx(0.3), "a table counts at most that much"


def test_a_gain_is_that_of_rows_that_did_not_select() -> None:
    """Noise that looks better on one half is worse on the other."""
    rng = np.random.default_rng(0)
    noise = {index: Entry(rng.normal(size=60), rng.normal(size=60), 1.0, False) for index in range(40)}
    alone = gains_on({0: Entry(np.ones(60), np.ones(60), 1.0, False), 1: noise[1]}, [0])
    assert alone == (0.0, 0.0)
    nested, tested = gains_on(noise, list(noise))
    assert nested < 0.95
    assert tested < 0.95


def test_candidates_are_the_same_for_any_number_of_them() -> None:
    assert candidates(5)[: len(SINGLE) + 2] == candidates(2)
    assert changed_fields(Change(width=2, smoothing=0.0)) == {"width": 2, "smoothing": 0.0}
    assert candidates(0)[0] == Change()


@pytest.fixture
def table(tmp_path: Path) -> Table:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 60))
    labels = np.where(a + 0.3 * rng.normal(size=60) > 0, "yes", "no")
    lines = [f"{x:.3f},{y:.3f},{label}" for x, y, label in zip(a, b, labels, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *lines]) + "\n", encoding="utf-8")
    return read_table(tmp_path / "t.csv")


def test_a_candidate_is_measured_as_train_trains_it(table: Table) -> None:
    """Without an embedding there are no twins; the values are probabilities of the true class."""
    entry = measure(table, Change(embedding=False, epochs=0.2, width=0.25), 0)
    assert entry.out_of_bag.shape == (48,)
    assert entry.tested.shape == (12,)
    assert ((entry.out_of_bag > 0) & (entry.out_of_bag < 1)).all()
    assert float(np.mean(entry.tested > 0.5)) > 0.6


def test_the_command_measures_and_selects(
    tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = [Change(epochs=0.1), Change(epochs=0.2, depth=1)]
    monkeypatch.setattr("tests.benchmarks.portfolio.__main__.candidates", lambda drawn: few)
    folder, pool = str(table.path.parent), str(tmp_path / "pool")
    main(["measure", "--tables", folder, "--pool", pool])
    assert set(read_pool(tmp_path / "pool", 2)) == {"t"}
    main(["select", "--pool", pool, "--most-time", "1e9"])
    assert capsys.readouterr().out.startswith("    Change(epochs=0.1),  # ")
    assert not list((tmp_path / "pool").glob("*.tmp*"))


def test_a_table_is_judged_by_the_portfolio_of_the_others(tmp_path: Path) -> None:
    """The table `odd` is the only one on which candidate 1 helps."""
    helps, hurts = errors(-1.0), errors(3.0)
    tables = {"odd": {0: errors(1.0), 1: helps, 2: hurts}}
    tables |= {name: {0: errors(1.0), 1: hurts, 2: helps} for name in ("x", "y", "z")}
    for name, entries in tables.items():
        for index, entry in entries.items():
            entry.write(tmp_path / f"{name}-{index}.npz")
    file = tmp_path / "folds.json"
    main(["select", "--pool", str(tmp_path), "--size", "2", "--folds", str(file)])
    judged = json.loads(file.read_text(encoding="utf-8"))
    second = {name: Change(**fields[1]) for name, fields in judged.items()}
    assert second["odd"] == candidates(0)[2]
    assert second["x"] == candidates(0)[2]


def test_a_search_has_the_portfolio_of_its_table(
    tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PORTFOLIO", "MANY_ROWS_PORTFOLIO"):
        monkeypatch.setattr(recipe, name, PORTFOLIO)  # is restored at the end
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.yaml").write_text("data: {source: t.csv, target: y}\n", encoding="utf-8")
    entries = [asdict(Change()), asdict(Change(epochs=0.1, depth=1))]
    (tmp_path / "folds.json").write_text(json.dumps({"t": entries}), encoding="utf-8")
    words = ["search", "t.yaml", "--max-trials", "2", "--no-figures", "--quiet", "--executor", "serial"]
    assert judged(["folds.json", "t", *words]) == 0
    (journal,) = tmp_path.glob("runs/*/journal.jsonl")
    assert len(journal.read_text(encoding="utf-8").split('"training.epochs":2,')) > 1
