"""The pieces of tests/benchmarks/recipe on tiny tables: they measure what they say."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.model_selection import KFold, StratifiedKFold

from fnnctl.config.rules.experiments import experiment_of
from fnnctl.modelling.fit import Fit
from tests.benchmarks.recipe import __main__, ablation, final, measurements, peers, picture, training
from tests.benchmarks.recipe.intervals import compare, mean_ratio
from tests.benchmarks.recipe.measurements import Contender, Measured, Plan, append, measure, read_cache
from tests.benchmarks.recipe.parts import PARTS, RECIPES, Part
from tests.benchmarks.recipe.tables import (
    Table,
    find_tables,
    fixed_folds,
    inner_folds,
    outer_folds,
    read_table,
)
from tests.benchmarks.recipe.training import Scored, resolved, train_and_score

SHORT = ("recipe=classic", "training.epochs=5", "model.hidden=[4]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with the classes 2, 10 and b, some missing numbers and a category; and one of numbers."""
    folder, rng = tmp_path_factory.mktemp("tables"), np.random.default_rng(0)
    lines = ["a,kind,y"]
    for row in range(60):
        label = ("10", "b", "2")[row % 3 if row < 45 else 0]
        number = "" if row % 20 == 7 else f"{rng.normal() + (label == 'b'):.3f}"
        lines.append(f"{number},{'uvw'[rng.integers(3)]},{label}")
    (folder / "classes.csv").write_text("\n".join(lines), encoding="utf-8")
    values = rng.normal(size=(40, 2))
    text = "\n".join(f"{a:.4f},{b:.4f},{a - b:.4f}" for a, b in values)
    (folder / "numbers.csv").write_text(f"a,b,y\n{text}", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def classes(folder: Path) -> Table:
    return read_table(folder / "classes.csv")


@pytest.fixture(scope="module")
def numbers(folder: Path) -> Table:
    return read_table(folder / "numbers.csv")


def test_tables_are_found_by_name(folder: Path) -> None:
    assert {path.name for path in find_tables(folder)} == {"classes.csv", "numbers.csv"}
    assert [path.name for path in find_tables(folder, ["numbers"])] == ["numbers.csv"]
    with pytest.raises(FileNotFoundError, match="no table letters"):
        find_tables(folder, ["letters", "numbers"])


def test_outer_folds_are_those_of_scikit_learn(folder: Path, classes: Table, numbers: Table) -> None:
    lines = (folder / "classes.csv").read_text(encoding="utf-8").splitlines()[1:]
    labels = [line.rpartition(",")[2] for line in lines]
    splits = [
        (classes, StratifiedKFold(5, shuffle=True, random_state=0).split(labels, labels)),
        (numbers, KFold(5, shuffle=True, random_state=0).split(np.zeros(40))),
    ]
    for table, split in splits:
        folds = outer_folds(table.data)
        for number, (_, test) in enumerate(split):
            assert folds.test_rows(0, number).tolist() == test.tolist()


def test_inner_folds_never_touch_the_test_rows(classes: Table) -> None:
    data = classes.data
    folds, outer = inner_folds(data, validation=0.2, seed=1), outer_folds(data)
    for number, fold in enumerate(folds):
        split = fold.split(data.strata, None)
        parts = [split.train, split.validation, split.test]
        rows = np.concatenate(parts)
        assert len(np.unique(rows)) == len(rows) == 48
        assert not np.intersect1d(rows, outer.test_rows(0, number)).size
        assert [len(part) for part in parts] == [29, 7, 12]
        assert np.bincount(data.targets[split.test]).tolist() == [3, 6, 3]
    again, other = (inner_folds(data, validation=0, seed=seed)[0].split(data.strata, None) for seed in (1, 2))
    assert again.test.tolist() == folds[0].split(data.strata, None).test.tolist() != other.test.tolist()


def test_a_change_leaves_the_rest_of_the_recipe(classes: Table, numbers: Table) -> None:
    recipe = (
        "recipe=classic",
        "training.batch_size=16",
        "training.optimizer={name: momentum, momentum: 0.8}",
    )
    config = resolved(classes, recipe, ("training.optimizer.momentum=0.7",))
    assert config is not None
    assert config["training"]["batch_size"] == 16
    assert config["training"]["optimizer"]["momentum"] == 0.7
    assert resolved(classes, recipe, ("training.label_smoothing=0.1",)) is not None
    assert resolved(numbers, recipe, ("training.label_smoothing=0.1",)) is None


def test_each_fold_scores_as_if_it_were_trained_alone(classes: Table) -> None:
    config = resolved(classes, SHORT, ())
    assert config is not None
    folds = fixed_folds(classes.data, validation=0.15, seed=3)
    together = train_and_score(classes, config, folds)
    alone = [train_and_score(classes, config, [fold]) for fold in folds]
    assert together.scores == [score for each in alone for score in each.scores]
    assert together.log_losses == [loss for each in alone for loss in each.log_losses]
    assert together.diverged == 0
    assert len(set(together.log_losses)) == 5
    assert together.trained_cost == sum(each.trained_cost for each in alone)


def test_the_cost_counts_epochs_rows_parameters_and_members(numbers: Table) -> None:
    """Of 32 rows five validate; a 2-4-1 network has 17 parameters."""
    config = resolved(numbers, (*SHORT, "model.ensemble=3", "training.early_stopping=null"), ())
    assert config is not None
    scored = train_and_score(numbers, config, fixed_folds(numbers.data, validation=0.15, seed=0))
    assert scored.planned_cost == scored.trained_cost == 5 * 5 * 27 * 17 * 3


def test_diverged_fits_score_as_the_baseline(classes: Table, numbers: Table) -> None:
    """Of 12 test rows 6 belong to the majority class, which has 30 of the 60 rows."""
    wild = (
        *SHORT,
        "training.optimizer={name: sgd, learning_rate: 1e6}",
        "training.l2=1000",
        "data.split.validation=0",
    )
    found = []
    for table in (classes, numbers):
        config = resolved(table, (*wild, "training.early_stopping=null"), ())
        assert config is not None
        found.append(train_and_score(table, config, fixed_folds(table.data, validation=0, seed=0)))
    assert [each.diverged for each in found] == [5, 5]
    assert found[0].scores == [0.5] * 5
    folds = fixed_folds(numbers.data, validation=0, seed=0)
    parts = [fold.split(numbers.data.strata, None) for fold in folds]
    means = [numbers.data.targets[part.train].mean() for part in parts]
    targets = [numbers.data.targets[part.test] for part in parts]
    expected = [
        1 - np.square(y - mean).sum() / np.square(y - y.mean()).sum()
        for y, mean in zip(targets, means, strict=True)
    ]
    assert found[1].scores == pytest.approx(expected)


def test_the_guess_is_the_majority_class_and_its_log_loss_the_entropy(classes: Table) -> None:
    config = resolved(classes, SHORT, ())
    assert config is not None
    (fold, *_) = fixed_folds(classes.data, validation=0, seed=0)
    fit = Fit.of(classes.data, experiment_of(config), fold, seed=0)
    score, loss, error = training.guessed(classes, fit)
    assert score == 0.5
    assert loss == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(4))
    assert error == pytest.approx(0)


