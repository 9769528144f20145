"""Regions around predictions: by hand from the rows that were not trained on, measured, and refused."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

import fnnctl
from fnnctl.arrays import FloatArray
from fnnctl.errors import UsageError
from tests.commands.settings import numbers, run_of
from tests.messages import Messages
from tests.program import Program

ROWS = 260
SHORT = (
    "recipe: classic\nmodel: {hidden: [4]}\ntraining: {epochs: 3, early_stopping: null}\n"
    "data: {source: t.csv, target: y, split: {by: day, validation: 0.3, test: 0.3}"
)
SEARCH = "{method: random, trials: 3, ensemble: {size: 2}, space: {training.l2: {log_uniform: [0.001, 0.1]}}}"
FIRST_TEST = 182
"""The test part are the last 78 of the rows in their order, the validation part the 78 before."""
VALIDATION = slice(FIRST_TEST - 78, FIRST_TEST)


def numbers_config(folder: Path) -> Path:
    """The larger x, the larger the errors."""
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(2, ROWS))
    write(folder, [[f"{x[row]:.4f}", f"{3 * x[row] + noise[row]:.4f}"] for row in range(ROWS)])
    return config(folder, SHORT + "}\n")


def classes_config(folder: Path, more: str = "") -> Path:
    """Three classes; `rare` has about one row in fifteen."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=ROWS) + 0.05 * np.arange(ROWS) / ROWS
    names = np.where(rng.random(ROWS) < 0.06, "rare", np.where(x + rng.normal(size=ROWS) > 0, "yes", "no"))
    write(folder, [[f"{x[row]:.4f}", names[row]] for row in range(ROWS)])
    return config(folder, SHORT + "}\n" + more)


def write(folder: Path, rows: list[list[str]]) -> None:
    lines = [f"{day},{','.join(row)}" for day, row in enumerate(rows)]
    (folder / "t.csv").write_text("\n".join(["day,x,y", *lines]) + "\n")


def config(folder: Path, text: str) -> Path:
    path = folder / "t.yaml"
    path.write_text(text)
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def targets(folder: Path) -> list[str]:
    return [row["y"] for row in rows_of((folder / "t.csv").read_text())]


def limit(scores: FloatArray, level: float) -> float:
    return float(np.sort(scores)[math.ceil((len(scores) + 1) * level) - 1])


def test_intervals_by_hand(program: Program, tmp_path: Path, messages: Messages) -> None:
    """The ends are the ⌈79 · 0.95⌉-th errors of the 78 validation rows, above and below."""
    run = run_of(program, "train", numbers_config(tmp_path))
    done = program("predict", str(run), "t.csv", "--coverage", "0.9")
    messages.check(done.err)
    rows = rows_of(done.out)
    estimates, low, high = (
        np.array([float(row[name]) for row in rows]) for name in ("prediction", "low", "high")
    )
    errors = np.array(targets(tmp_path), float)[VALIDATION] - estimates[VALIDATION]
    np.testing.assert_allclose(high - estimates, limit(errors, 0.95))
    np.testing.assert_allclose(estimates - low, limit(-errors, 0.95))
    measured = [row for row in rows_of((run / "coverage.csv").read_text()) if not row["part"]]
    truth = np.array(targets(tmp_path), float)[FIRST_TEST:]
    held = np.mean((low[FIRST_TEST:] <= truth) & (truth <= high[FIRST_TEST:]))
    assert [float(row["coverage"]) for row in measured] == [0.8, 0.9, 0.95]
    assert float(measured[1]["share"]) == held
    assert float(measured[1]["size"]) == pytest.approx(np.mean(high - low))


def test_sets_by_hand(program: Program, tmp_path: Path, messages: Messages) -> None:
    """No class has 50 rows, so all have the limit of the 78 validation rows."""
    run = run_of(program, "train", classes_config(tmp_path))
    done = program("predict", str(run), "t.csv", "--coverage", "0.9")
    messages.check(done.err)
    rows, truth = rows_of(done.out), targets(tmp_path)
    classes = sorted({*truth})
    of_truth = np.array([float(row[f"p_{name}"]) for row, name in zip(rows, truth, strict=True)])
    most = limit(1 - of_truth[VALIDATION], 0.9)
    for row in rows:
        inside = [name for name in classes if 1 - float(row[f"p_{name}"]) <= most]
        assert row["set"] == "|".join(inside or [row["prediction"]])
        assert row["set_size"] == str(len(inside) or 1)
    measured = rows_of((run / "coverage.csv").read_text())
    assert {row["part"] for row in measured} == {"", *classes}
    sizes = np.array([float(row["set_size"]) for row in rows[FIRST_TEST:]])
    (line,) = (row for row in measured if (row["coverage"], row["part"]) == ("0.9", ""))
    assert float(line["size"]) == pytest.approx(sizes.mean())


