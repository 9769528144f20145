"""Several targets: what `predict` and `evaluate RUN` do with the network, and what they refuse."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

import fnnctl
from fnnctl.cli import run as run_program
from fnnctl.errors import MachineError
from fnnctl.metrics.feature_importance import ColumnImportance, Estimate, FeatureImportances
from fnnctl.report.stored_importances import write_importances
from fnnctl.store.folder import RunFolder
from tests.messages import Messages
from tests.program import Program, read_json, run_of
from tests.several import CLASSES, TARGETS, several_targets, write_config, write_csv


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a training of four targets."""
    folder = tmp_path_factory.mktemp("several")
    write_csv(folder / "t.csv", several_targets())
    write_config(folder / "c.yaml", folder / "t.csv")
    assert run_program(["train", str(folder / "c.yaml"), "--runs-dir", str(folder / "runs"), "--quiet"]) == 0
    (path,) = (folder / "runs").iterdir()
    return path


@pytest.fixture
def run(trained: Path, tmp_path: Path, program: Program) -> str:
    """A copy of the run in the test's folder, beside its table."""
    shutil.copy(trained.parent.parent / "t.csv", tmp_path)
    shutil.copytree(trained, tmp_path / "runs" / trained.name)
    return f"runs/{trained.name}"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_the_columns_of_predictions_are_named_after_the_targets(run: str, program: Program) -> None:
    done = program("predict", run, "t.csv", "-o", "p.csv")
    assert (done.code, done.err) == (0, "")
    first, *_ = rows = rows_of(Path("p.csv"))
    days = sorted({str(value) for value in several_targets()["days"] if value is not None}, key=int)
    assert list(first) == [
        "row", "price", "days", *(f"days_p_{name}" for name in days),
        "grade", *(f"grade_p_{name}" for name in CLASSES), "label", "label_p_0", "label_p_1",
    ]  # fmt: skip
    assert len(rows) == 120
    for row in rows:
        probabilities = [float(row[f"grade_p_{name}"]) for name in CLASSES]
        assert abs(sum(probabilities) - 1.0) < 1e-9
        assert row["grade"] == CLASSES[int(np.argmax(probabilities))]


def test_a_loaded_model_predicts_the_test_rows_as_the_training_did(run: str, program: Program) -> None:
    program("predict", run, "t.csv", "-o", "p.csv", "--workers", "2")
    predicted = rows_of(Path("p.csv"))
    for number, target in enumerate(TARGETS, start=1):
        recorded = rows_of(Path(run) / "targets" / f"{number}-{target}" / "predictions.csv")
        assert recorded
        for row in recorded:
            expected = predicted[int(row["row"])]
            assert expected[target] == row["prediction"]
            probabilities = {name: float(text) for name, text in row.items() if name.startswith("p_")}
            assert probabilities == {name: float(expected[f"{target}_{name}"]) for name in probabilities}


def test_the_test_part_has_the_metrics_of_the_run(run: str, program: Program) -> None:
    done = program("evaluate", run)
    assert "the metrics equal those in metrics.json, to the last digit" in done.err


def test_a_row_counts_for_the_targets_that_it_has(run: str, program: Program) -> None:
    """Predictions and metrics of each target are those of the rows with it, as in a file of them alone."""
    columns = several_targets(40, seed=1)
    write_csv(Path("new.csv"), columns)
    scored = program("evaluate", run, "--data", "new.csv", "--json")
    assert scored.code == 0, scored.err
    assert "new.csv: 6 rows without a value in 'price', left out there\n" in scored.err
    assert "new.csv: left out 1 row without a value in any target" in scored.err
    test = read_json(Path(scored.json["run"]) / "metrics.json")["test"]
    supports = {name: entry["support"] for name, entry in test["targets"].items()}
    assert supports == {"price": 33, "days": 39, "grade": 39, "label": 39}
    program("predict", run, "new.csv", "-o", "p.csv")
    predicted = rows_of(Path("p.csv"))
    hits = [
        row["grade"] == grade
        for row, grade in zip(predicted, columns["grade"], strict=True)
        if grade is not None
    ]
    assert test["targets"]["grade"]["accuracy"] == np.mean(hits)
    errors = [
        float(row["price"]) - price
        for row, price in zip(predicted, columns["price"], strict=True)
        if price is not None
    ]
    assert abs(test["targets"]["price"]["rmse"] - np.sqrt(np.mean(np.square(errors)))) < 1e-12


