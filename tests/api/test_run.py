from __future__ import annotations

import copy
import gc
import json
import math
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fnnctl
from fnnctl import Observer, Run
from fnnctl.blas import blas_threads
from fnnctl.errors import DataError, UsageError
from tests.messages import Messages

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

SHORT = {"data": "iris", "model": {"hidden": [4], "ensemble": 1}, "training": {"epochs": 3}}
SEARCH = {
    "training.epochs": 4,
    "search": {
        "method": "random", "trials": 4, "ensemble": {"size": 2},
        "space": {"training.l2": {"log_uniform": [1e-5, 1e-2]}},
    },
}  # fmt: skip
ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])


@pytest.fixture(scope="module")
def trained() -> Run:
    return fnnctl.train(SHORT)


@pytest.fixture(scope="module")
def searched() -> Run:
    return fnnctl.run_search(SHORT, settings=SEARCH)


def test_a_run_in_memory_has_everything_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    before = blas_threads(), np.geterr()
    run = fnnctl.train(SHORT)
    assert (run.path, run.name, run.kind, run.status) == (None, "iris", "train", "completed")
    assert 0 < run.metrics["test"]["accuracy"] <= 1
    assert run.history["epoch"] == [1, 2, 3]
    assert run.config["training"]["epochs"] == 3
    assert run.config["complete"] is True
    assert (run.best, run.ensemble) == (None, None)
    assert repr(run) == "<Run iris: train, completed>"
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert (blas_threads(), np.geterr()) == before


def test_reports_of_a_run_in_memory_name_no_folder(trained: Run, searched: Run) -> None:
    for run in (trained, searched, searched.ensemble):
        assert run is not None
        for text in (run.report(), run.report(short=True), run.report("html")):
            assert "memory:" not in text
            assert "fnnctl train " not in text
        assert run.to_dict()["name"] == "iris"
        assert "&lt;!doctype html&gt;" in run._repr_html_()
    with pytest.raises(UsageError, match="there is no report 'pdf'"):
        trained.report("pdf")
    with pytest.raises(UsageError, match="there is no short report 'html'"):
        trained.report("html", short=True)


def test_figures_are_drawn_when_they_are_asked_for(trained: Run) -> None:
    assert {"roc_curve", "confusion_matrix", "learning_curve"} <= set(trained.figures)
    assert type(trained.figures["roc_curve"]).__name__ == "Figure"
    assert trained.figures["roc_curve"]._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(KeyError, match="there is no figure 'rok_curve'; the run has confusion_matrix, "):
        trained.figures["rok_curve"]


def test_figures_are_pickled(searched: Run) -> None:
    """A history with dead units has ticks of its own."""
    trained = fnnctl.train(data="diabetes", settings={"recipe": "classic", "training.epochs": 3})
    for run, name in ((trained, "learning_curve"), (searched, "search_history")):
        copies = pickle.loads(pickle.dumps(run.figures))
        assert list(copies) == list(run.figures)
        figure = pickle.loads(pickle.dumps(run.figures[name]))
        assert figure._repr_png_() == copies[name]._repr_png_() == run.figures[name]._repr_png_()


def test_a_search_has_a_winner_and_an_ensemble(searched: Run) -> None:
    assert searched.kind == "search"
    best, ensemble = searched.best, searched.ensemble
    assert best is not None
    assert ensemble is not None
    assert searched.metrics == best.metrics
    assert searched.history == best.history
    rows = np.array([[5.1, 3.5, 1.4, 0.2]])
    assert searched.predictor.predict_proba(rows).tolist() == best.predictor.predict_proba(rows).tolist()
    assert ensemble.predictor.predict(rows).tolist() == ["setosa"]