def test_bags_count_the_errors_of_rows_outside_them(program: Program, tmp_path: Path) -> None:
    """The rule of docs/model-files.md, applied to the arrays of the model."""
    path = classes_config(tmp_path)
    bags = "model.ensemble={members: 3, bags: true}"
    run = run_of(program, "train", path, bags, "data.split={validation: 0, test: 0.3}")
    arrays = np.load(run / "model.npz")
    sizes, scores, masses = (arrays[f"errors.{name}"] for name in ("sizes", "scores", "masses"))
    assert sizes.shape == (1, 5)
    ends = np.cumsum(sizes[0])
    tails = [slice(end - size, end) for size, end in zip(sizes[0], ends, strict=True)]
    of_all, shared, *of_classes = (scores[tail][masses[tail] >= 0.9] for tail in tails)
    taken = [own if size else shared for size, own in zip(sizes[0][2:], of_classes, strict=True)]
    limits = [tail[0] if all(map(len, taken)) else of_all[0] for tail in taken]
    done = program("predict", str(run), "t.csv", "--coverage", "0.9", "--workers", "2")
    classes = ["no", "rare", "yes"]
    for row in rows_of(done.out):
        p = np.array([float(row[f"p_{name}"]) for name in classes])
        inside = 1 - p <= limits
        inside[p.argmax()] = True
        assert row["set"] == "|".join(name for name, held in zip(classes, inside, strict=True) if held)


def test_columns_beside_other_options(program: Program, tmp_path: Path) -> None:
    run = str(run_of(program, "train", classes_config(tmp_path)))
    done = program("predict", run, "t.csv", "--coverage", "0.8", "--top", "1", "--digits", "2", "--keep", "x")
    assert done.out.splitlines()[0] == "row,x,prediction,set,set_size,top_1,p_top_1"


def test_a_search_has_regions_of_what_it_predicts_with(program: Program, tmp_path: Path) -> None:
    path = classes_config(tmp_path, f"search: {SEARCH}\n")
    bags = ("model.ensemble={members: 3, bags: true}", "search.objective.on=bags")
    run = run_of(program, "search", path, *bags, "data.split={validation: 0, test: 0.3}")
    for part in ("ensemble", "best"):
        assert (run / part / "coverage.csv").exists()
        assert program("predict", f"{run}/{part}", "t.csv", "--coverage", "0.8").code == 0


def test_validation_rows_that_have_chosen_trials_do_not_count(program: Program, tmp_path: Path) -> None:
    """The winner is trained on them, too."""
    run = run_of(program, "search", classes_config(tmp_path, f"search: {SEARCH}\n"))
    for part in ("ensemble", "best"):
        assert not (run / part / "coverage.csv").exists()
        assert program("predict", f"{run}/{part}", "t.csv", "--coverage", "0.8").code == 2


@pytest.mark.parametrize(("rows", "code"), [(249, 2), (250, 0)])
def test_few_validation_rows_that_have_chosen_the_epoch_do_not_count(
    program: Program, tmp_path: Path, rows: int, code: int
) -> None:
    path = numbers_config(tmp_path)
    split = f"data.split={{by: day, validation: {rows / ROWS}, test: 0}}"
    run = run_of(program, "train", path, split, "training.early_stopping={}")
    assert program("predict", str(run), "t.csv", "--coverage", "0.8").code == code


@pytest.mark.figures
def test_reports_show_what_was_measured(program: Program, tmp_path: Path, messages: Messages) -> None:
    run = run_of(program, "train", numbers_config(tmp_path))
    assert not (run / "coverage.png").exists()  # training does not wait for it
    (entry,) = program("report", str(run), "--json").json["runs"]
    assert [line["coverage"] for line in entry["coverage"] if line["part"] is None] == [0.8, 0.9, 0.95]
    assert (run / "coverage.png").exists()
    text = program("report", str(run), "-v").out
    messages.check(text[text.index("How often intervals") : text.index("\nData\n")])


def test_a_labelled_file_is_measured(program: Program, tmp_path: Path) -> None:
    run = run_of(program, "train", classes_config(tmp_path))
    done = program("evaluate", str(run), "--data", "t.csv", "--json", "--quiet")
    evaluation = Path(done.json["run"])
    assert numbers(evaluation, "rows", "coverage.csv")[0] == ROWS


