"""The pieces of tests/benchmarks/samplers on tiny sizes: they search and compare what they say."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from fnnctl.records.trials import Job, Trial
from fnnctl.space.space import Space
from tests.benchmarks.samplers import (
    contenders,
    functions,
    make_tables,
    multi_fidelity,
    ours,
    proposal_cost,
    tables,
    theirs,
)
from tests.benchmarks.samplers.contenders import TWICE, best_so_far
from tests.benchmarks.samplers.intervals import paired
from tests.benchmarks.samplers.multi_fidelity import EPOCHS
from tests.benchmarks.samplers.peer import Proposal
from tests.benchmarks.samplers.problems import HARTMANN_MINIMUM, branin, hartmann
from tests.benchmarks.samplers.problems import functions as problems
from tests.benchmarks.samplers.table import DIMENSIONS, SHAPE, Table, read_tables, write_tables
from tests.benchmarks.samplers.theirs import Recorded
from tests.benchmarks.samplers.with_optuna import suggested


@pytest.mark.parametrize(
    ("name", "function", "place"),
    [
        ("branin", branin, [(math.pi + 5) / 15, 2.275 / 15]),
        ("hartmann3", hartmann, [0.1146, 0.5556, 0.8525]),
        ("hartmann6", hartmann, [0.2017, 0.15, 0.4769, 0.2753, 0.3117, 0.6573]),
    ],
)
def test_the_minimum_is_where_the_literature_says(name: str, function: Any, place: list[float]) -> None:
    problem = problems()[name]
    assert function(np.array(place)) == pytest.approx(problem.minimum, abs=1e-4)
    found = minimize(function, place, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15})
    assert found.fun == pytest.approx(problem.minimum, abs=1e-12)


def test_the_mixed_functions_minimum_is_in_its_hardest_branch() -> None:
    problem = problems()["mixed"]
    best = {"shape": "curved", "rate": 0.01, "count": 7, "u": 0.3, "v": 0.8}
    assert problem.loss(best) == pytest.approx(problem.minimum)
    assert problem.loss({"shape": "none", "rate": 0.01, "count": 7}) == pytest.approx(0.8)
    flat = {"shape": "flat", "rate": 0.01, "count": 7, "w": 0.6, "slope": 0.1}
    assert problem.loss(flat) == pytest.approx(0.4)
    rng = np.random.default_rng(0)
    points = [problem.space.assignment(rng.random(7).tolist()) for _ in range(1000)]
    assert min(map(problem.loss, points)) > problem.minimum
    assert {name for name, each in problems().items() if not each.numeric} == {"mixed"}


def test_only_seeds_are_drawn_again() -> None:
    same = paired({"a": [1.0, 1.0], "b": [-2.0, -2.0]})
    assert (same.mean, same.low, same.high) == (-0.5, -0.5, -0.5)
    assert same.verdict == "ahead"
    values = np.random.default_rng(0).normal(size=100)
    wide = paired({"a": values.tolist()})
    error = values.std() / 10
    assert wide.low == pytest.approx(values.mean() - 1.96 * error, abs=0.1 * error)
    assert wide.high == pytest.approx(values.mean() + 1.96 * error, abs=0.1 * error)
    assert wide.verdict == "no difference"


def test_twice_the_trials_count_at_half_their_number() -> None:
    problem = problems()["branin"]
    recorded = Recorded(None)
    runs = contenders.run(TWICE, problem, trials=5, batch=1, seeds=[3], recorded=recorded)
    whole = best_so_far(ours.search("random", problem, trials=10, batch=1, seed=3))
    assert runs == {3: [whole[k] for k in (1, 3, 5, 7, 9)]}


def test_a_batch_is_told_after_it_was_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    class Counts:
        def ask(self, n: int, pending: object) -> list[dict[str, float]]:
            calls.append(n)
            return [{"x1": 0.5, "x2": 0.5}] * n

        def tell(self, trial: Trial, loss: float, budget: int) -> None:
            calls.append(-trial.number)

    monkeypatch.setattr(ours, "build", lambda *args, **kwargs: Counts())
    assert len(ours.search("tpe", problems()["branin"], trials=5, batch=3, seed=0)) == 5
    assert calls == [3, 0, -1, -2, 2, -3, -4]


class Suggests:
    """What Optuna asks its sampler for, answered from given values."""

    def __init__(self, **values: Any) -> None:
        self.values, self.asked = values, dict[str, tuple[Any, ...]]()

    def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> Any:
        self.asked[name] = low, high, log
        return self.values[name]

    suggest_int = suggest_float

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any:
        self.asked[name] = tuple(choices)
        return self.values[name]


def test_optuna_searches_the_same_space() -> None:
    trial = Suggests(shape="flat", rate=0.1, count=3, w=0.2, slope=1.0)
    assert suggested(problems()["mixed"].space, trial) == trial.values
    assert trial.asked == {
        "shape": ("curved", "flat", "none"),
        "rate": (1e-4, 1.0, True),
        "count": (1, 12, False),
        "w": (0.0, 1.0, False),
        "slope": (1e-3, 10.0, True),
    }


class Looks:
    """Another library's search that proposes one configuration, and notes what it is told."""

    def __init__(self, assignment: dict[str, Any], budgets: list[int] | None = None) -> None:
        self.assignment, self.budgets, self.told = assignment, budgets or [1], list[float]()

    def ask(self, n: int) -> list[Proposal]:
        return [Proposal(k, self.assignment, self.budgets[len(self.told)]) for k in range(n)]

    def tell(self, proposal: Proposal, loss: float) -> None:
        self.told.append(loss)


