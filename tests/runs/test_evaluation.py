"""A saved network is scored again: on its own test part, and on a new file."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss, roc_auc_score

from fnnctl.runs.evaluation import comparison
from tests.commands.tables import penguins, table_of, train, write_table
from tests.figures import figures_by_records
from tests.messages import Messages
from tests.program import Program, assert_same_files, only_run, read_json, run_of


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


@pytest.fixture
def run(trained: Path, program: Program, tmp_path: Path) -> Path:
    """A copy of the run on penguins, in `runs` of the working directory; its data are elsewhere."""
    return Path(shutil.copytree(only_run(trained), tmp_path / "runs" / only_run(trained).name))


def test_its_own_test_part_has_the_recorded_metrics(run: Path, program: Program, tmp_path: Path) -> None:
    before = state_of(run)
    done = program("evaluate", "--json")
    recorded = read_json(run / "metrics.json")
    assert done.code == 0
    assert done.json == {
        "run": str(run.relative_to(tmp_path)),
        "status": "completed",
        "metrics": {"train": None, "validation": None, "test": recorded["test"]},
    }
    assert done.err == "the metrics equal those in metrics.json, to the last digit\n"
    assert state_of(run) == before
    assert len(list((tmp_path / "runs").iterdir())) == 1
    printed = program("evaluate", run.name[:12])
    assert f"{recorded['test']['accuracy']:.4f}" in printed.out
    assert "Confusion matrix on the test part" in program("evaluate", run.name[:12], "--verbose").out


@pytest.mark.parametrize(
    "changes",
    [
        {"model.normalization": "batch", "model.calibration": "temperature", "data.weights": "year"},
        {"data.test_source": "penguins.csv", "training.precision": "float64"},
    ],
)
def test_any_network_has_them(program: Program, tmp_path: Path, changes: dict[str, str]) -> None:
    run = train(program, write_table(tmp_path / "penguins.csv", *penguins()), changes)
    done = program("evaluate", "--json")
    assert done.err.splitlines()[-1] == "the metrics equal those in metrics.json, to the last digit"
    assert done.json["metrics"]["test"] == read_json(run / "metrics.json")["test"]


def test_other_metrics_give_a_warning(run: Path, program: Program) -> None:
    """As on another machine, which would also have written the digest."""
    metrics = read_json(run / "metrics.json")
    now = metrics["test"]["accuracy"]
    metrics["test"]["accuracy"] = 0.125
    (run / "metrics.json").write_text(json.dumps(metrics))
    assert program("evaluate", "--json").code == 2
    manifest = read_json(run / "manifest.json")
    manifest["sha256"]["metrics.json"] = hashlib.sha256((run / "metrics.json").read_bytes()).hexdigest()
    (run / "manifest.json").write_text(json.dumps(manifest))
    done = program("evaluate", "--json")
    assert done.code == 0
    assert done.err == f"warning: the metrics differ from metrics.json: accuracy 0.125, now {now}\n"
    (run / "metrics.json").unlink()
    assert program("evaluate", "--json").err == "note: the run recorded no metrics for its test part\n"


def test_metrics_are_compared_to_rounding() -> None:
    metrics = {
        "loss": 0.5,
        "accuracy_ci95": [0.25, 0.75],
        "per_class": {"a": {"roc_auc": None}},
        "support": 4,
    }
    equal = "the metrics equal those in metrics.json"
    assert comparison(metrics, metrics) == (f"{equal}, to the last digit", False)
    near = {**metrics, "loss": 0.5 + 1e-9, "accuracy_ci95": [0.25, 0.75 - 1e-9]}
    assert comparison(metrics, near) == (f"{equal}, except for rounding", False)
    assert comparison({"loss": 1e4}, {"loss": 1e4 + 1e-4}) == (f"{equal}, except for rounding", False)
    other = {**metrics, "per_class": {"a": {"roc_auc": 0.5}}}
    assert comparison(metrics, other) == ("the metrics differ from metrics.json: per_class", True)
    gone = {**metrics, "accuracy_ci95": [0.25]}
    assert comparison(metrics, gone)[0].endswith("metrics.json: accuracy_ci95 [0.25], now [0.25, 0.75]")
    assert "loss None, now 0.5" in comparison(metrics, {**metrics, "loss": None})[0]
    newer = {**metrics, "f1": 0.5, "best_f1": {"f1": 0.6}, "baseline": {"accuracy": 0.5, "f1": 0.0}}
    assert comparison(newer, {**metrics, "baseline": {"accuracy": 0.5}})[0].endswith("to the last digit")
    assert "f1 0.25, now 0.5" in comparison(newer, {**metrics, "f1": 0.25, "baseline": {"accuracy": 0.5}})[0]


def test_data_that_are_not_there_or_not_the_same_are_refused(
    run: Path, program: Program, tmp_path: Path, messages: Messages
) -> None:
    resolved = (run / "resolved.yaml").read_text()
    recorded = read_json(run / "manifest.json")["data"]
    for name, value in (("sha256", hashlib.sha256(b"other").hexdigest()), ("source", "/gone.csv")):
        (run / "resolved.yaml").write_text(resolved.replace(recorded[name], value))
        done = program("evaluate")
        assert done.code == 2
        messages.check(done.err.replace(recorded["source"], "penguins.csv").replace(run.name, "RUN"))
    (run / "resolved.yaml").unlink()
    done = program("evaluate")
    assert (done.code, done.err.partition("has")[2]) == (
        2,
        " no resolved.yaml, which names its data: add --data FILE\n",
    )


def test_a_run_without_a_test_part_says_so(program: Program, tmp_path: Path) -> None:
    train(program, write_table(tmp_path / "penguins.csv", *penguins()), {"data.split.test": "0"})
    done = program("evaluate")
    assert (done.code, done.err.partition("has")[2]) == (2, " no test part: add --data FILE\n")


@pytest.mark.figures
def test_a_new_file_is_scored_into_a_folder_of_its_own(run: Path, program: Program, tmp_path: Path) -> None:
    """Every tenth row, in another order, with an extra column; scikit-learn computes the expected scores."""
    names, rows = penguins()
    rows = rows[::-10]
    rows[3]["species"] = "NA"
    table = write_table(
        tmp_path / "new.csv", ["note", *reversed(names)], [{**row, "note": "x"} for row in rows]
    )
    before = state_of(run)
    done = program("evaluate", run.name, "--data", "new.csv", "--json")
    assert done.code == 0, done.err
    assert done.err.splitlines() == [
        "new.csv: a column is ignored, because the network was not trained with it: 'note'",
        "warning: new.csv: left out 1 row without a value in 'species'",
        "warning: new.csv: 1 of 7 columns has shifted from the training rows: 'sex' (PSI 0.58)",
    ]
    assert state_of(run) == before
    folder = Path(done.json["run"])
    assert folder.name.endswith(f"-penguins-on-new-{folder.name[-6:]}")
    assert {path.name for path in folder.iterdir()} == {
        ".lock", "manifest.json", "metrics.json", "predictions.csv", "confusion_matrix.csv", "roc_curve.csv",
        "pr_curve.csv", "calibration.csv", "worst_rows.csv", "log.txt", "drift.csv",
        "drift_bins.csv", *figures_by_records(folder),
    }  # fmt: skip
    manifest = read_json(folder / "manifest.json")
    assert (manifest["kind"], manifest["status"]) == ("evaluation", "completed")
    assert manifest["evaluated"] == {
        "run": str(run), "sha256": hashlib.sha256((run / "model.npz").read_bytes()).hexdigest(),
        "threshold": None, "delimiter": None, "encoding": None, "table": None, "query": None, "sheet": None,
    }  # fmt: skip
    assert manifest["data"]["sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()
    assert manifest["data"]["source"] == str(table)
    assert manifest["data"]["parts"] == {"train": 0, "validation": 0, "test": len(rows) - 1}
    assert manifest["warnings"] == [line.removeprefix("warning: ") for line in done.err.splitlines()[1:]]

    metrics = read_json(folder / "metrics.json")
    assert done.json == {"run": str(folder), "status": "completed", "metrics": metrics}
    assert (metrics["train"], metrics["validation"]) == (None, None)
    predicted = table_of((folder / "predictions.csv").read_text())
    assert [row["row"] for row in predicted] == [str(k) for k in range(len(rows)) if k != 3]
    labels = [row["species"] for row in rows if row["species"] != "NA"]
    assert [row["label"] for row in predicted] == labels
    classes = ["Adelie", "Chinstrap", "Gentoo"]
    p = np.array([[float(row[f"p_{name}"]) for name in classes] for row in predicted])
    found = [row["prediction"] for row in predicted]
    test = metrics["test"]
    assert test["accuracy"] == np.mean(np.array(labels) == found)
    assert test["f1_macro"] == pytest.approx(f1_score(labels, found, average="macro"), rel=1e-12)
    assert test["log_loss"] == pytest.approx(log_loss(labels, p, labels=classes), rel=1e-12)
    auc = roc_auc_score(labels, p, multi_class="ovr", labels=classes)
    assert test["roc_auc_macro"] == pytest.approx(auc, rel=1e-12)
    with (folder / "confusion_matrix.csv").open(newline="") as file:
        counts = [[int(count) for count in row[1:]] for row in list(csv.reader(file))[1:]]
    assert np.trace(counts) == round(test["accuracy"] * len(labels))
    outside = {row["row"]: row for row in table_of(program("predict", str(run), "new.csv", "-q").out)}
    for row in predicted:
        del row["label"]
        assert row == outside[row["row"]]


def test_the_training_data_again_have_the_same_bits(run: Path, trained: Path, program: Program) -> None:
    done = program("evaluate", "--data", str(trained / "penguins.csv"), "--quiet", "--name", "Zweiter Blick")
    assert (done.code, done.err) == (0, "")
    folder = Path(done.out.strip())
    assert "zweiter-blick" in folder.name
    everywhere = {row["row"]: row for row in table_of((folder / "predictions.csv").read_text())}
    for row in table_of((run / "predictions.csv").read_text()):
        assert row == everywhere[row["row"]]


@pytest.mark.figures
def test_the_report_and_the_list_of_runs_know_the_kind(run: Path, trained: Path, program: Program) -> None:
    folder = Path(program("evaluate", "--data", str(trained / "penguins.csv"), "--json").json["run"])
    shaped = program("report", "--json", "--fail-under", "accuracy=0.1").json
    (reported,) = shaped["runs"]
    assert (reported["kind"], reported["evaluated"]["run"]) == ("evaluation", str(run))
    assert shaped["gates"][0]["passed"]
    text = program("report").out
    assert str(run) in text
    assert "344" in text
    assert "0 train" not in text
    assert [entry["kind"] for entry in program("runs", "--json").json["runs"]] == ["train", "evaluation"]
    figure = folder / "roc_curve.png"
    figure.unlink()
    assert program("report", "--quiet").code == 0
    assert figure.is_file()


def test_the_network_of_an_evaluation_is_the_one_it_scored(
    run: Path, trained: Path, program: Program
) -> None:
    """So `latest` still refers to a network after a file was scored."""
    data = str(trained / "penguins.csv")
    evaluation = run_of(program, "evaluate", "--data", data, "--quiet")
    done = program("predict", "latest", data)
    assert (done.code, done.out) == (0, program("predict", str(run), data).out)
    assert done.err == f"note: {evaluation} is an evaluation: using the network of {run}\n"
    assert program("evaluate", "--json").json["run"] == str(run)
    assert program("train", "--resume", evaluation.name).code == 2
    shutil.rmtree(run)
    done = program("predict", "latest", data)
    assert (done.code, done.err) == (2, f"{evaluation} is an evaluation of {run}, which no longer exists\n")


def test_a_cross_validation_has_no_network(program: Program, iris: Path) -> None:
    program("evaluate", str(iris), "--folds", "2", "--repeats", "1", "--quiet")
    done = program("predict", "latest", str(iris))
    assert (done.code, "is a cross-validation, which saves no network" in done.err) == (2, True)


def test_the_training_file_is_no_new_one(run: Path, trained: Path, program: Program, tmp_path: Path) -> None:
    text = (trained / "penguins.csv").read_text()
    (tmp_path / "same.csv").write_text(text)
    (tmp_path / "other.csv").write_text(text + text.splitlines()[-1] + "\n")
    said = "the network was trained on same.csv, so it has seen most of these rows: "
    done = program("evaluate", run.name, "--data", "same.csv", "--json")
    assert done.err == f"warning: {said}`fnnctl evaluate runs/{run.name}` scores only the test part\n"
    assert read_json(Path(done.json["run"]) / "manifest.json")["warnings"][0].startswith(said)
    assert program("evaluate", run.name, "--data", "other.csv", "--json").err == ""


@pytest.mark.parametrize("source", ["new.npz", "folder"])
def test_arrays_are_scored_and_predicted_as_the_table_is(
    program: Program, tmp_path: Path, source: str
) -> None:
    """The same numbers with the columns in another order give the same files, except for the name."""
    X, y = np.random.default_rng(3).normal(size=(40, 3)), np.repeat(["u", "v"], 20)
    X[::7, 1] = np.nan
    lines = [
        f"{a!r},{b!r},{c!r},{label}".replace("nan", "NA")
        for (a, b, c), label in zip(X.tolist(), y, strict=True)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c,y", *lines]) + "\n")
    run = train(program, tmp_path / "t.csv", {}, target="y")
    arrays: dict[str, Any] = {"X": X[:, [2, 0, 1]], "y": y, "feature_names": np.array(["c", "a", "b"])}
    (tmp_path / "folder").mkdir()
    np.savez(tmp_path / "new.npz", **arrays)
    for name, array in arrays.items():
        np.save(tmp_path / "folder" / f"{name}.npy", array)
    assert program("predict", str(run), source).out == program("predict", str(run), "t.csv").out
    of_arrays, of_table = (
        run_of(program, "evaluate", str(run), "--data", data) for data in (source, "t.csv")
    )
    assert_same_files(of_arrays, of_table, "metrics.json", "predictions.csv", "roc_curve.csv")
    assert read_json(of_arrays / "manifest.json")["data"]["source"] == str(tmp_path / source)
    done = program("predict", str(run), source, "--delimiter", ";")
    assert done.code == 2
    assert done.err == f"--delimiter applies to CSV files only, but {source} contains arrays\n"
    inside = next((tmp_path / source).glob("X.npy"), tmp_path / source)
    done = program("predict", str(run), source, "-o", str(inside))
    assert (done.code, "holds the rows to predict" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("before", "after"),
    [("Adelie", "Adelle"), ("Adelie", "Emu"), ("species", "kind"), ("Adelie", ""), ("39.1", "x")],
    ids=["near label", "label", "target", "no label", "number"],
)
def test_wrong_rows_leave_no_folder(
    run: Path, program: Program, tmp_path: Path, messages: Messages, before: str, after: str
) -> None:
    names, rows = penguins()
    table = write_table(tmp_path / "new.csv", names, rows[:1])
    table.write_text(table.read_text().replace(before, after))
    done = program("evaluate", "--data", "new.csv")
    assert (done.code, done.out) == (2, "")
    messages.check(done.err)
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_wrong_arguments(run: Path, program: Program, messages: Messages) -> None:
    for words in ("--encoding utf-8", "--name x", "--data none.csv", "--data -", "--data /dev/null", "nope"):
        done = program("evaluate", *words.split())
        assert done.code == 2
        messages.check(done.err)
    done = program("evaluate", "--data", str(Path(__file__)), "--name", "a\nb")
    assert done.code == 2
    messages.check(done.err)


def test_a_diverged_network_is_refused(program: Program, iris: Path, tmp_path: Path) -> None:
    """Its weights may be finite nevertheless."""
    changes = ("training.optimizer.name=sgd", "training.optimizer.learning_rate=1e6")
    arguments = [part for change in changes for part in ("--set", change)]
    assert program("train", str(iris), *arguments).code == 4
    (tmp_path / "new.csv").write_text("x\n1\n")
    for command in (("evaluate", "--json"), ("predict", "latest", "new.csv")):
        done = program(*command)
        assert done.code == 2
        assert "its training diverged" in done.out + done.err
