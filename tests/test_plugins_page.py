"""The package on the page about plug-ins, installed from the text of the page, does what the page says."""

from __future__ import annotations

import random
import shlex
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import fnnctl
from tests.plugin_packages import ALLOW, page_block, write_example
from tests.program import Program, read_json

pytestmark = pytest.mark.usefixtures("no_figures")
SETTINGS = {"recipe": "classic", "data": "diabetes", "model.output": "cauchy", "training.epochs": 2}
SEARCH = """\
name: search
data: {source: houses.ltsv, target: price}
recipe: classic
training: {epochs: 4}
search:
  method: random
  trials: 6
  objective: {metric: within_10_percent}
  space:
    model.output.name: {choice: [squared, cauchy, huber]}
    model.output.scale: {log_uniform: [0.1, 10], when: {model.output.name: cauchy}}
"""


class Silent(fnnctl.Observer):
    def warning(self, text: str) -> None: ...


def houses(rows: int, seed: int) -> str:
    """Prices that follow from the area and the walls, as LTSV."""
    rng = random.Random(seed)
    lines = []
    for _ in range(rows):
        area, walls = rng.uniform(30, 200), rng.choice(["brick", "wood", "a,b"])
        price = 1000 * area + {"brick": 20000, "wood": -5000, "a,b": 0}[walls] + rng.gauss(0, 5000)
        lines.append(f"area:{area:.1f}\twalls:{walls}\tprice:{price:.0f}\n")
    return "".join(lines)


@pytest.fixture
def package(tmp_path: Path, installed: Callable[[Path | None], None]) -> Path:
    """The package of the page, installed, and tables of the kind that it reads."""
    folder = write_example(tmp_path / "site")
    installed(folder)
    (tmp_path / "houses.ltsv").write_text(houses(120, 1))
    (tmp_path / "new.ltsv").write_text(houses(20, 2))
    (tmp_path / "houses.yaml").write_text(page_block("yaml"))
    (tmp_path / "search.yaml").write_text(SEARCH)
    return folder


@pytest.mark.usefixtures("package")
def test_the_loss_is_its_formula() -> None:
    """Cauchy's loss at e = 0, c and −3c, with c = 0.5: ½c² times log 1, log 2 and log 10."""
    formula = import_module("fnnctl_extras").Cauchy
    errors = np.array([0.0, 0.5, -1.5])
    losses = np.empty(3)
    formula.losses(errors, 0.5, out=losses)
    assert losses == pytest.approx([0.0, 0.125 * np.log(2.0), 0.125 * np.log(10.0)])
    formula.derive(errors, 0.5)
    assert errors == pytest.approx([0.0, 0.25, -0.15])


@pytest.mark.usefixtures("package")
def test_the_reader_notes_values_without_a_label(program: Program, tmp_path: Path) -> None:
    (tmp_path / "bad.ltsv").write_text("area:1\tprice:2\nno label\n\narea:2\tprice:3\n")
    done = program("describe", "bad.ltsv", "--target", "price")
    assert done.code == 2
    assert done.err == "bad.ltsv:2: a value has no label: write label:value\n"


@pytest.mark.usefixtures("package")
@pytest.mark.extra
def test_the_commands_of_the_page_run(program: Program, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    for line in page_block("sh").splitlines():
        done = program(*shlex.split(line)[1:])
        assert done.code == 0, done.err
    trained, evaluated = sorted((tmp_path / "runs").iterdir())
    for run in (trained, evaluated):
        metrics = read_json(run / "metrics.json")["test"]
        rows = [line.split(",") for line in (run / "predictions.csv").read_text().splitlines()[1:]]
        targets, predictions = np.array(rows)[:, -2:].astype(float).T
        within = np.abs(predictions - targets) <= 0.1 * np.abs(targets)
        assert metrics["within_10_percent"] == pytest.approx(within.mean())
        plugins = read_json(run / "manifest.json")["plugins"]
        assert [plugin["name"] for plugin in plugins] == ["cauchy", "within_10_percent", "ltsv"]
        assert {(plugin["package"], plugin["version"]) for plugin in plugins} == {("fnnctl-extras", "1.0")}
    assert "name: cauchy" in (trained / "resolved.yaml").read_text()


@pytest.mark.usefixtures("package")
def test_the_python_of_the_page_runs() -> None:
    exec(compile(page_block("python", 1), "plugins.md", "exec"), {})


@pytest.mark.usefixtures("package")
def test_a_search_over_losses_is_the_same_with_two_processes(program: Program, tmp_path: Path) -> None:
    for workers in ("1", "2"):
        done = program("search", "search.yaml", "--workers", workers, "--runs-dir", workers)
        assert done.code == 0, done.err
    one, two = (next((tmp_path / workers).iterdir()) for workers in ("1", "2"))
    assert (one / "leaderboard.csv").read_text() == (two / "leaderboard.csv").read_text()
    assert ",cauchy," in (one / "leaderboard.csv").read_text()


def test_a_search_is_continued_with_the_same_version_alone(
    program: Program, tmp_path: Path, package: Path, installed: Callable[[Path | None], None]
) -> None:
    assert program("search", "search.yaml", "--max-trials", "4").code == 0
    resume = ("search", "--resume", "search", "--max-trials", "6")
    assert program(*resume).code == 2, "not allowed"
    installed(write_example(tmp_path / "newer", "1.1"))
    other = program(*resume, *ALLOW)
    assert other.code == 2
    assert "of fnnctl-extras 1.0, and this is that of fnnctl-extras 1.1" in other.err
    installed(package)
    done = program(*resume, *ALLOW)
    assert done.code == 0, done.err
    assert len((next((tmp_path / "runs").iterdir()) / "leaderboard.csv").read_text().splitlines()) == 7


def test_a_network_is_used_with_another_version_and_a_note(
    program: Program, tmp_path: Path, installed: Callable[[Path | None], None], package: Path
) -> None:
    assert program("train", "houses.yaml", "--set", "recipe=fast").code == 0
    same = program("predict", "new.ltsv", *ALLOW)
    installed(write_example(tmp_path / "newer", "1.1"))
    other = program("predict", "new.ltsv", *ALLOW)
    assert other.out == same.out
    note = "the run used the loss 'cauchy' of fnnctl-extras 1.0, and this is that of fnnctl-extras 1.1"
    assert note in other.err
    assert note not in same.err


@pytest.mark.usefixtures("package")
def test_the_seed_depends_on_the_name_alone(
    tmp_path: Path, installed: Callable[[Path | None], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    histories = []
    for version in (None, "1.1"):
        if version:
            installed(write_example(tmp_path / "newer", version))
        experiment = fnnctl.Experiment(SETTINGS)
        histories.append(experiment.train(observer=Silent()).history)
    assert histories[0] == histories[1]
