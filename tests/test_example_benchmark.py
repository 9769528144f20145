"""The benchmark of the example searches: it measures what a user gets, and keeps the test rows apart."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml
from scipy import stats

from fnnctl.cli import run
from fnnctl.modelling.loading import load_experiment
from fnnctl.report.summary import summarize
from fnnctl.store.folder import RunFolder
from tests.benchmarks import example_searches
from tests.benchmarks.example_searches import (
    CONFIGS,
    PLAIN,
    Comparison,
    Key,
    compare,
    digest_of,
    main,
    read_results,
    report,
    write_outside_test,
)

PLAIN_TEXT = "recipe: classic\ndata: {source: wine}\nmodel: {hidden: [2]}\ntraining: {epochs: 2}\n"
SEARCH_TEXT = PLAIN_TEXT + "search: {method: random, trials: 2, space: {training.l2: {uniform: [0, 1]}}}\n"


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "wine.yaml").write_text(PLAIN_TEXT, encoding="utf-8")
    (folder / "wine-random.yaml").write_text(SEARCH_TEXT, encoding="utf-8")
    monkeypatch.setattr(example_searches, "CONFIGS", folder)
    monkeypatch.setattr(example_searches, "PLAIN", {"wine-random": "wine"})
    return folder


def test_every_search_has_a_plain_example_of_the_same_table() -> None:
    configs = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in CONFIGS.glob("*.yaml")}
    assert {name for name, config in configs.items() if "search" in config} - {"grid-2520"} == set(PLAIN)
    for search, plain in PLAIN.items():
        assert configs[search]["data"]["source"] == configs[plain]["data"]["source"]


def test_held_out_tables_have_the_rows_outside_the_test_part(tmp_path: Path) -> None:
    config, path = CONFIGS / "wine.yaml", tmp_path / "outside.csv"
    settings = write_outside_test(config, 3, path)
    assert settings == [f"data.source={path}", "data.target=cultivar"]
    outside = load_experiment(config, settings).data.dataset
    loaded = load_experiment(config, ["data.split.seed=3"])
    with path.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    assert len(rows) == len(loaded.split().non_test) == 142
    assert outside.sha256 != loaded.data.dataset.sha256
    targets = loaded.data.strata_names
    codes = loaded.data.targets[loaded.split().non_test]
    assert [row[-1] for row in rows] == [targets[code] for code in codes]


def test_scores_are_those_of_the_commands_and_are_measured_once(configs: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.jsonl"
    words = ["run", "--cache", str(cache), "--only", "wine-random", "--seeds", "3-4"]
    main(words)
    results = read_results(cache)
    assert len(results) == 4
    for command, name in (("search", "wine-random"), ("train", "wine")):
        runs = tmp_path / command
        config = str(configs / f"{name}.yaml")
        assert run([command, config, "--set", "data.split.seed=4", "--runs-dir", str(runs)]) == 0
        (folder,) = runs.iterdir()
        metrics = summarize(RunFolder(folder)).part_metrics("test")
        assert metrics is not None
        result = results[Key(command, name, digest_of(name), 4, held_out=False)]
        assert result.score == metrics["accuracy"]
        assert result.test_share == 36 / 142
    before = cache.read_text(encoding="utf-8")
    with (configs / "wine.yaml").open("a", encoding="utf-8") as file:
        file.write("# a comment\n")
    main(words)
    assert cache.read_text(encoding="utf-8") == before
    (configs / "wine.yaml").write_text(PLAIN_TEXT.replace("[2]", "[3]"), encoding="utf-8")
    main(words)
    assert len(read_results(cache)) == 6


def test_the_interval_and_the_limit_are_those_of_the_corrected_test() -> None:
    comparison = Comparison("wine-grid", "accuracy", (0.98, 0.97, 0.99), (0.99, 0.97, 0.98), 0.25, 2.0)
    error = 1.0 * (1 / 3 + 0.25) ** 0.5
    half_width = stats.t.ppf(0.975, 2) * error
    assert comparison.test.difference == pytest.approx(0)
    assert comparison.test.ci95 == pytest.approx([-half_width, half_width])
    assert comparison.loss_limit == pytest.approx(stats.t.ppf(0.95, 2) * error)


def test_the_report_says_who_loses_more_than_half_a_point() -> None:
    good = Comparison("wine-grid", "accuracy", (0.99, 0.98), (0.99, 0.98), 0.25, 2.0)
    bad = Comparison("diabetes", "r2", (0.49, 0.49), (0.5, 0.5), 0.25, 2.0)
    verdicts = [line.split("|")[-3].strip() for line in report([good, bad])[2:]]
    assert verdicts == ["yes", "no"]


def test_one_split_is_no_comparison() -> None:
    assert compare({}, [0], held_out=False) == []