def test_other_libraries_are_told_finite_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([2.0, math.inf, 1.0])
    looks = Looks({})
    monkeypatch.setattr(looks, "budgets", [1, 1, 1])
    monkeypatch.setitem(theirs.PEERS, "hebo", theirs.Contender("HEBO", (), lambda space, trials, seed: looks))
    problem = replace(problems()["branin"], loss=lambda assignment: next(losses))
    assert theirs.search("hebo", problem, trials=3, batch=2, seed=0) == [2.0, math.inf, 1.0]
    assert looks.told == [2.0, 2.0, 1.0]


def test_what_other_libraries_find_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, searched = tmp_path / "losses.json", list[int]()
    versions: dict[str, str | None] = {"optuna": "5.0", "smac": "2.4"}

    def search(sampler: str, problem: object, *, trials: int, batch: int, seed: int) -> list[float]:
        searched.append(seed)
        return [float(seed)] * trials

    monkeypatch.setattr(theirs, "search", search)
    monkeypatch.setattr(theirs, "version", versions.get)
    monkeypatch.setattr(theirs, "is_there", lambda name: versions[theirs.PEERS[name].library] is not None)
    settings: dict[str, Any] = {"problem": problems()["branin"], "trials": 4, "batch": 1}
    for _ in range(2):
        recorded = Recorded(path)
        assert recorded.search("optuna-tpe", seed=7, **settings) == [7.0] * 4
        assert recorded.search("smac", seed=1, **settings) == [1.0] * 4
    assert searched == [7, 1]
    versions["optuna"] = "5.1"
    recorded = Recorded(path)
    assert (recorded.has("optuna-tpe"), recorded.has("smac")) == (False, True)
    recorded.search("optuna-tpe", seed=7, **settings)
    assert searched == [7, 1, 7]
    versions["optuna"] = versions["smac"] = None
    recorded = Recorded(path)
    assert (recorded.version("optuna"), recorded.version("smac")) == ("5.1", "2.4")
    assert recorded.search("optuna-tpe", seed=7, **settings) == [7.0] * 4
    assert recorded.search("optuna-tpe", seed=8, **settings) is None


def test_functions_are_shown_with_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    problem = problems()["branin"]
    found = {
        ("tpe", "branin"): {0: [1.0, problem.minimum + 0.01], 1: [2.0, problem.minimum + 0.1]},
        ("optuna-tpe", "branin"): {0: [1.0, problem.minimum + 0.1]},
    }
    functions.show_regret(found, {"branin": problem}, [2])
    functions.show_differences(found, {"branin": problem}, [2])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["branin", "tpe", "-1.500", "2"]
    assert lines[3] == "tpe − optuna-tpe after 2 trials"
    assert lines[4].split() == ["branin,", "1", "seeds", "-1.000", "[-1.000,", "-1.000]", "ahead"]
    assert lines[8].split() == ["all,", "floor", "0.01", "-1.000", "[-1.000,", "-1.000]", "ahead"]


def small_table() -> Table:
    values = np.arange(math.prod(SHAPE), dtype=np.float32).reshape(*SHAPE, 1)
    return Table("small", {"loss": values, "error": values[::-1] + 1})


def test_tables_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "tables.npz"
    write_tables(path, [small_table()])
    (table,) = read_tables(path)
    problem = table.problem("loss")
    assert problem.minimum == 0.0
    assert table.scale("loss") == (math.prod(SHAPE) - 1) / 2
    assert problem.loss(dict(zip(DIMENSIONS, (0, 0, 0, 0, 1, 2), strict=True))) == 5.0
    assert problem.space.size == math.prod(SHAPE)
    assert problem.numeric
    assert table.problem("error").minimum == 1.0