def test_a_file_may_lack_some_of_the_targets(run: str, program: Program) -> None:
    """The others have the metrics that they have with it; one column is not there, one is empty."""
    columns = several_targets(40, seed=1)
    write_csv(Path("new.csv"), columns)
    complete = program("evaluate", run, "--data", "new.csv", "--json")
    del columns["grade"]
    write_csv(Path("new.csv"), {**columns, "days": [None] * 40})
    done = program("evaluate", run, "--data", "new.csv", "--json")
    assert done.code == 0, done.err
    for name, count in (("days", 39), ("grade", 39)):
        assert f"new.csv: {count} rows without a value in '{name}', left out there" in done.err
    before, after = (
        read_json(Path(each.json["run"]) / "metrics.json")["test"]["targets"] for each in (complete, done)
    )
    assert after["price"] == before["price"]
    assert after["label"] == before["label"]
    assert program("report", done.json["run"]).code == 0


def test_an_evaluation_is_reported_and_compared_with_the_training_rows(run: str, program: Program) -> None:
    folder = run_of(program, "evaluate", run, "--data", "t.csv")
    assert {row["column"] for row in rows_of(folder / "drift.csv")} >= {"a", "k", *TARGETS}
    done = program("report", str(folder))
    assert done.code == 0
    assert "Measured on 119 rows of 't'." in done.out


@pytest.mark.parametrize(
    "change",
    [
        dict.fromkeys(TARGETS),
        {"price": ["dear"], "grade": ["mdi"], "label": [2]},
        {"gradee": ["mid"] * 40, "grade": None},
        {name: [None] * 40 for name in TARGETS},
    ],
)
def test_wrong_labels(
    change: dict[str, list[object] | None], run: str, program: Program, messages: Messages
) -> None:
    columns = several_targets(40, seed=1)
    for name, values in change.items():
        if values is None:
            del columns[name]
        else:
            columns.setdefault(name, list(values))[: len(values)] = values
    write_csv(Path("new.csv"), columns)
    done = program("evaluate", run, "--data", "new.csv")
    assert done.code == 2
    assert len(list(Path("runs").iterdir())) == 1
    messages.check(done.err)


def test_contributions_follow_the_predictions_and_sum_to_each(run: str, program: Program) -> None:
    """They are those of the predictor of each target, with its training rows, also of rows without one."""
    plain = program("predict", run, "t.csv").out.splitlines()
    done = program("predict", run, "t.csv", "--contributions", "2", "--workers", "2")
    assert done.code == 0, done.err
    one = ("base", "column_1", "effect_1", "column_2", "effect_2", "effect_other")
    header, *lines = done.out.splitlines()
    assert header == ",".join([plain[0], *(f"{target}_{name}" for target in TARGETS for name in one)])
    for line, expected in zip(lines, plain[1:], strict=True):
        assert line.startswith(f"{expected},")
    rows = [*csv.DictReader(done.out.splitlines())]
    predictor = fnnctl.load_run(run).predictor
    for target in TARGETS:
        explained = predictor.of_target(target).contributions(several_targets())
        for number, row in enumerate(rows):
            effects = np.array([float(row[f"{target}_{name}"]) for name in one if "column" not in name])
            predicted = float(row[target]) if target == "price" else float(row[f"{target}_p_{row[target]}"])
            value = predicted if target == "price" else np.log(predicted / (1.0 - predicted))
            assert effects.sum() == pytest.approx(value, abs=1e-6)
            assert effects[0] == explained.base[number]
            largest = explained.effects[number, explained.columns.index(row[f"{target}_column_1"])]
            assert effects[1] == largest == max(explained.effects[number], key=abs)


def test_two_columns_of_contributions_have_different_names(program: Program, messages: Messages) -> None:
    columns = several_targets()
    columns["price_base"] = columns.pop("label")
    write_csv(Path("t.csv"), columns)
    targets = {"target": ["price", "price_base"]}
    write_config(Path("c.yaml"), Path("t.csv"), data=targets)
    run = str(run_of(program, "train", "c.yaml"))
    assert program("predict", run, "t.csv").code == 0
    done = program("predict", run, "t.csv", "--contributions", "1", "-o", "p.csv")
    assert (done.code, Path("p.csv").exists()) == (2, False)
    messages.check(done.err)


