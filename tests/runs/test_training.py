from __future__ import annotations

import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.plots.learning import learning_curve_figure
from fnnctl.report.figures import run_figures
from fnnctl.store import names
from fnnctl.training.trainer import train_stack
from tests.figures import CLASSIFICATION_FIGURES, figures_by_records
from tests.messages import Messages
from tests.program import AtEpoch, Program, assert_same_files, only_run, read_json, run_of
from tests.runs.folding import table
from tests.runs.resuming import COMPARED
from tests.runs.searching import write_config

OTHER_RUNS = {
    names.JOURNAL, names.JOURNAL_TORN, names.TIMELINE, names.LEADERBOARD, names.DATA_SIZE, names.THRESHOLD,
    names.FEATURE_IMPORTANCE, names.DEFAULT_CONFIG, names.GROUPS, names.COVERAGE,
    names.DRIFT, names.DRIFT_BINS, names.PARTIAL_DEPENDENCE, names.PAIR_DEPENDENCE, names.LABELS,
}  # fmt: skip
"""The files of searches, and those that need two classes, more rows, a setting or an option."""


@pytest.mark.figures
def test_writes_every_file_of_the_contract(program: Program, iris: Path, tmp_path: Path) -> None:
    done = program("train", str(iris))
    assert done.code == 0
    run = only_run(tmp_path)
    files = {path.name for path in run.iterdir() if not path.name.startswith(".")}
    figures = {*figures_by_records(run)}
    assert figures >= CLASSIFICATION_FIGURES
    assert files == {*names.LAYOUT, *figures} - {*OTHER_RUNS, names.CROSS_VALIDATION}
    assert (run / "config.yaml").read_bytes() == iris.read_bytes()
    manifest = read_json(run / "manifest.json")
    assert manifest["status"] == "completed"
    assert manifest["seconds"]["total"] > manifest["seconds"]["training"] > 0
    metrics = read_json(run / "metrics.json")
    assert set(metrics) == {"train", "validation", "test"}
    support = sum(of_class["support"] for of_class in metrics["test"]["per_class"].values())
    rows = {name: len((run / name).read_text().splitlines()) - 1 for name in files if name.endswith(".csv")}
    assert rows["history.csv"] == manifest["training"]["epochs"] == 12
    assert rows["predictions.csv"] == support == manifest["data"]["parts"]["test"] == 30
    assert rows["confusion_matrix.csv"] == len(metrics["test"]["per_class"]) == 3
    assert str(run.relative_to(tmp_path)) in done.out


@pytest.mark.parametrize(("threads", "recorded"), [(3, 3), (7, None)])
def test_as_many_threads_as_the_config_says(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch, threads: int, recorded: int | None
) -> None:
    """The BLAS gets its thread count before training; the manifest records it, or null if that fails."""
    calls = Mock()
    calls.train.side_effect, calls.set_threads.return_value = train_stack, recorded
    monkeypatch.setattr("fnnctl.runs.training.set_blas_threads", calls.set_threads)
    monkeypatch.setattr("fnnctl.stacks.work.train_stack", calls.train)
    run = run_of(program, "train", str(iris), "--set", f"training.threads={threads}")
    assert read_json(run / "manifest.json")["blas"]["threads"] == recorded
    assert [name for name, *_ in calls.mock_calls] == ["set_threads", "train"]
    calls.set_threads.assert_called_once_with(threads)


def test_json_is_one_object_and_quiet_prints_the_folder_alone(program: Program, iris: Path) -> None:
    done = program("train", str(iris), "--json", "--quiet")
    run = Path(done.json["run"])
    assert (done.json["status"], done.err) == ("completed", "")
    assert done.json["metrics"] == read_json(run / "metrics.json")
    shutil.rmtree(run)
    done = program("train", str(iris), "--quiet")
    assert (done.out, done.err) == (f"{only_run(Path())}\n", "")


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """A config for a table whose column says nothing about the class."""
    values = np.random.default_rng(0).normal(size=400).round(3).tolist()
    rows = [f"{value},{'ab'[number % 2]}" for number, value in enumerate(values)]
    (tmp_path / "noise.csv").write_text("\n".join(["x,y", *rows]) + "\n")
    config = tmp_path / "noise.yaml"
    config.write_text(
        "recipe: classic\ndata: {source: noise.csv, target: y, split: {validation: 0.2}}\n"
        "training: {epochs: 3}\n"
    )
    return config