def test_the_interval_is_that_of_the_t_test() -> None:
    first = {"a": 0.9, "b": 0.7, "c": 0.65, "d": 0.5}
    second = {"a": 0.8, "b": 0.75, "c": 0.65, "e": 0.1}
    found = compare(first, second)
    assert found is not None
    assert (found.larger, found.smaller) == (1, 1)
    assert found.lowest[0] == "b"
    assert found.lowest[1] == pytest.approx(-0.05)
    low, high = stats.ttest_1samp([0.1, -0.05, 0.0], 0).confidence_interval(0.95)
    assert (found.mean - found.half_width, found.mean + found.half_width) == pytest.approx((low, high))
    assert found.text(1, 100) == f"+1.7 [{100 * low:+.1f}, {100 * high:+.1f}]"
    single = compare({"a": 1.0}, {"a": 0.5})
    assert single is not None
    assert single.text(2) == "+0.50"
    assert compare(first, {}) is None
    assert mean_ratio({"a": 2.0, "b": 8.0}, {"a": 1.0, "b": 1.0}) == pytest.approx(4)


@pytest.mark.parametrize("name", peers.PEERS)
def test_peers_learn_from_all_columns(name: str, tmp_path: Path) -> None:
    """The class is known from the category in half of the rows, and from the number in the others."""
    if name not in peers.installed_peers():
        pytest.skip(f"{name} is not installed")
    rng, lines = np.random.default_rng(1), ["a,kind,y"]
    for row in range(200):
        label, by_kind = "no" if row % 2 else "yes", row % 4 < 2
        number = rng.normal() if by_kind else 3.0 if label == "yes" else -3.0
        lines.append(f"{number:.3f},{f'is {label}' if by_kind else 'unknown'},{label}")
    (tmp_path / "both.csv").write_text("\n".join(lines), encoding="utf-8")
    table = read_table(tmp_path / "both.csv")
    folds = fixed_folds(table.data, validation=0.2, seed=0)[:1]
    scored = peers.train_and_score_peer(name, table, folds)
    assert scored.scores[0] > 0.9
    # TabM-D keeps the epoch of the best accuracy, which is an early one here
    assert scored.log_losses[0] < (0.68 if name == peers.TABM else 0.3)