def test_a_search_has_its_trials_and_the_best_settings(searched: Run, trained: Run) -> None:
    table = searched.leaderboard
    assert list(table)[:4] == ["rank", "trial", "status", "objective"]
    assert table["objective"] == sorted(table["objective"], reverse=True)
    assert searched.best_settings == {"training.l2": table["training.l2"][0]}
    assert searched.best is not None
    assert searched.best.config["training"]["l2"] == table["training.l2"][0]
    assert (trained.leaderboard, trained.best_settings) == ({}, {})


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))])
def test_a_copy_of_a_run_in_memory_outlives_it(copied: Callable[[Run], Run]) -> None:
    run = fnnctl.run_search(SHORT, settings=SEARCH)
    probabilities = run.predictor.predict_proba(ROWS)
    files, metrics = run.folder.files(), run.metrics
    copy_of_run = copied(run)
    assert copy_of_run.folder.path != run.folder.path
    del run
    gc.collect()
    assert (copy_of_run.folder.files(), copy_of_run.metrics) == (files, metrics)
    assert copy_of_run.best is not None
    np.testing.assert_array_equal(copy_of_run.best.predictor.predict_proba(ROWS), probabilities)


def test_a_pickled_run_in_a_folder_names_the_folder(tmp_path: Path) -> None:
    run = fnnctl.train(SHORT, runs_dir=tmp_path)
    assert pickle.loads(pickle.dumps(run)).path == run.path


def test_the_inner_run_keeps_the_files_of_the_search() -> None:
    """The search itself is gone, and with it the only other reference to the files."""
    best = fnnctl.run_search(SHORT, settings=SEARCH).best
    assert best is not None
    assert best.metrics["test"]["accuracy"] > 0


def test_a_saved_run_is_one_that_commands_can_name(trained: Run, tmp_path: Path) -> None:
    saved = trained.save(tmp_path / "runs" / "mine")
    assert saved.path == tmp_path / "runs" / "mine"
    assert saved.metrics == trained.metrics
    assert fnnctl.load_run("mine", tmp_path / "runs").config == trained.config
    assert [run.path for run in fnnctl.list_runs(tmp_path / "runs")] == [saved.path]
    with pytest.raises(UsageError, match="already exists"):
        trained.save(tmp_path / "runs" / "mine")
    with pytest.raises(UsageError, match="there is no run 'other'"):
        fnnctl.load_run("other", tmp_path / "runs")


def test_runs_are_compared(trained: Run, tmp_path: Path) -> None:
    other = fnnctl.train(SHORT, settings={"seed": 1}, runs_dir=tmp_path)
    comparison = fnnctl.compare(trained, other)
    assert len(comparison.verdicts) == 1
    assert repr(comparison) == comparison.verdicts[0]
    assert comparison.to_dict()["metric"] == "accuracy"
    assert json.loads(comparison.report("json")) == comparison.to_dict()
    by_name = fnnctl.compare(trained, "latest", metric="log_loss", runs_dir=tmp_path)
    assert by_name.to_dict()["metric"] == "log_loss"
    with pytest.raises(UsageError):
        fnnctl.compare(trained, other, metric="r2")


def test_a_comparison_keeps_its_runs(trained: Run) -> None:
    """No other reference keeps the second one."""
    comparison = fnnctl.compare(trained, fnnctl.train(SHORT, settings={"seed": 1}))
    assert len(comparison.verdicts) == 1
    assert "memory:" not in comparison.report()