def test_quiet_does_not_hide_that_a_network_is_useless(program: Program, noise: Path) -> None:
    """What else is warned of, such as the few epochs, is hidden."""
    folds = ("--set", "evaluation.cross_validation={folds: 3}")
    run = program("train", str(noise), "--quiet").out.strip()
    shutil.rmtree(run)
    for command, *words in (("train", str(noise)), ("evaluate", str(noise), *folds), ("evaluate", "latest")):
        done = program(command, *words, "--quiet")
        assert done.code == 0
        (line,) = done.err.splitlines()
        assert line.startswith(("warning: accuracy 0.", "warning: the network predicts"))
        assert " as the baseline does" in line or " is not better than " in line


def test_quiet_does_not_hide_an_exploded_loss(program: Program, iris: Path) -> None:
    settings = ("training.optimizer={name: adam, learning_rate: 1000}", "training.early_stopping=null")
    words = [word for setting in settings for word in ("--set", setting)]
    done = program("train", str(iris), "--quiet", *words)
    assert done.code == 0, done.err
    assert " exploded: it ended at " in done.err


def test_resolved_repeats_the_run_to_the_bit(program: Program, iris: Path) -> None:
    """With an override and a seed that only resolved.yaml contains."""
    first = run_of(program, "train", str(iris), "--set", "model.hidden=[8, 4]", "--seed", "5")
    again = run_of(program, "train", str(first / "resolved.yaml"))
    assert_same_files(first, again, *COMPARED, "roc_curve.csv", "resolved.yaml")


def test_a_relative_source_becomes_absolute(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "own.csv").write_text("x,label\n" + "".join(f"{i % 7},{i % 2}\n" for i in range(40)))
    (folder / "own.yaml").write_text("data: {source: own.csv, target: label}\nrecipe: classic\n")
    run = run_of(program, "train", "configs/own.yaml", "--set", "training.epochs=2")
    assert f"source: {folder / 'own.csv'}" in (run / "resolved.yaml").read_text()
    assert program("train", str(run / "resolved.yaml")).code == 0


def test_saved_weights_give_the_predictions(program: Program, iris: Path) -> None:
    """The forward pass is recomputed in plain NumPy from model.npz and model.json alone."""
    run = Path(program("train", str(iris), "--set", "data.scaling=none", "--json").json["run"])
    model = read_json(run / "model.json")
    with np.load(run / "model.npz", allow_pickle=False) as weights:
        W1, b1, W2, b2 = (weights[name] for name in ("weights_1", "biases_1", "weights_2", "biases_2"))
    from sklearn.datasets import load_iris

    rows = table(run, "predictions.csv")
    X = load_iris().data[[int(row["row"]) for row in rows]]
    assert model["features"] == [
        f"{part}_cm" for part in ("sepal_length", "sepal_width", "petal_length", "petal_width")
    ]
    probabilities = softmax(np.maximum(X @ W1.T + b1, 0) @ W2.T + b2)
    written = np.array([[float(row[f"p_{name}"]) for name in model["classes"]] for row in rows])
    np.testing.assert_allclose(written, probabilities, atol=1e-5)
    assert [row["prediction"] for row in rows] == [model["classes"][k] for k in written.argmax(axis=1)]