def test_the_curves_of_each_target_are_those_of_its_most_important_columns(
    run: str, program: Program
) -> None:
    """The last target has no importances of its own, as one without test rows, and has those of all."""
    folders = [RunFolder(Path(run) / f"targets/{k}-{name}") for k, name in enumerate(TARGETS[:-1], start=1)]
    for folder, columns in zip((*folders, RunFolder(Path(run))), ("ab", "kc", "ca", "ba"), strict=True):
        estimates: dict[str, Estimate | None] = {"log_loss": Estimate(0.5, 0.1, [0.4, 0.6])}
        ranked = tuple(ColumnImportance(column, estimates) for column in columns)
        write_importances(folder, FeatureImportances("test", 24, 10, ranked))
    options = ("--partial-dependence", "1", "--pair", "k,c", "--json", "--no-figures")
    done = program("report", run, *options)
    assert done.code == 0, done.err
    entries = done.json["runs"][0]["partial_dependence_targets"]
    columns_of = {
        name: [curves["column"] for curves in of["partial_dependence"]] for name, of in entries.items()
    }
    assert columns_of == {"price": ["a"], "days": ["k"], "grade": ["c"], "label": ["b"]}
    for number, target in enumerate(TARGETS, start=1):
        rows = rows_of(Path(run) / f"targets/{number}-{target}/partial_dependence.csv")
        means = [
            mean for curve in entries[target]["partial_dependence"][0]["curves"] for mean in curve["mean"]
        ]
        assert [float(row["mean"]) for row in rows] == means
    short, complete = (program("report", run, *options[:4], *more).out for more in ((), ("--verbose",)))
    for text in (short, complete):
        table = text[text.index("Partial dependence on columns, of ") :].splitlines()
        assert [line.split()[:2] for line in table[3:5]] == [["price", "a"], ["days", "k"]]


def test_each_target_has_its_most_important_column_if_no_table_can_be_written(
    run: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MachineError("the disk is full")

    monkeypatch.setattr(RunFolder, "write_rebuilt", fail)
    options = ("--importance", "--partial-dependence", "1", "--json", "--no-figures")
    done = program("report", run, *options)
    assert "the disk is full" in done.err
    entry = done.json["runs"][0]
    importances = entry["feature_importance_targets"]
    first = {name: of["feature_importance"][0]["column"] for name, of in importances.items()}
    assert {*first.values()} != {entry["feature_importance"][0]["column"]}
    dependence = entry["partial_dependence_targets"]
    assert {name: of["partial_dependence"][0]["column"] for name, of in dependence.items()} == first


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "t.csv", "--threshold", "0.4"),
        ("predict", "t.csv", "--top", "2"),
        ("predict", "t.csv", "--coverage", "0.9"),
        ("evaluate", "--threshold", "0.4"),
    ],
)
def test_what_is_for_one_target_is_refused(
    arguments: tuple[str, ...], run: str, program: Program, messages: Messages
) -> None:
    command, *further = arguments
    done = program(command, run, *further)
    assert done.code == 2
    messages.check(done.err.replace(run, "RUN"))


@pytest.mark.figures
def test_the_importance_of_columns_is_that_for_each_target(run: str, program: Program) -> None:
    """The figure of a target that is there is drawn again."""
    folder = Path(run)
    folders = {name: folder / f"targets/{number}-{name}" for number, name in enumerate(TARGETS, start=1)}
    for path in folders.values():
        (path / "feature_importance.png").write_bytes(b"old")
    done = program("report", run, "--importance", "--json")
    assert done.code == 0, done.err
    entry = done.json["runs"][0]
    assert list(entry["feature_importance_targets"]) == list(TARGETS)
    tested = read_json(folder / "metrics.json")["test"]
    assert entry["feature_importance_rows"] == {"part": "test", "rows": tested["support"], "repeats": 10}
    assert set(entry["feature_importance"][0]) == {"column", "loss", "correlated_with", "correlation"}
    for target, of_target in entry["feature_importance_targets"].items():
        rows = rows_of(folders[target] / "feature_importance.csv")
        assert {row["rows"] for row in rows} == {str(tested["targets"][target]["support"])}
        metric = "log_loss" if "log_loss" in rows[0] else "r2"
        assert [(row["column"], float(row[metric])) for row in rows] == [
            (column["column"], column[metric]["mean"]) for column in of_target["feature_importance"]
        ]
        assert (folders[target] / "feature_importance.png").read_bytes() != b"old"
    short = program("report", run, "--importance", "--no-figures").out
    assert "Importance for each target" in short
    assert "price: Importance of the columns" not in short
    complete = program("report", run, "--importance", "--no-figures", "--verbose").out
    for target in TARGETS:
        assert f"{target}: Importance of the columns on the test part" in complete


def test_the_importance_on_a_file(run: str, program: Program) -> None:
    write_csv(Path("new.csv"), several_targets(60, seed=2))
    evaluation = run_of(program, "evaluate", run, "--data", "new.csv")
    done = program("report", str(evaluation), "--importance", "--json", "--no-figures")
    entry = done.json["runs"][0]
    assert entry["feature_importance_rows"]["rows"] == 59
    rows = {
        target: of_target["feature_importance_rows"]["rows"]
        for target, of_target in entry["feature_importance_targets"].items()
    }
    assert rows == {"price": 50, "days": 59, "grade": 59, "label": 59}
    assert (evaluation / "targets/1-price/feature_importance.csv").exists()
    assert not (Path(run) / "feature_importance.csv").exists()
