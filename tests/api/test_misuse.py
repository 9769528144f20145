"""Wrong calls: each is a `FnnctlError` whose sentence says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fnnctl
from fnnctl import Experiment, FnnctlError
from fnnctl.errors import DivergedError, NoFinishedTrialError
from fnnctl.space import Condition, Dimension, LogUniform, Uniform
from tests.messages import Messages

X = np.random.default_rng(0).normal(size=(30, 3))
Y = np.arange(30) % 2
SHORT = {"model": {"hidden": [4], "ensemble": 1}, "training": {"epochs": 2}}
TABLE = {"size": X[:, 0], "kind": ["yes" if label else "no" for label in Y]}


def train(data: Any = None, **settings: Any) -> object:
    return fnnctl.train(SHORT, data, settings=settings)


def optimize(space: Any = None, **arguments: Any) -> object:
    return fnnctl.optimize(lambda values: 1.0, space or {"x": Uniform(0, 1)}, **arguments)


def search(**arguments: Any) -> object:
    space = {"training.l2": {"log_uniform": [1e-6, 1e-2]}}
    return fnnctl.run_search(SHORT, (X, Y), settings={"search": {"space": space}}, **arguments)


WRONG: dict[str, Callable[[], object]] = {
    "no data": fnnctl.train,
    "lengths": lambda: train((X, Y[:5])),
    "one dimension": lambda: train((X[:, 0], Y)),
    "three dimensions": lambda: train((X[None], Y)),
    "no y": lambda: train(X),
    "a class for nobody": lambda: train((X, np.where(Y, np.nan, 1.0))),
    "one class": lambda: train((X, np.zeros(30))),
    "texts in X": lambda: train((X.astype(str), Y)),
    "complex numbers": lambda: train((X.astype(complex), Y)),
    "unknown target": lambda: train(TABLE, **{"data.target": "knd"}),
    "no target": lambda: train(TABLE),
    "equal names": lambda: train({"a": [1], "a ": [1]}, **{"data.target": "a"}),
    "lists in a column": lambda: train({"a": [[1], [2]], "y": [0, 1]}, **{"data.target": "y"}),
    "a generator": lambda: train(row for row in X),
    "a number": lambda: train(3),
    "negative weights": lambda: train((X, Y, -np.ones(30))),
    "few weights": lambda: train((X, Y, np.ones(3))),
    "no such table": lambda: train("nowhere.csv"),
    "data twice": lambda: fnnctl.train((X, Y), (X, Y)),
    "one column as the data": lambda: fnnctl.train({1, 2}, target="y"),
    "a target that is no text": lambda: fnnctl.train(TABLE, target=3),  # type: ignore[arg-type]
    "a frame without a target": lambda: fnnctl.train([{"a": 1, "y": 2}]),
    "no such file": lambda: fnnctl.train("nowhere.yaml"),
    "a table as the experiment": lambda: fnnctl.train(Path("table.csv")),
    "unknown setting": lambda: train((X, Y), **{"model.hiden": [3]}),
    "wrong value": lambda: train((X, Y), **{"model.hidden": "x"}),
    "settings as a list": lambda: fnnctl.train(SHORT, settings=["a"]),  # type: ignore[arg-type]
    "an object in the settings": lambda: train((X, Y), seed=object()),
    "a path that is no text": lambda: Experiment().set(None, 1),  # type: ignore[arg-type]
    "an observer that is none": lambda: fnnctl.train(SHORT, (X, Y), observer=print),  # type: ignore[arg-type]
    "runs in a file": lambda: fnnctl.train(SHORT, (X, Y), runs_dir="table.csv"),
    "a search of an empty space": lambda: fnnctl.run_search(SHORT, (X, Y), settings={"search.space": {}}),
    "unknown method": lambda: search(method="foo"),
    "no workers": lambda: fnnctl.evaluate(SHORT, (X, Y), workers=0),
    "no trials": lambda: search(max_trials=0),
    "no time": lambda: search(time_limit=-1),
    "no such run": lambda: fnnctl.load_run("foo", "nowhere"),
    "one run": lambda: fnnctl.compare(fnnctl.train(SHORT, (X, Y))),
    "unknown method of optimize": lambda: optimize(method="by"),
    "unknown direction": lambda: optimize(direction="down"),
    "rungs of one epoch": lambda: optimize(method="asha"),
    "no budgets": lambda: optimize(max_epochs=3, min_epochs=4),
    "a domain that is none": lambda: optimize({"x": 3}),
    "bounds as a tuple": lambda: optimize({"x": (0, 1)}),
    "a domain without values": lambda: optimize({"x": LogUniform(-1, 1)}),
    "an empty choice": lambda: optimize({"x": []}),
    "no variable": lambda: fnnctl.optimize(lambda values: 1.0, {}),
    "too many trials": lambda: optimize(trials=10**9),
    "a bound that is a text": lambda: optimize({"x": Uniform("a", 2)}),  # type: ignore[arg-type]
    "a condition on nothing": lambda: optimize(
        [Dimension("x", Uniform(0, 1), conditions=(Condition("y", (1,)),))]
    ),
    "no rows to score": lambda: fnnctl.train(SHORT, (X, Y)).evaluate("nowhere.csv"),
    "an export to a number": lambda: fnnctl.train(SHORT, (X, Y)).export(5),  # type: ignore[arg-type]
    "half a trial": lambda: optimize(trials=2.5),
    "a negative seed": lambda: optimize(seed=-1),
    "half a seed": lambda: optimize(seed=1.5),
    "a seed as a text": lambda: optimize(seed="1"),
    "an unknown format": lambda: fnnctl.train(SHORT, (X, Y)).export("model", "onx"),
    "a format that is no text": lambda: fnnctl.train(SHORT, (X, Y)).export("model", 5),  # type: ignore[arg-type]
    "an export to nowhere": lambda: fnnctl.train(SHORT, (X, Y)).export(),
    "a threshold beyond 1": lambda: fnnctl.train(SHORT, (X, Y)).evaluate((X, Y), threshold=2),
    "a name that is no text": lambda: fnnctl.train(SHORT, (X, Y)).evaluate((X, Y), name=3),  # type: ignore[arg-type]
    "nothing to score": lambda: fnnctl.train(SHORT, (X, Y)).evaluate(None),
    "a comparison of nothing": lambda: optimize(require=["x ‹"]),
    "a comparison of unknowns": lambda: optimize(require="y < 3"),
    "a comparison that is a number": lambda: optimize(require=3),
    "no reduction": lambda: optimize(reduction_factor=0),
    "no method": lambda: optimize(method=None),
    "epochs as a text": lambda: optimize(max_epochs="3"),
    "a space that is none": lambda: optimize(5),
    "a journal that is none": lambda: optimize(journal=5),
    "a limit as a text": lambda: optimize(time_limit="2"),
    "no function": lambda: fnnctl.optimize(3, {"x": Uniform(0, 1)}),  # type: ignore[arg-type]
    "no value": lambda: fnnctl.optimize(print, {"x": [1]}),  # type: ignore[arg-type]
    "what is no exception": lambda: optimize(catch="all"),
    "workers as a text": lambda: fnnctl.evaluate(SHORT, (X, Y), workers="2"),  # type: ignore[arg-type]
    "half a worker": lambda: search(workers=1.5),
    "time as a text": lambda: search(time_limit="2"),
    "runs in a number": lambda: fnnctl.train(SHORT, (X, Y), runs_dir=5),  # type: ignore[arg-type]
    "runs of a number": lambda: fnnctl.list_runs(5),  # type: ignore[arg-type]
    "a run of a number": lambda: fnnctl.load_run(5),  # type: ignore[arg-type]
    "a run saved nowhere": lambda: fnnctl.train(SHORT, (X, Y)).save(""),
    "a run saved in a number": lambda: fnnctl.train(SHORT, (X, Y)).save(5),  # type: ignore[arg-type]
    "a path as the settings": lambda: Experiment("configs/iris.yaml"),  # type: ignore[arg-type]
    "a number as the settings": lambda: Experiment(5),  # type: ignore[arg-type]
    "columns as the settings": lambda: fnnctl.train({"size": [1, 2], "kind": ["a", "b"]}),
    "an array as a setting": lambda: Experiment({"size": X}),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")
def test_a_wrong_call_is_a_clear_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "table.csv"
    table.write_text("a,y\n1,2\n")
    with pytest.raises(FnnctlError) as raised:
        WRONG[name]()
    messages.check(raised.value)
    assert not str(raised.value).startswith("--")  # no option of the command line
    assert list(tmp_path.iterdir()) == [table]


@pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")
def test_the_errors_of_a_run_in_memory_name_no_folder() -> None:
    wild = {"recipe": "classic", "training.optimizer": {"name": "sgd", "learning_rate": 1e6}}
    with pytest.raises(DivergedError, match=r"such as [\d.]+$"):
        fnnctl.train(SHORT, (X, X[:, 0]), settings=wild | {"model.ensemble": 1})
    with pytest.raises(NoFinishedTrialError, match=r"before any trial had a result: the time limit$"):
        search(time_limit=1e-9)
