"""Files of a run that were edited: no gate passes because of them, and no command writes them."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fnnctl.cli import run
from tests.program import Program, read_json
from tests.runs.folding import table

Edit = Callable[[Path], object]
Row = dict[str, str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trainings and two cross-validations."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "x.yaml").write_text(
        "recipe: classic\ndata: {source: iris, split: {seed: 1}}\nmodel: {hidden: [4]}\n"
        "training: {epochs: 4, optimizer: {learning_rate: 0.02}}\n"
        "evaluation: {cross_validation: {folds: 3, repeats: 1}}\n"
    )
    for command in ("train", "evaluate"):
        for seed in ("1", "2"):
            named = ["--name", f"{command}-{seed}", "--seed", seed, "--runs-dir", str(folder / "runs")]
            assert run([command, str(folder / "x.yaml"), *named, "--quiet", "--no-figures"]) == 0
    return folder / "runs"


@pytest.fixture
def runs(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "runs"))


def run_named(runs: Path, name: str) -> Path:
    (path,) = runs.glob(f"*-{name}-*")
    return path


def edit_rows(path: Path, edit: Callable[[list[Row]], list[Row]]) -> None:
    rows = table(path.parent, path.name)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(edit(rows))


def keep_hits(run: Path) -> None:
    """Keep only the rows that are predicted correctly."""
    edit_rows(
        run / "predictions.csv", lambda rows: [row for row in rows if row["label"] == row["prediction"]]
    )


def correct_predictions(run: Path) -> None:
    """Make all predictions right, and keep all rows."""
    edit_rows(run / "predictions.csv", lambda rows: [{**row, "prediction": row["label"]} for row in rows])


def raise_folds(run: Path) -> None:
    edit_rows(run / "cross_validation.csv", lambda rows: [{**row, "accuracy": "1.0"} for row in rows])


def raise_metrics(run: Path) -> None:
    path = run / "metrics.json"
    metrics = read_json(path)
    metrics["test"]["accuracy"] = 1.0
    if folds := metrics.get("cross_validation"):
        folds["accuracy"] |= {"mean": 1.0, "scores": [1.0] * len(folds["accuracy"]["scores"])}
    path.write_text(json.dumps(metrics))


def forget_digests(run: Path) -> None:
    """Make the run one of fnnctl 0.1.0."""
    manifest = read_json(run / "manifest.json")
    assert manifest.pop("sha256")
    (run / "manifest.json").write_text(json.dumps(manifest))


CASES = [
    ("train", "predictions.csv", keep_hits),
    ("train", "predictions.csv", correct_predictions),
    ("train", "metrics.json", raise_metrics),
    ("evaluate", "cross_validation.csv", raise_folds),
    ("evaluate", "predictions.csv", keep_hits),
    ("evaluate", "metrics.json", raise_metrics),
]


@pytest.mark.parametrize(("command", "file", "edit"), CASES)
@pytest.mark.parametrize("is_old", [False, True])
def test_no_comparison_relies_on_an_edited_file(
    program: Program, runs: Path, command: str, file: str, edit: Edit, is_old: bool
) -> None:
    edited, other = (run_named(runs, f"{command}-{seed}") for seed in "12")
    gate = ["report", str(edited), "--not-worse-than", str(other), "--no-figures", "--quiet"]
    assert program(*gate).code == 0
    if is_old:
        forget_digests(edited)
        assert program(*gate).code == 0
    edit(edited)
    for arguments in (gate, ["compare", str(other), str(edited)]):
        done = program(*arguments)
        assert done.code == 2
        (line,) = done.err.splitlines()
        assert line.startswith(str(edited))
        assert (file in line) or is_old


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_no_threshold_relies_on_an_edited_file(
    program: Program, runs: Path, command: str, is_old: bool
) -> None:
    edited = run_named(runs, f"{command}-1")
    gate = ["report", str(edited), "--fail-under", "accuracy=0.999", "--no-figures", "--quiet"]
    assert program(*gate).code == 1
    if is_old:
        forget_digests(edited)
        assert program(*gate).code == 1
    raise_metrics(edited)
    done = program(*gate)
    assert (done.code, done.err.startswith(str(edited))) == (2, True)


@pytest.mark.parametrize(
    ("command", "file"), [("train", "predictions.csv"), ("evaluate", "cross_validation.csv")]
)
def test_no_threshold_of_an_old_run_is_passed_without_its_rows(
    program: Program, runs: Path, command: str, file: str
) -> None:
    """Only what cannot be computed again is accepted as recorded."""
    edited = run_named(runs, f"{command}-1")
    forget_digests(edited)
    raise_metrics(edited)
    (edited / file).unlink()
    gate = ["report", str(edited), "--no-figures", "--quiet", "--fail-under"]
    for name in ("accuracy=0.9", "test.accuracy=0.9"):
        done = program(*gate, name)
        assert (done.code, "--fail-under: " in done.err, " follows" in done.err) == (2, True, True)
    if command == "train":
        assert program(*gate, "train.accuracy=0").code == 0
        assert program(*gate, "expected_calibration_error=1").code == 0


def test_files_may_change_while_the_run_is_resumed(program: Program, runs: Path) -> None:
    """The digests are those of the end of the run; a process that was killed has written no new ones."""
    edited = run_named(runs, "train-1")
    manifest = read_json(edited / "manifest.json")
    (edited / "manifest.json").write_text(json.dumps({**manifest, "status": "running"}))
    raise_metrics(edited)
    assert program("report", str(edited), "--no-figures", "--quiet").code == 0


@pytest.mark.parametrize(
    "command",
    [
        "report RUN --no-figures --format json --output FILE",
        "report RUN --no-figures --fail-under accuracy=0 --junit FILE",
        "compare RUN OTHER --format json --output FILE",
        "describe iris --format json --output FILE",
        "predict RUN TABLE --output FILE",
    ],
)  # fmt: skip
def test_no_command_writes_a_file_of_a_run(
    program: Program, runs: Path, tmp_path: Path, command: str
) -> None:
    """Nor one that does not exist yet, nor through a link."""
    run = run_named(runs, "train-1")
    (tmp_path / "new.csv").write_text(
        "sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n5,3,1,0.2\n"
    )
    words = {"RUN": str(run), "OTHER": str(run_named(runs, "train-2")), "TABLE": str(tmp_path / "new.csv")}
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    link = tmp_path / "link.json"
    link.symlink_to(run / "metrics.json")
    names = ("manifest.json", "model.npz", "threshold.csv", ".checkpoint.npz")
    for file in (link, *(run / name for name in names)):
        done = program(*({**words, "FILE": str(file)}.get(word, word) for word in command.split()))
        assert (done.code, "is a file of the run" in done.err) == (2, True), done
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