@pytest.mark.figures
def test_the_learning_curve_marks_the_best_epoch(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark is at the epoch of the lowest validation loss; without early stopping there is none."""
    learning_curve = [figure for figure in run_figures.RUN_FIGURES if figure.file == "learning_curve.png"]
    monkeypatch.setattr(run_figures, "RUN_FIGURES", learning_curve)
    drawn = Mock(side_effect=learning_curve_figure)
    monkeypatch.setattr("fnnctl.plots.learning.learning_curve_figure", drawn)
    stopping = "training.early_stopping={monitor: validation_loss, patience: 3}"
    long = ("--set", "training.epochs=200", "--set", "training.optimizer.learning_rate=0.2")
    run = run_of(program, "train", str(iris), "--set", stopping, *long)
    losses = [float(row["validation_loss"]) for row in table(run, "history.csv")]
    best = 1 + losses.index(min(losses))
    assert read_json(run / "manifest.json")["training"]["best_epoch"] == best == len(losses) - 3
    program("train", str(iris), "--set", "training.early_stopping=null")
    assert [call.kwargs["best_epoch"] for call in drawn.call_args_list] == [best, None]


def test_a_recipes_training_ends_when_its_best_loss_is_out_of_reach(program: Program, tmp_path: Path) -> None:
    """Up to that epoch it has the bits that it has if all are trained, and the best one is among them."""
    config = tmp_path / "table.yaml"
    config.write_text(
        "data: {source: iris}\nmodel: {hidden: [8], ensemble: {members: 4}}\n"
        "training: {epochs: 12, optimizer: {name: adam, learning_rate: 0.3}}\n"
    )
    auto, whole = (
        Path(program("train", str(config), *options, "--json").json["run"])
        for options in ((), ("--set", "training.early_stopping.patience=null"))
    )
    ended, trained = (read_json(run / "manifest.json")["training"] for run in (auto, whole))
    assert ended["stopped"] == "the best validation_calibrated_loss was out of reach"
    assert trained["stopped"] == "all epochs were trained"
    assert ended["best_epoch"] == trained["best_epoch"]
    assert ended["epochs"] < trained["epochs"] == 12
    of_ended, of_trained = ((run / "history.csv").read_text() for run in (auto, whole))
    assert of_trained.startswith(of_ended)
    predictions = [(run / "predictions.csv").read_bytes() for run in (auto, whole)]
    assert predictions[0] == predictions[1]
    assert "patience: auto" in (auto / "resolved.yaml").read_text()


@pytest.mark.figures
def test_divergence_ends_with_4_and_names_the_epoch(program: Program, iris: Path, tmp_path: Path) -> None:
    changes = ("training.optimizer={name: sgd, learning_rate: 1e6}", "data.scaling=none", "training.l2=1e5")
    done = program("train", str(iris), *(word for change in changes for word in ("--set", change)))
    assert done.code == 4
    assert "diverged in epoch" in done.err
    assert "learning_rate" in done.err
    run = only_run(tmp_path)
    assert read_json(run / "manifest.json")["status"] == "failed"
    assert (run / "history.csv").is_file()
    assert not (run / "learning_curve.png").exists()  # no epoch has a finite loss
    assert program("report").code == 0
    assert "<svg" not in program("report", "--format", "html").out


def test_divergence_in_the_last_step_is_seen_when_scoring(program: Program, iris: Path) -> None:
    """The weights are still finite, but overflow in the next forward pass."""
    changes = ["training.batch_size=1000", "training.optimizer={name: sgd, learning_rate: 1e6}", "seed=7"]
    changes += ["training.l2=1e3", "data.split.validation=0", "training.epochs=3", "model.hidden=[16]"]
    done = program("train", str(iris), *(part for change in changes for part in ("--set", change)))
    assert done.code == 4
    assert "RuntimeWarning" not in done.err


def test_without_validation_and_test_part(program: Program, iris: Path) -> None:
    run = run_of(program, "train", str(iris), "--set", "data.split={validation: 0, test: 0}")
    metrics = read_json(run / "metrics.json")
    assert metrics["validation"] is metrics["test"] is None
    assert ",,,," in (run / "history.csv").read_text().splitlines()[1]


@pytest.mark.parametrize("epoch", [3, 12])
def test_a_folder_that_is_deleted_meanwhile_is_a_failure_of_the_environment(
    program: Program, iris: Path, tmp_path: Path, at_epoch: AtEpoch, epoch: int
) -> None:
    at_epoch(epoch, lambda: shutil.rmtree(only_run(tmp_path)))
    done = program("train", str(iris), "--json")
    assert done.code == 3
    assert done.json["error"]["kind"] == "machine"
    assert "manifest.json is gone: the run folder was deleted" in done.json["error"]["message"]
    assert not list((tmp_path / "runs").iterdir())


@pytest.fixture
def limited(tmp_path: Path) -> Path:
    """A config for `train` only: searches and cross-validations refuse it before there is a folder."""
    return write_config(tmp_path / "x.yaml", training={"epochs": 3, "time_limit": 60})


@pytest.mark.parametrize("command", ["search", "plan", "check", "evaluate"])
def test_a_time_limit_is_refused_by_other_commands_with_its_line(
    program: Program, limited: Path, command: str, messages: Messages
) -> None:
    for words in ((), ("--set", "training.time_limit=9")):
        done = program(command, "x.yaml", *words)
        assert done.code == 2
        messages.check(done.out + done.err)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "words", ["train", "search --method random --set training.time_limit=null"], ids=["train", "search"]
)
def test_training_takes_it_and_without_it_a_search_runs(program: Program, limited: Path, words: str) -> None:
    command, *options = words.split()
    assert program(command, "x.yaml", "--quiet", "--no-figures", *options).code == 0
