"""Wrong calls: each is a `FnnctlError` whose sentence says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fnnctl
from fnnctl import Experiment, FnnctlError
from fnnctl.errors import DivergedError, NoFinishedTrialError
from fnnctl.space import Condition, Dimension, LogUniform, Uniform

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


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "no data": (fnnctl.train, r"^data\.source: missing"),
    "lengths": (lambda: train((X, Y[:5])), "y has 5 values, but X has 30 rows"),
    "one dimension": (lambda: train((X[:, 0], Y)), r"X\.reshape\(-1, 1\) is one column"),
    "three dimensions": (lambda: train((X[None], Y)), "has the shape"),
    "no y": (lambda: train(X), r"there is no target: pass \(X, y\)"),
    "a class for nobody": (lambda: train((X, np.where(Y, np.nan, 1.0))), "has only one class, '1'"),
    "one class": (lambda: train((X, np.zeros(30))), "has only one class, '0'"),
    "texts in X": (lambda: train((X.astype(str), Y)), "X has texts, but an array has numbers only"),
    "complex numbers": (lambda: train((X.astype(complex), Y)), "X has complex numbers"),
    "unknown target": (lambda: train(TABLE, **{"data.target": "knd"}), "no column 'knd' .*mean 'kind'"),
    "no target": (lambda: train(TABLE), "name the target column; .* size, kind"),
    "equal names": (lambda: train({"a": [1], "a ": [1]}, **{"data.target": "a"}), "have the same name 'a'"),
    "lists in a column": (
        lambda: train({"a": [[1], [2]], "y": [0, 1]}, **{"data.target": "y"}),
        "the column 'a' has the type 'list'",
    ),
    "a generator": (lambda: train(row for row in X), "a generator can be read only once"),
    "a number": (lambda: train(3), "type int is no data"),
    "negative weights": (lambda: train((X, Y, -np.ones(30))), "has a negative number, -1"),
    "few weights": (lambda: train((X, Y, np.ones(3))), "weights has 3 values, but X has 30 rows"),
    "no such table": (lambda: train("nowhere.csv"), r"there is no file '.*/nowhere\.csv'"),
    "data twice": (lambda: fnnctl.train((X, Y), (X, Y)), "not tuple; write data="),
    "one column as the data": (lambda: fnnctl.train({1, 2}, target="y"), "not set; write data="),
    "a target that is no text": (lambda: fnnctl.train(TABLE, target=3), r"^data\.target: must be text"),  # type: ignore[arg-type]
    "a frame without a target": (lambda: fnnctl.train([{"a": 1, "y": 2}]), "name the target column"),
    "no such file": (lambda: fnnctl.train("nowhere.yaml"), "there is no such file"),
    "a table as the experiment": (
        lambda: fnnctl.train(Path(__file__).parents[2] / "configs" / "own-data.csv"),
        "is a table, not an experiment",
    ),
    "unknown setting": (lambda: train((X, Y), **{"model.hiden": [3]}), "did you mean 'hidden'"),
    "wrong value": (lambda: train((X, Y), **{"model.hidden": "x"}), r"^model\.hidden: must be a list"),
    "settings as a list": (
        lambda: fnnctl.train(SHORT, settings=["a"]),  # type: ignore[arg-type]
        "settings are a mapping from paths to values, not list",
    ),
    "an object in the settings": (lambda: train((X, Y), seed=object()), "^seed: must be a value of a YAML"),
    "a path that is no text": (lambda: Experiment().set(None, 1), "None is not a setting"),  # type: ignore[arg-type]
    "an observer that is none": (
        lambda: fnnctl.train(SHORT, (X, Y), observer=print),  # type: ignore[arg-type]
        r"a subclass of fnnctl\.Observer",
    ),
    "runs in a file": (lambda: fnnctl.train(SHORT, (X, Y), runs_dir=__file__), "it is not a folder"),
    "a search of an empty space": (
        lambda: fnnctl.run_search(SHORT, (X, Y), settings={"search.space": {}}),
        "name a setting with its domain",
    ),
    "unknown method": (lambda: search(method="foo"), r"^search\.method: cannot be 'foo'"),
    "no workers": (lambda: fnnctl.evaluate(SHORT, (X, Y), workers=0), "^workers must be a whole number"),
    "no trials": (lambda: search(max_trials=0), "^max_trials must be a whole number of 1 or more, not 0"),
    "no time": (lambda: search(time_limit=-1), "^time_limit must be a positive number"),
    "no such run": (lambda: fnnctl.load_run("foo", "nowhere"), "there is no run in the folder 'nowhere' yet"),
    "one run": (lambda: fnnctl.compare(fnnctl.train(SHORT, (X, Y))), "compare needs two runs"),
    "unknown method of optimize": (lambda: optimize(method="by"), "there is no method 'by'"),
    "unknown direction": (lambda: optimize(direction="down"), "^direction must be"),
    "rungs of one epoch": (lambda: optimize(method="asha"), "set max_epochs"),
    "no budgets": (lambda: optimize(max_epochs=3, min_epochs=4), "epochs from 4 to 3 are no budgets"),
    "a domain that is none": (lambda: optimize({"x": 3}), "^x: must be a domain of fnnctl.space"),
    "bounds as a tuple": (lambda: optimize({"x": (0, 1)}), "^x: must be a domain of fnnctl.space"),
    "a domain without values": (lambda: optimize({"x": LogUniform(-1, 1)}), "^x: "),
    "an empty choice": (lambda: optimize({"x": []}), "^x: is empty"),
    "no variable": (lambda: fnnctl.optimize(lambda values: 1.0, {}), "the space has no variable"),
    "too many trials": (
        lambda: optimize(trials=10**9),
        "^trials must be at most 10,000,000, not 1,000,000,000",
    ),
    "a bound that is a text": (
        lambda: optimize({"x": Uniform("a", 2)}),  # type: ignore[arg-type]
        "^x: has bounds that are no numbers",
    ),
    "a condition on nothing": (
        lambda: optimize([Dimension("x", Uniform(0, 1), conditions=(Condition("y", (1,)),))]),
        "^x: has a condition on 'y', which is no variable",
    ),
    "no rows to score": (
        lambda: fnnctl.train(SHORT, (X, Y)).evaluate("nowhere.csv"),
        r"^data: there is no file 'nowhere\.csv'",
    ),
    "an export to a number": (lambda: fnnctl.train(SHORT, (X, Y)).export(5), "^output must be a path, not 5"),  # type: ignore[arg-type]
    "half a trial": (lambda: optimize(trials=2.5), "^trials must be a whole number of 1 or more, not 2.5"),
    "a comparison of nothing": (lambda: optimize(require=["x ‹"]), "^require: column"),
    "a comparison of unknowns": (lambda: optimize(require="y < 3"), "^require: column"),
    "a comparison that is a number": (lambda: optimize(require=3), "^require must be a comparison, such as"),
    "no reduction": (lambda: optimize(reduction_factor=0), "^reduction_factor must be a number of 2 or more"),
    "no method": (lambda: optimize(method=None), "^there is no method None; choose"),
    "epochs as a text": (lambda: optimize(max_epochs="3"), "^max_epochs must be a whole number of 1 or more"),
    "a space that is none": (lambda: optimize(5), "^the space must be a mapping from names to domains"),
    "a journal that is none": (lambda: optimize(journal=5), "^journal must be a path, not 5"),
    "a limit as a text": (
        lambda: optimize(time_limit="2"),
        "^time_limit must be a positive number of seconds",
    ),
    "no function": (lambda: fnnctl.optimize(3, {"x": Uniform(0, 1)}), "^the objective must be a function"),  # type: ignore[arg-type]
    "no value": (lambda: fnnctl.optimize(print, {"x": [1]}), "^the value of an objective must be a number"),  # type: ignore[arg-type]
    "what is no exception": (lambda: optimize(catch="all"), "^catch must be a tuple of types of exceptions"),
    "workers as a text": (lambda: fnnctl.evaluate(SHORT, (X, Y), workers="2"), "^workers must be a whole"),  # type: ignore[arg-type]
    "half a worker": (lambda: search(workers=1.5), "^workers must be a whole number of 1 or more, not 1.5"),
    "time as a text": (lambda: search(time_limit="2"), "^time_limit must be a positive number of seconds"),
    "runs in a number": (lambda: fnnctl.train(SHORT, (X, Y), runs_dir=5), "^runs_dir must be a path, not 5"),  # type: ignore[arg-type]
    "runs of a number": (lambda: fnnctl.list_runs(5), "^runs_dir must be a path, not 5"),  # type: ignore[arg-type]
    "a run of a number": (lambda: fnnctl.load_run(5), "^name must be a path, not 5"),  # type: ignore[arg-type]
    "a run saved nowhere": (lambda: fnnctl.train(SHORT, (X, Y)).save(""), "^folder must be a path, not ''"),
    "a run saved in a number": (lambda: fnnctl.train(SHORT, (X, Y)).save(5), "^folder must be a path, not 5"),  # type: ignore[arg-type]
    "a path as the settings": (
        lambda: Experiment("configs/iris.yaml"),  # type: ignore[arg-type]
        r"write Experiment\.load\('configs/iris\.yaml'\)$",
    ),
    "a number as the settings": (lambda: Experiment(5), "^settings are a mapping, not int"),  # type: ignore[arg-type]
    "columns as the settings": (
        lambda: fnnctl.train({"size": [1, 2], "kind": ["a", "b"]}),
        "^'size' is no setting; this looks like data: write data=…",
    ),
    "an array as a setting": (lambda: Experiment({"size": X}), "this looks like data: write data=…"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")
def test_a_wrong_call_is_a_clear_error(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call, words = WRONG[name]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FnnctlError) as raised:
        call()
    assert re.search(words, str(raised.value))
    assert not str(raised.value).startswith("--")  # no option of the command line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")
def test_the_errors_of_a_run_in_memory_name_no_folder() -> None:
    wild = {"recipe": "classic", "training.optimizer": {"name": "sgd", "learning_rate": 1e6}}
    with pytest.raises(DivergedError, match=r"such as [\d.]+$"):
        fnnctl.train(SHORT, (X, X[:, 0]), settings=wild | {"model.ensemble": 1})
    with pytest.raises(NoFinishedTrialError, match=r"before any trial had a result: the time limit$"):
        search(time_limit=1e-9)
