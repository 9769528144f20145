"""Trainings, cross-validations and searches of networks with several targets."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS
from tests.messages import Messages
from tests.program import Program, assert_same_networks, read_json, run_of

pytestmark = pytest.mark.usefixtures("no_figures")

CONFIG = """\
seed: 1
data: {source: t.csv, target: [price, grade]}
recipe: classic
model: {hidden: [5], ensemble: {members: 3, bags: true, plain_twins: true},
  numeric_embedding: {name: piecewise_linear, bins: 4, size: 3, edges: target}}
training: {epochs: 4, optimizer: {learning_rate: 0.02}}
"""


@pytest.fixture(autouse=True)
def table(tmp_path: Path) -> None:
    """90 rows of two numbers, a category and three targets, of which some are missing; one row has none."""
    rng = np.random.default_rng(5)
    x, kind = rng.normal(size=(90, 2)).round(3), rng.integers(0, 3, 90)
    lines = []
    for row, ((a, b), k) in enumerate(zip(x.tolist(), kind.tolist(), strict=True)):
        price = "" if row % 9 in (1, 2) else f"{3 * a - b + k:.3f}"
        grade = "" if row % 9 in (2, 3) else ("low" if a > 0.4 else "mid" if b > 0 else "high")
        lines.append(f"{a},{b},{'xyz'[k]},{price if row != 4 else ''},{grade if row != 4 else ''},{row % 7}")
    (tmp_path / "t.csv").write_text("\n".join(["a,b,k,price,grade,count", *lines]) + "\n")
    (tmp_path / "t.yaml").write_text(CONFIG)


def test_one_target_in_a_list_has_the_bits_of_one_target(program: Program) -> None:
    runs = [
        run_of(program, "train", "t.yaml", "--set", f"data.target={target}")
        for target in ("price", "[price]")
    ]
    assert_same_networks(*runs)
    assert (runs[0] / "resolved.yaml").read_bytes() == (runs[1] / "resolved.yaml").read_bytes()


@pytest.mark.parametrize("together", ["true", "false"])
def test_bits_do_not_depend_on_the_number_of_workers_nor_on_who_resolved_the_config(
    program: Program, together: str
) -> None:
    setting = "--set", f"model.together={together}"
    runs = [run_of(program, "train", "t.yaml", *setting, "--workers", workers) for workers in ("1", "2")]
    runs.append(run_of(program, "train", str(runs[0] / "resolved.yaml")))
    for run in runs[1:]:
        assert_same_networks(runs[0], run)
        assert read_json(run / "metrics.json") == read_json(runs[0] / "metrics.json")


def test_what_a_run_has_of_each_target(program: Program, tmp_path: Path) -> None:
    run = run_of(program, "train", "t.yaml")
    manifest, test = read_json(run / "manifest.json"), read_json(run / "metrics.json")["test"]
    assert (manifest["data"]["task"], manifest["data"]["target"]) == ("several", "price, grade")
    assert manifest["data"]["targets"] == [
        {"name": "price", "task": "regression", "classes": [], "power": None},
        {"name": "grade", "task": "classification", "classes": ["high", "low", "mid"], "power": None},
    ]
    assert manifest["data"]["rows"] == 79  # a row of nine has no target, and one more
    assert set(test["targets"]) == {"price", "grade"}
    assert test["r2"] == test["targets"]["price"]["r2"]
    assert test["accuracy"] == test["targets"]["grade"]["accuracy"]
    for folder, name in (("1-price", "price"), ("2-grade", "grade")):
        rows = (run / "targets" / folder / PREDICTIONS).read_text().splitlines()[1:]
        assert len(rows) == test["targets"][name]["support"]
    history = (run / "history.csv").read_text().splitlines()
    columns = dict(zip(history[0].split(","), history[-1].split(","), strict=True))
    parts = [float(columns[f"validation_targets.{name}.loss"]) for name in ("price", "grade")]
    assert float(columns["validation_loss"]) == pytest.approx(sum(parts))
    assert {"validation_targets.price.r2", "validation_targets.grade.f1_macro"} <= columns.keys()


def test_an_amount_that_rows_lack_is_trained_on(program: Program, tmp_path: Path) -> None:
    header, *lines = (tmp_path / "t.csv").read_text().splitlines()
    costs = ["" if row % 5 == 0 else f"{1 + row % 7}" for row in range(len(lines))]
    rows = [f"{line},{cost}" for line, cost in zip(lines, costs, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join([f"{header},cost", *rows]) + "\n")
    settings = "data.target=[price, cost]", "model.outputs.cost=gamma", "model.ensemble=1"
    run = run_of(program, "train", "t.yaml", *(word for setting in settings for word in ("--set", setting)))
    losses = (RunFolder(run).read_columns("history.csv") or {})["train_targets.cost.loss"]
    assert 0.0 < np.array(losses, np.float64)[-1] < 2.0


@pytest.mark.parametrize("together", ["true", "false"])
def test_early_stopping_and_a_schedule_watch_a_metric_of_one_target(program: Program, together: str) -> None:
    monitor = "validation_targets.price.r2"
    stopping = f"training.early_stopping={{monitor: {monitor}, patience: null}}"
    schedule = f"training.lr_schedule={{name: adaptive, monitor: {monitor}, patience: 1}}"
    settings = [
        f"model.together={together}",
        "model.ensemble=1",
        "training.epochs=12",
        "data.split.validation=0.2",
    ]
    options = [word for setting in (*settings, stopping, schedule) for word in ("--set", setting)]
    history = RunFolder(run_of(program, "train", "t.yaml", *options))
    table = history.read_columns("history.csv") or {}
    values, rates = (np.array(table[name], np.float64) for name in (monitor, "learning_rate"))
    if together == "true":
        assert read_json(history.path / "manifest.json")["training"]["best_epoch"] == 1 + values.argmax()
    stays = [k for k in range(1, 12) if values[k] <= max(values[:k])]
    assert bool(stays) == (rates[-1] < 0.02)


def test_a_cross_validation_has_means_and_the_metrics_of_each_target(program: Program) -> None:
    run = run_of(program, "evaluate", "t.yaml", "--set", "evaluation.cross_validation.folds=3")
    metrics = read_json(run / "metrics.json")
    assert metrics["cross_validation"]["r2"]["mean"] is not None
    assert set(metrics["test"]["targets"]) == {"price", "grade"}
    assert metrics["test"]["support"] == 79


@pytest.mark.parametrize("metric", ["auto", "targets.price.r2", "targets.grade.per_class.low.f1", "accuracy"])
@pytest.mark.parametrize("on", ["validation", "bags"])
def test_a_search_maximizes_the_metric_of_a_target_or_a_mean(
    program: Program, tmp_path: Path, metric: str, on: str
) -> None:
    ensemble = "" if on == "bags" else "model.ensemble=1"
    (tmp_path / "t.yaml").write_text(
        CONFIG
        + f"search: {{method: random, trials: 2, objective: {{metric: {metric}, on: {on}}}, "
        + "space: {training.optimizer.learning_rate: {log_uniform: [0.01, 0.1]}}}\n"
    )
    changes = ["--set", ensemble, "--set", "data.split.validation=0.2"] if ensemble else []
    run = run_of(program, "search", "t.yaml", *changes)
    assert read_json(run / "manifest.json")["status"] == "completed"
    result = RunFolder(run).result_run()
    assert result is not None
    assert set(read_json(result.path / "metrics.json")["test"]["targets"]) == {"price", "grade"}


@pytest.mark.parametrize(
    "change",
    [
        "data.class_order=[low, mid, high]",
        "data.positive_class=low",
        "data.task=regression",
        "model.output=squared",
        "training.class_weights=balanced",
        "training.mixup=0.2",
        "training.label_smoothing=0.1",
        "training.early_stopping.monitor=validation_r2",
        "training.early_stopping.monitor=validation_targets.price.accuracy",
        "search.objective.metric=targets.price.accuracy",
        "data.target=[price, price]",
        "data.target=[]",
        "data.target=[price, nope]",
        "data.columns.ignore=[price]",
    ],
)
def test_what_is_for_one_target_is_refused_by_name(
    program: Program, messages: Messages, tmp_path: Path, change: str
) -> None:
    done = program("check", "t.yaml", "--set", change)
    assert done.code == 2
    messages.check(done.out)


@pytest.mark.parametrize(
    ("targets", "declared"),
    [
        (("price", "grade", "count"), ["price", "grade", "count"]),
        (("rust", "leak"), {"labels": ["rust", "leak"], "separator": None}),
    ],
)
def test_what_init_writes_for_several_targets_trains(
    program: Program, tmp_path: Path, targets: tuple[str, ...], declared: object
) -> None:
    lines = (tmp_path / "t.csv").read_text().splitlines()
    labels = ["rust,leak", *(f"{int(row % 3 == 0)},{int(row % 4 == 0)}" for row in range(90))]
    (tmp_path / "t.csv").write_text("\n".join(map(",".join, zip(lines, labels, strict=True))) + "\n")
    options = [word for name in targets for word in ("--target", name)]
    made = program("init", "own.yaml", "--data", "t.csv", *options, "--json").json
    assert (made["target"], made["targets"], made["task"]) == (None, list(targets), "several")
    described = program("describe", "t.csv", *options, "--json").json
    assert [target["name"] for target in described["targets"]] == list(targets)
    assert program("check", "own.yaml").code == 0
    small = ("recipe=classic", "training.epochs=2", "model.hidden=[3]")
    run = run_of(program, "train", "own.yaml", *(word for one in small for word in ("--set", one)))
    assert list(read_json(run / "metrics.json")["test"]["targets"]) == list(targets)
    config = yaml.safe_load((run / "resolved.yaml").read_text())
    assert config["data"]["target"] == declared


@pytest.mark.parametrize(
    ("threshold", "ensemble"), [("0.3", "1"), ("f1", "1"), ("f1", "{members: 2, bags: true}")]
)
def test_a_threshold_is_that_of_the_targets_with_two_classes(
    program: Program, tmp_path: Path, threshold: str, ensemble: str
) -> None:
    changes = (
        f"model.threshold={threshold}",
        f"model.ensemble={ensemble}",
        "data.target=[price, grade, is_dear]",
    )
    lines = (tmp_path / "t.csv").read_text().splitlines()
    labels = ["is_dear", *(str(int(row % 3 == 0)) for row in range(len(lines) - 1))]
    (tmp_path / "t.csv").write_text("\n".join(map(",".join, zip(lines, labels, strict=True))) + "\n")
    run = run_of(program, "train", "t.yaml", *(word for change in changes for word in ("--set", change)))
    model = read_json(run / "model.json")
    fitted = model.get("fitted_targets") or model["targets"]
    found = [target.get("threshold") for target in fitted]
    assert found[:2] == [None, None]
    assert 0.0 < found[2] < 1.0
    assert (found[2] == 0.3) == (threshold == "0.3")
    refused = program("train", "t.yaml", "--set", f"model.threshold={threshold}")
    assert (refused.code, "model.threshold: a regression has no classes" in refused.err) == (2, True)


def test_a_target_may_be_missing_in_every_test_row(program: Program, tmp_path: Path) -> None:
    """The folders of the others keep their numbers, and there are no histograms of predictions."""
    rng = np.random.default_rng(0)
    rows = [
        f"{x:.2f},{row},{'' if row >= 60 else f'{2 * x:.2f}'},{-x:.2f}"
        for row, x in enumerate(rng.normal(size=80))
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,day,late,price", *rows]) + "\n")
    config = "data: {source: t.csv, target: [late, price], split: {by: day}, columns: {ignore: [day]}}\n"
    (tmp_path / "t.yaml").write_text(f"{config}recipe: classic\ntraining: {{epochs: 2}}\n")
    run = run_of(program, "train", "t.yaml")
    assert list(read_json(run / "metrics.json")["test"]["targets"]) == ["price"]
    assert [path.name for path in (run / "targets").iterdir()] == ["2-price"]
    table = [line.split() for line in program("report", str(run)).out.splitlines()]
    assert ["late", "R²", "–", "–", "0"] in table
    (warning,) = [
        text for text in read_json(run / "manifest.json")["warnings"] if text.startswith("late: no ")
    ]
    assert warning == "late: no test row has a value of this target, so nothing says how well it is predicted"
    assert program("evaluate", str(run)).code == 0
    assert program("evaluate", str(run), "--data", "t.csv").code == 0


def test_a_target_with_few_values_has_a_warning_and_a_row(program: Program, tmp_path: Path) -> None:
    """Its loss counts as much as the others', and may end the training of all."""
    lines = (tmp_path / "t.csv").read_text().splitlines()
    last = len(lines) - 1
    rare = ["rare", *("" if row % (last // 3) else f"{row}" for row in range(last))]
    (tmp_path / "t.csv").write_text("\n".join(map(",".join, zip(lines, rare, strict=True))) + "\n")
    changes = ("--set", "data.target=[price, rare]", "--set", "data.split={test: 0.1, seed: 1}")
    done = program("check", "t.yaml", *changes)
    assert re.search(r"rare: it has only \d values? outside the test part, whose loss may decide", done.err)
    assert "price: it has only" not in done.err


@pytest.mark.parametrize("name", ["grade_p_low", "price_low", "row"])
def test_two_columns_of_predictions_have_different_names(program: Program, tmp_path: Path, name: str) -> None:
    lines = (tmp_path / "t.csv").read_text().splitlines()
    numbers = [name, *(f"{row / 7:.2f}" for row in range(len(lines) - 1))]
    (tmp_path / "t.csv").write_text("\n".join(map(",".join, zip(lines, numbers, strict=True))) + "\n")
    done = program("check", "t.yaml", "--set", f"data.target=[price, grade, {name}]")
    assert done.code == 2
    assert f"data.target: `fnnctl predict` would write two columns '{name}'; rename a column" in done.out


def test_a_target_is_named_once(program: Program) -> None:
    for command in (("describe", "t.csv"), ("init", "own.yaml", "--data", "t.csv")):
        done = program(*command, "--target", "price", "--target", "price")
        assert (done.code, done.err) == (2, "--target: 'price' is named twice; name each column once\n")


def test_the_intervals_and_sets_of_each_target(program: Program) -> None:
    bags = ("--set", "data.split.validation=0", "--set", "model.ensemble.members=4")
    run = run_of(program, "train", "t.yaml", *bags)
    header, *rows = csv.reader(io.StringIO(program("predict", str(run), "t.csv", "--coverage", "0.8").out))
    named = ["price", "price_low", "price_high", "grade", "grade_set", "grade_set_size"]
    assert header == ["row", *named, "grade_p_high", "grade_p_low", "grade_p_mid"]
    ends = np.array([row[1:4] for row in rows], float)
    with np.load(run / "model.npz") as arrays:
        sizes = arrays["errors.1.sizes"]
        scores = np.split(arrays["errors.1.scores"], np.cumsum(sizes.ravel())[:-1])
        masses = np.split(arrays["errors.1.masses"], np.cumsum(sizes.ravel())[:-1])
    above = next(error for error, mass in zip(scores[0], masses[0], strict=True) if mass >= 0.9)
    np.testing.assert_allclose(ends[:, 2] - ends[:, 0], above)
    # Of 90 rows the validation bags have those outside of the test part, and some lack the target.
    trained = read_json(run / "metrics.json")["validation"]["targets"]
    smallest = 1.0 / (trained["price"]["support"] + 1)
    np.testing.assert_allclose(masses[0][-1], 1.0 - smallest)
    for number, target in enumerate(("price", "grade"), start=1):
        assert RunFolder(run / "targets" / f"{number}-{target}").has("coverage.csv")


def test_a_cross_validation_has_each_targets_statistics(program: Program) -> None:
    """In metrics.json, the table of folds, gates, comparisons and the report."""
    run = run_of(program, "evaluate", "t.yaml", "--folds", "3", "--repeats", "1", "--set", "recipe=classic")
    metrics = read_json(run / "metrics.json")
    of_price = metrics["cross_validation"]["targets"]["price"]["r2"]
    table = RunFolder(run).read_table("cross_validation.csv")
    assert table is not None
    scores = [score for score in table.numbers(table.columns.index("targets.price.r2")) if score is not None]
    assert of_price["scores"] == scores
    assert of_price["mean"] == pytest.approx(np.mean(scores))
    assert of_price["std"] == pytest.approx(np.std(scores, ddof=1))
    assert metrics["cross_validation"]["baseline"]["targets"]["price"]["r2"] <= 0

    gate = program("report", str(run), "--fail-under", "targets.price.r2=2", "--quiet")
    assert gate.code == 1
    assert f"targets.price.r2 is {of_price['mean']:g}, wanted" in gate.out + gate.err

    other = run_of(
        program, "evaluate", "t.yaml", "--folds", "3", "--repeats", "1", "--set", "model.hidden=[2]"
    )
    entries = json.loads(program("compare", str(run), str(other), "--json").out)["comparisons"]
    assert [(entry["target"], entry["samples"], entry["paired"]) for entry in entries] == [
        ("price", "folds", True),
        ("grade", "folds", True),
    ]
    assert entries[0]["difference"] == pytest.approx(
        of_price["mean"]
        - read_json(other / "metrics.json")["cross_validation"]["targets"]["price"]["r2"]["mean"]
    )

    short = program("report", str(run)).out
    row = next(line.split() for line in short.splitlines() if line.split()[:2] == ["price", "R²"])
    assert float(row[2]) == pytest.approx(of_price["mean"], abs=1e-4)
    assert "2 targets" in short
    assert "targets: price, grade (3 classes)" in " ".join(short.split())


def test_the_short_report_says_how_many_targets_there_are(program: Program, tmp_path: Path) -> None:
    """There is no room for all of 20 labels."""
    rng = np.random.default_rng(0)
    rows = [[f"{rng.normal():.3f}", *map(str, rng.integers(0, 2, 20))] for _ in range(60)]
    header = ["a", *(f"label {index}" for index in range(20))]
    (tmp_path / "t.csv").write_text("\n".join(",".join(row) for row in [header, *rows]) + "\n")
    labels = f"{{labels: [{', '.join(header[1:])}]}}"
    config = f"data: {{source: t.csv, target: {labels}}}\nrecipe: classic\ntraining: {{epochs: 1}}\n"
    (tmp_path / "t.yaml").write_text(config)
    run = run_of(program, "train", "t.yaml")
    lines = program("report", str(run)).out.splitlines()
    table = lines[next(index for index, line in enumerate(lines) if line.startswith("  20 targets")) :]
    assert table[1].split()[:3] == ["label", "0", "accuracy"]
    assert "fnnctl report" in lines[-1]
    for what in ("predictions and tables", "predictions, tables and figures"):
        assert f"{what} of label 0" in " ".join(program("report", str(run), "--verbose").out.split())
        next((run / "targets").glob("1-*")).joinpath("errors.png").touch()


def test_a_file_with_the_column_of_words_or_a_column_of_each_is_scored(
    program: Program, tmp_path: Path
) -> None:
    """Both give the same metrics; words that are no labels are left out, with a warning."""
    rng = np.random.default_rng(2)
    a, has = rng.normal(size=40).round(2).tolist(), rng.integers(0, 2, (40, 2)).tolist()
    words = ["|".join(w for w, is_one in zip(("rust", "leak"), row, strict=True) if is_one) for row in has]
    rows = list(zip(a, words, strict=True))
    (tmp_path / "words.csv").write_text("a,faults\n" + "".join(f"{x},{text}\n" for x, text in rows))
    (tmp_path / "new.csv").write_text("a,faults\n" + "".join(f"{x},{text}|dent\n" for x, text in rows))
    (tmp_path / "columns.csv").write_text(
        "a,rust,leak\n" + "".join(f"{x},{one},{two}\n" for x, (one, two) in zip(a, has, strict=True))
    )
    (tmp_path / "lacking.csv").write_text("a,rust\n1,0\n")
    (tmp_path / "words.yaml").write_text(
        'data: {source: words.csv, target: {labels: faults, separator: "|"}}\n'
        "recipe: classic\nmodel: {hidden: [2]}\ntraining: {epochs: 2}\n"
    )
    run = run_of(program, "train", "words.yaml")
    scored = {name: program("evaluate", str(run), "--data", name) for name in ("new.csv", "columns.csv")}
    assert [done.code for done in scored.values()] == [0, 0]
    assert "words that the training data lack, which are left out: 'dent'" in scored["new.csv"].err
    tests = [
        program("evaluate", str(run), "--data", name, "--json").json["metrics"]["test"]["targets"]
        for name in scored
    ]
    assert tests[0] == tests[1]
    lacking = program("evaluate", str(run), "--data", "lacking.csv")
    assert (lacking.code, "the target column 'faults' is missing" in lacking.err) == (2, True)
    predicted = program("predict", str(run), "words.csv")
    assert (predicted.code, "ignored" in predicted.err) == (0, False)


def test_each_trial_has_its_own_weights_of_targets(program: Program) -> None:
    space = "search.space={training.target_weights.price: {choice: [1, 9]}}"
    metric = "search.objective.metric=targets.price.r2"
    settings = "model.ensemble=1", "search.method=grid", space, metric
    search = run_of(program, "search", "t.yaml", *(word for each in settings for word in ("--set", each)))
    records = [json.loads(line) for line in (search / "journal.jsonl").read_text().splitlines()]
    losses = [record["facts"]["curve"]["train_loss"][0] for record in records if record["record"] == "result"]
    assert losses[1] > 2 * losses[0]