@pytest.mark.parametrize("name", peers.PEERS)
def test_peers_estimate_in_the_targets_unit(name: str, tmp_path: Path) -> None:
    """Numbers and categories, some of which are missing or only in the test rows, are all that is needed."""
    if name not in peers.installed_peers():
        pytest.skip(f"{name} is not installed")
    rng, lines = np.random.default_rng(1), ["a,kind,y"]
    for row in range(300):
        number, kind = rng.normal(), "rare" if row == 7 else ("low", "high", "")[row % 3]
        shift = {"low": -1000, "high": 1000}.get(kind, 0)
        lines.append(f"{'' if row % 30 == 0 else f'{number:.3f}'},{kind},{500 * number + shift:.1f}")
    (tmp_path / "numbers.csv").write_text("\n".join(lines), encoding="utf-8")
    table = read_table(tmp_path / "numbers.csv")
    folds = fixed_folds(table.data, validation=0, seed=0)
    tested = [fold for fold in folds if 7 in fold.split(table.data.strata, None).test]
    scored = peers.train_and_score_peer(name, table, tested)
    assert scored.scores[0] > 0.8
    assert not scored.log_losses
    assert scored.seconds > 0


def test_the_folds_of_peers_are_kept_one_by_one(classes: Table, tmp_path: Path) -> None:
    cache = tmp_path / "cache.jsonl"
    contenders = [Contender(peers.BOOSTING, peer=True), Contender("short", SHORT)]
    plan = Plan(contenders, inner=False, seeds=[0], folds=2, cache=cache)
    two = measure(classes.path, plan).scored
    assert len(cache.read_text(encoding="utf-8").splitlines()) == 3
    assert repr(measure(classes.path, replace(plan, cached_only=True)).scored) == repr(two)
    assert not measure(classes.path, replace(plan, folds=3, cached_only=True)).scored
    three = measure(classes.path, replace(plan, folds=3)).scored
    assert len(cache.read_text(encoding="utf-8").splitlines()) == 5
    for contender in contenders:
        (before,), (after,) = two[contender.name], three[contender.name]
        assert after.scores[:2] == before.scores
        assert len(after.scores) == len(after.log_losses) == len(after.calibration_errors) == 3
    assert three[peers.BOOSTING][0].seconds > two[peers.BOOSTING][0].seconds