@pytest.mark.parametrize("coverage", ["0.99", "0.4", "1", "nine"])
def test_a_coverage_that_is_not_possible(
    program: Program, tmp_path: Path, messages: Messages, coverage: str
) -> None:
    run = run_of(program, "train", numbers_config(tmp_path))
    done = program("predict", str(run), "t.csv", "--coverage", coverage, "-o", "out.csv")
    messages.check(done.err.replace(run.name, "<run>"))
    assert done.code == 2
    assert not (tmp_path / "out.csv").exists()


def test_a_model_without_such_rows(program: Program, tmp_path: Path, messages: Messages) -> None:
    run = run_of(program, "train", numbers_config(tmp_path), "data.split.validation=0")
    done = program("predict", str(run), "t.csv", "--coverage", "0.9")
    messages.check(done.err.replace(run.name, "<run>"))
    assert done.code == 2
    assert not (run / "coverage.csv").exists()


def test_a_class_with_a_separator(program: Program, tmp_path: Path, messages: Messages) -> None:
    classes_config(tmp_path)
    table = tmp_path / "t.csv"
    table.write_text(table.read_text().replace("rare", "a|b"))
    run = run_of(program, "train", tmp_path / "t.yaml")
    done = program("predict", str(run), "t.csv", "--coverage", "0.9")
    messages.check(done.err)
    assert done.code == 2


def test_damaged_errors_are_no_traceback(program: Program, tmp_path: Path, messages: Messages) -> None:
    run = run_of(program, "train", numbers_config(tmp_path))
    arrays = dict(np.load(run / "model.npz"))
    arrays["errors.masses"] = arrays["errors.masses"][::-1]
    np.savez(run / "model.npz", **arrays)
    for words in (
        ("predict", str(run), "t.csv", "--coverage", "0.9"),
        ("evaluate", str(run), "--data", "t.csv"),
    ):
        done = program(*words)
        messages.check(done.err.replace(run.name, "<run>"))
        assert done.code == 2
    assert [*run.parent.iterdir()] == [run]


def test_python_has_the_same_regions(program: Program, tmp_path: Path, messages: Messages) -> None:
    run = fnnctl.load_run(run_of(program, "train", numbers_config(tmp_path)))
    rows = rows_of((tmp_path / "t.csv").read_text())
    table = {name: [float(row[name]) for row in rows] for name in ("day", "x")}
    ends = run.predictor.predict_interval(table, 0.9)
    predicted = rows_of(program("predict", str(run.path), "t.csv", "--coverage", "0.9").out)
    assert ends.tolist() == [[float(row["low"]), float(row["high"])] for row in predicted]
    with pytest.raises(UsageError) as error:
        run.predictor.predict_set(table, 0.9)
    messages.check(error.value)


def test_python_has_the_same_sets(program: Program, tmp_path: Path, messages: Messages) -> None:
    run = fnnctl.load_run(run_of(program, "train", classes_config(tmp_path)))
    rows = rows_of((tmp_path / "t.csv").read_text())
    table = {name: [float(row[name]) for row in rows] for name in ("day", "x")}
    inside = run.predictor.predict_set(table, 0.9)
    predicted = rows_of(program("predict", str(run.path), "t.csv", "--coverage", "0.9").out)
    assert inside.sum(axis=1).tolist() == [int(row["set_size"]) for row in predicted]
    with pytest.raises(UsageError) as error:
        run.predictor.predict_interval(table, 0.9)
    messages.check(error.value)


def test_groups_and_order_are_named_in_the_report(
    program: Program, tmp_path: Path, messages: Messages
) -> None:
    path = classes_config(tmp_path)
    for split in ("{by: day, validation: 0.3, test: 0.3}", "{group: x, validation: 0.3, test: 0.3}"):
        run = run_of(program, "train", path, f"data.split={split}")
        text = program("report", str(run), "-v", "--no-figures").out
        start = text.index("`fnnctl predict --coverage")
        messages.check(text[start : text.index("\n\n", start)])


def test_json_has_numbers(program: Program, tmp_path: Path) -> None:
    run = run_of(program, "train", classes_config(tmp_path))
    (entry,) = program("report", str(run), "--json", "--no-figures").json["runs"]
    line = entry["coverage"][0]
    assert [*line] == ["coverage", "part", "rows", "measured", "ci95", "mean_size"]
    assert json.dumps(line)