def test_a_table_is_made_from_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{k / 40},{(k * 7 % 40) / 40},{'yes' if k % 3 else 'no'}" for k in range(60)]
    (tmp_path / "toy.csv").write_text("\n".join(["a,b,y", *rows]), encoding="utf-8")
    small = {**{name: values[-1:] for name, values in DIMENSIONS.items()}, "width": (2, 4), "depth": (1, 2)}
    monkeypatch.setattr(make_tables, "DIMENSIONS", small)
    monkeypatch.setattr(make_tables, "SHAPE", (1, 1, 1, 2, 2, 1))
    table = make_tables.make("toy", tmp_path / "toy.csv", epochs=3)
    assert table.curves["loss"].shape == (1, 1, 1, 2, 2, 1, 3)
    assert np.isfinite(table.curves["loss"]).all()
    assert len(np.unique(table.curves["loss"])) == 12
    assert ((table.curves["error"] >= 0) & (table.curves["error"] <= 1)).all()


def test_the_tables_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tables.npz"
    write_tables(path, [small_table()])
    words = ["tables", str(path), "--contenders", "random", TWICE, "--seeds", "2", "--metric", "loss"]
    monkeypatch.setattr("sys.argv", words)
    tables.main()
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines if line.startswith("small")]
    assert [row[1] for row in rows] == ["random", TWICE]
    assert rows[0][3:5] == rows[1][2:4]  # twice 25 trials are 50


def test_noise_and_bias_fall_with_the_epochs() -> None:
    trial = Trial(0, {"x1": 0.1, "x2": 0.5, "x3": 0.9})
    true = hartmann(np.array([0.1, 0.5, 0.9]))

    def errors(stop: int) -> list[float]:
        jobs = (multi_fidelity.NoisyHartmann(seed)(Job(trial, 0, 0, stop)) for seed in range(400))
        return [value - true for value in jobs]

    assert np.std(errors(1)) == pytest.approx(0.3, rel=0.1)
    assert np.std(errors(81)) == pytest.approx(0.3 / 9, rel=0.1)
    assert np.mean(errors(81)) == pytest.approx(0.0, abs=0.01)
    assert np.mean(errors(1)) > 0.1  # the wells are less deep
    assert errors(9) == errors(9)


def test_passes_repeat_the_brackets() -> None:
    searches = [multi_fidelity.search("random", 3, 0, passes=n, concurrency=1) for n in (1, 2)]
    assert [len(steps) for steps in searches] == [206, 412]
    assert [sum(step.epochs for step in steps) for steps in searches] == [EPOCHS, 2 * EPOCHS]
    assert [step.loss for step in searches[1][:206]] == [step.loss for step in searches[0]]
    mean, end = multi_fidelity.area(searches[1], 2 * EPOCHS)
    assert end <= multi_fidelity.area(searches[1], EPOCHS)[1]
    assert -2 < mean < 1


def test_all_have_the_same_epochs() -> None:
    steps = multi_fidelity.search("asha", 3, 0, passes=1, concurrency=1)
    assert EPOCHS <= sum(step.epochs for step in steps) < EPOCHS + 81
    looks = Looks({"x1": 0.1, "x2": 0.5, "x3": 0.9}, [27, 81, 81, EPOCHS])
    continued = multi_fidelity.search_with(looks, 0, passes=1)
    assert [step.epochs for step in continued] == [27, 54, 0, EPOCHS - 81]


def test_a_regret_lasts_until_the_next_incumbent() -> None:
    good, bad = np.array([0.1146, 0.5556, 0.8525]), np.array([0.9, 0.1, 0.1])

    def regret(place: Any) -> float:
        return math.log10(hartmann(place) - HARTMANN_MINIMUM[3])

    Step = multi_fidelity.Step
    steps = [Step(bad, 9, 0.0, 9), Step(good, 3, -3.0, 3), Step(good, 9, -3.0, 6), Step(bad, 81, 0.0, 81)]
    mean, end = multi_fidelity.area(steps, 30)
    assert end == pytest.approx(regret(good) if regret(good) > -4 else -4.0)
    assert mean == pytest.approx((18 * regret(bad) + 12 * end) / 30)


@pytest.mark.parametrize("space", [proposal_cost.mixed_space(), proposal_cost.number_space()])
def test_proposals_are_timed_in_ten_dimensions(space: Space) -> None:
    assert len(space.dimensions) == 10
    assert proposal_cost.milliseconds("random", space, past=5, repeats=3) > 0.0


def test_a_grids_config_is_json() -> None:
    made = make_tables.config(Path("x.csv"), 5)
    assert json.loads(json.dumps(made)) == made
    sizes = [len(domain["choice"]) for domain in made["search"]["space"].values()]
    assert math.prod(sizes) == math.prod(SHAPE)