class Interrupting(Observer):
    """Presses Ctrl-C after so many calls of `progress`."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def progress(self, what: str, done: float, total: float) -> None:
        self._left -= what == "training"
        if self._left == 0:
            raise KeyboardInterrupt

    def warning(self, text: str) -> None: ...


@pytest.mark.parametrize(
    ("call", "settings"),
    [(fnnctl.train, {"training.epochs": 8}), (fnnctl.run_search, SEARCH), (fnnctl.evaluate, {})],
    ids=["train", "search", "evaluate"],
)
def test_an_interrupted_run_continues_with_the_same_bits(
    call: Callable[..., Run], settings: dict[str, object], tmp_path: Path
) -> None:
    whole = call(SHORT, settings=settings)
    with pytest.raises(KeyboardInterrupt):
        call(SHORT, runs_dir=tmp_path, observer=Interrupting(2), settings=settings)
    run = fnnctl.load_run("latest", tmp_path)
    assert run.status == "interrupted"
    resumed = run.resume()
    assert resumed.status == "completed"
    assert resumed.metrics == whole.metrics
    assert resumed.history == whole.history


def test_a_search_is_resumed_with_limits_and_extended(tmp_path: Path) -> None:
    search = fnnctl.run_search(SHORT, settings=SEARCH, max_trials=2, workers=1, runs_dir=tmp_path)
    unchanged = search.resume(workers=1)
    assert len(unchanged.leaderboard["trial"]) == 2
    limited = search.resume(workers=1, max_trials=4, time_limit=1e-9)
    assert (limited.status, len(limited.leaderboard["trial"])) == ("completed", 2)
    extended = search.resume(workers=1, max_trials=4, time_limit=math.inf)
    whole = fnnctl.run_search(SHORT, settings=SEARCH, workers=1)
    assert extended.leaderboard == whole.leaderboard
    assert extended.metrics == whole.metrics


def test_limits_of_a_search_are_no_options_of_other_runs(tmp_path: Path) -> None:
    run = fnnctl.train(SHORT, runs_dir=tmp_path)
    assert run.resume(workers=1).status == "completed"
    with pytest.raises(UsageError, match="max_trials and time_limit are for searches"):
        run.resume(max_trials=3)
    with pytest.raises(UsageError, match="workers must be a whole number of 1 or more"):
        run.resume(workers=0)


def test_a_run_on_data_in_memory_gets_them_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    data = (X, (X[:, 0] > 0).tolist())
    settings = {"model.hidden": [4], "model.ensemble": 1, "training.epochs": 6}
    with pytest.raises(KeyboardInterrupt):
        fnnctl.train(data=data, runs_dir=tmp_path, observer=Interrupting(2), settings=settings)
    run = fnnctl.load_run("latest", tmp_path)
    with pytest.raises(DataError, match="in the memory of a Python program"):
        run.resume()
    with pytest.raises(DataError, match="has changed: its SHA-256"):
        run.resume((X + 1, data[1]))
    assert run.resume(data).metrics == fnnctl.train(data=data, settings=settings).metrics


def test_a_run_in_memory_is_not_resumed(trained: Run) -> None:
    with pytest.raises(UsageError, match="set runs_dir"):
        trained.resume()


def test_a_cross_validation_has_no_predictor() -> None:
    folds = fnnctl.evaluate(SHORT)
    assert folds.metrics["cross_validation"]["accuracy"]["mean"] > 0
    with pytest.raises(UsageError, match="saves no network"):
        folds.predictor  # noqa: B018
    assert not hasattr(folds, "predictor")
    assert getattr(folds, "predictor", None) is None


def test_a_run_is_tagged_and_promoted(tmp_path: Path) -> None:
    run = fnnctl.train(SHORT, runs_dir=tmp_path)
    assert (run.tags, run.note, run.promoted) == ((), None, ())
    run.tag("paper", "v1.2")
    run.untag("paper")
    run.write_note("good")
    run.promote("champion")
    run.promote("champion")
    found = fnnctl.load_run("champion", tmp_path)
    assert (found.path, found.tags, found.note) == (run.path, ("v1.2",), "good")
    assert found.promoted == ("champion",)
    (listed,) = fnnctl.list_runs(tmp_path)
    assert repr(listed) == "<Run iris: train, completed, promoted as champion, tagged v1.2>"
    facts = run.to_dict()
    assert ([*facts["promoted"]], facts["tags"], facts["note"]) == (["champion"], ["v1.2"], "good")
    with pytest.raises(UsageError, match=r"'iris' is the name of an experiment"):
        run.promote("iris")


def test_a_run_in_memory_has_tags_but_no_name(trained: Run, messages: Messages) -> None:
    run: Any = copy.copy(trained)
    run.tag("x")
    assert run.tags == ("x",)
    calls: list[Callable[[], object]] = [
        lambda: run.promote("champion"),
        lambda: run.tag(["x"]),
        lambda: run.tag("a b"),
        lambda: run.untag("b"),
        lambda: run.write_note(None),
    ]
    for call in calls:
        with pytest.raises(UsageError) as caught:
            call()
        messages.check(caught.value)
    run.untag("x")
    assert run.tags == ()
