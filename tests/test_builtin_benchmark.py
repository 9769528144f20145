"""The benchmark of the recipe on the built-in data sets measures what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy import stats

from fnnctl.cli import run
from fnnctl.report.summary import summarize
from fnnctl.store.folder import RunFolder
from tests.benchmarks.recipe import __main__, builtin
from tests.benchmarks.recipe.builtin import (
    RECIPE,
    BuiltinPlan,
    BuiltinScores,
    measure_builtin,
    report,
    tuned_files,
)
from tests.benchmarks.recipe.training import Scored

SHORT = "recipe: classic\ndata: {source: iris}\ntraining: {epochs: 3}\n"


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    folder = tmp_path / "configs"
    folder.mkdir()
    for name, text in {
        "iris": "recipe: classic\ndata: {source: iris}",
        "iris-short": SHORT,
        "iris-random": SHORT + "search: {method: random, space: {training.l2: {uniform: [0, 1]}}}",
        "baseline": SHORT,
    }.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_tuned_files_have_the_data_sets_name_and_no_search(configs: Path) -> None:
    assert [file.stem for file in tuned_files("iris", configs)] == ["iris", "iris-short"]
    assert tuned_files("wine", configs) == []


def test_the_tuned_files_of_the_repository() -> None:
    found = {
        name: [file.stem for file in tuned_files(name, builtin.CONFIGS)] for name in ("wine", "diabetes")
    }
    assert found == {"wine": ["wine"], "diabetes": ["diabetes", "diabetes-ensemble"]}


def test_a_score_is_that_of_train_with_the_same_seed(configs: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.jsonl"
    plan = BuiltinPlan("classic", range(2), configs, cache)
    (measured,) = measure_builtin(["iris"], plan, workers=1)
    assert [*measured.scored] == [RECIPE, "iris", "iris-short"]
    assert measured.by_seed(RECIPE) == measured.by_seed("iris")
    for seed, ours in enumerate(measured.scored["iris-short"]):
        runs = tmp_path / f"runs of seed {seed}"
        words = ["train", str(configs / "iris-short.yaml"), "--seed", str(seed), "--runs-dir", str(runs)]
        assert run(words) == 0
        (folder,) = runs.iterdir()
        theirs = summarize(RunFolder(folder)).part_metrics("test")
        assert theirs is not None
        assert ours.scores == [theirs["accuracy"]]
        assert ours.log_losses == pytest.approx([theirs["loss"]])
    before = cache.read_text(encoding="utf-8")
    assert len(before.splitlines()) == 4  # the recipe's are those of iris.yaml
    assert measure_builtin(["iris"], plan, workers=1) == [measured]
    assert cache.read_text(encoding="utf-8") == before


def of_scores(name: str, **scores: list[float]) -> BuiltinScores:
    made = {who or RECIPE: [Scored([score], [], 2.0) for score in values] for who, values in scores.items()}
    return BuiltinScores(name, made)


def test_the_best_file_of_each_data_set_counts() -> None:
    recipe = [0.9, 0.8, 0.85]
    first = of_scores("first", **{RECIPE: recipe, "good": [0.9, 0.9, 0.75], "bad": [0.1, 0.2, 0.0]})
    second = of_scores("second", **{RECIPE: [0.5, 0.7, 0.6], "own": [0.6, 0.6, 0.6]})
    alone = of_scores("alone", **{RECIPE: [0.1, 0.1, 0.1]})
    _, good, bad, own, nothing, mean = report([first, second, alone])
    low, high = stats.ttest_rel(recipe, [0.9, 0.9, 0.75]).confidence_interval(0.95)
    assert good.split() == [
        "first", "0.8500", "2.00", "good", "0.8500", "2.00", "+0.0000", f"[{low:+.4f},", f"{high:+.4f}]",
    ]  # fmt: skip
    assert bad.split()[:7] == ["first", "0.8500", "2.00", "bad", "0.1000", "2.00", "+0.7500"]
    assert own.split()[6] == "+0.0000"
    assert nothing.split() == ["alone", "0.1000", "2.00", "–"]
    assert mean.split() == ["mean", "0.7250", "best", "files", "0.7250", "+0.0000"]


def test_the_command_runs(
    configs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(builtin, "tuned_files", lambda name, folder: [configs / f"{name}-short.yaml"])
    __main__.main(["builtin", "--recipe", "classic", "--only", "iris", "--seeds", "2"])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["data", "iris", "mean"]