def test_results_are_kept(classes: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache.jsonl"
    contenders = [Contender("short", SHORT), Contender("smoothed", SHORT, ("training.label_smoothing=0.1",))]
    plan = Plan(contenders, inner=True, seeds=[0, 1], cache=cache)
    first = measure(classes.path, plan)
    assert [len(first.scored[each.name]) for each in contenders] == [2, 2]
    assert len(cache.read_text(encoding="utf-8").splitlines()) == len(read_cache(cache)) == 4

    def refuse(*arguments: object) -> Scored:
        raise RuntimeError("trained again")

    monkeypatch.setattr(measurements, "train_and_score", refuse)
    assert measure(classes.path, plan) == first
    others = [Contender("short", (*SHORT, "training.l2=0.1"))]
    for changed in (
        Plan(contenders, inner=False, seeds=[0], cache=cache),
        Plan(contenders, inner=True, seeds=[2], cache=cache),
        Plan(others, inner=True, seeds=[0], cache=cache),
    ):
        with pytest.raises(RuntimeError, match="trained again"):
            measure(classes.path, changed)


def test_a_line_that_was_cut_off_is_ignored(tmp_path: Path) -> None:
    cache, scored = tmp_path / "cache.jsonl", Scored([0.5], [1.0], 2.0)
    append(cache, "one", "t", "c", 0, scored)
    with cache.open("a", encoding="utf-8") as file:
        file.write('{"key": "two", "scor')
    found = read_cache(cache)
    assert list(found) == ["one"]
    assert found["one"].scores == [0.5]


def of_scores(table: str, **scores: float) -> Measured:
    made = {
        name: [Scored([score], [1 - score], 3.0 if name == ablation.FULL else 2.0, 0, 1.0, 4.0)]
        for name, score in scores.items()
    }
    return Measured(table, True, 100, made)


def test_a_gain_is_that_of_having_the_part() -> None:
    measured = [of_scores("a", **{ablation.FULL: 0.9, "off": 0.8, "new": 0.92}),
                of_scores("b", **{ablation.FULL: 0.7, "off": 0.72, "new": 0.72})]  # fmt: skip
    parts = [Part("off", ()), Part("new", (), is_candidate=True), Part("other task", ())]
    heading, _, off, new, _ = ablation.table(measured, parts)
    assert heading.startswith("classification, 2 tables: accuracy of the full recipe 0.8000")
    assert off.split()[:2] == ["off", "+4.00"]
    assert "1/1" in off
    assert off.endswith("×1.00   ×1.50")
    assert new.split()[:3] == ["+", "new", "+2.00"]
    assert "2/0" in new
    assert new.endswith("×0.67")


def test_scores_from_a_file_stand_for_peers_that_were_not_run(tmp_path: Path) -> None:
    file = tmp_path / "peers.json"
    file.write_text(json.dumps({"a": {"sklearn": [0.1], "realmlp_td_s": [0.8, 0.9]}}), encoding="utf-8")
    measured = [of_scores("a", default=0.9, sklearn=0.6), of_scores("b", default=0.7, sklearn=0.7)]
    measured = final.with_known_peers(measured, file, ["sklearn", "realmlp_td_s"])
    assert measured[0].score("sklearn") == 0.6
    assert measured[0].score("realmlp_td_s") == pytest.approx(0.85)
    assert not measured[1].has("realmlp_td_s")
    lines = final.report(measured, ["default"], ["sklearn", "realmlp_td_s"])
    (against,) = (line for line in lines if line.startswith("default − sklearn"))
    assert against.split()[3] == "+15.00"
    assert "1/0" in against
    assert against.endswith("b +0.0")
    (known,) = (line for line in lines if line.startswith("default − realmlp_td_s"))
    assert known.split()[3:] == ["+5.00", "1/0", "–", "a", "+5.0"]
    (row,) = (line for line in lines if line.startswith("b "))
    assert row.split() == ["b", "100", "0.7000", "0.7000", "–"]


def test_a_contender_without_all_tables_is_drawn_beside_the_first_one() -> None:
    tables = [of_scores("a", default=0.9, slow=0.8), of_scores("b", default=0.6)]
    tables[0].scored["slow"][0] = Scored([0.8], [0.2], 20.0)  # type: ignore[index]  # ten times the default's
    assert picture.point(tables, "default", "default") == pytest.approx((2, 0.75))
    assert picture.point(tables, "default", "slow") == pytest.approx((20, 0.65))


def test_both_commands_run(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(final, "RECIPES", {"classic": SHORT})
    monkeypatch.setattr(__main__, "installed_peers", lambda: (peers.BOOSTING,))
    common = ["--tables", str(folder), "--cache", str(tmp_path / "cache.jsonl")]
    words = ["ablation", *common, "--recipe", "classic", "--base", *SHORT, "--parts"]
    __main__.main([*words, "--without", "wide layers", "model.hidden=[2]",
                   "--with", "smoothing", "training.label_smoothing=0.1"])  # fmt: skip
    text = capsys.readouterr().out
    assert text.count("wide layers") == 2
    assert text.count("+ smoothing") == 1  # not in a regression
    __main__.main(["final", *common, "--only", "classes", "--recipes", "classic", "--members", "2"])
    text = capsys.readouterr().out
    assert "classic − boosting" in text
    assert "regression" not in text
    words = ["final", *common, "--recipes", "classic", "--peers", "boosting", "--folds", "2"]
    __main__.main([*words, "--picture", str(tmp_path / "both.png")])
    text = capsys.readouterr().out
    __main__.main([*words, "--cached"])
    assert capsys.readouterr().out == text
    assert (tmp_path / "both.png").read_bytes().startswith(b"\x89PNG")


def test_every_listed_part_changes_the_recipe(classes: Table, numbers: Table) -> None:
    full: Any = [resolved(table, RECIPES["default"], ()) for table in (classes, numbers)]
    for part in PARTS:
        changed = [resolved(table, RECIPES["default"], part.settings) for table in (classes, numbers)]
        assert any(each not in (None, own) for each, own in zip(changed, full, strict=True)), part.name


def test_a_result_is_read_back_as_it_was(tmp_path: Path) -> None:
    cache = tmp_path / "cache.jsonl"
    scored = Scored([0.1], [0.25], 3.5, 1, 10.0, 20.0)
    append(cache, "one", "t", "c", 0, scored)
    assert asdict(read_cache(cache)["one"]) == asdict(scored)
