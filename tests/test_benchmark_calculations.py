"""What benchmarks decide by: intervals, folds, equal work, and the selection of a portfolio."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize
from sklearn import metrics
from sklearn.model_selection import KFold, StratifiedKFold

from fnnctl.config.recipes.portfolio import Change
from tests.benchmarks import comparison, example_searches
from tests.benchmarks.accuracy import peer as peer_script
from tests.benchmarks.accuracy.report import report
from tests.benchmarks.accuracy.results import Key, Result, Score, Scores, Verdict, append, read_results
from tests.benchmarks.coverage.contenders import NESTED_CHOICES
from tests.benchmarks.coverage.made import made_tables
from tests.benchmarks.coverage.measured import Held, expected
from tests.benchmarks.coverage.nested import AS_CHOSEN, watched_training
from tests.benchmarks.coverage.report import as_few
from tests.benchmarks.coverage.studies import WHOLE, model_of
from tests.benchmarks.engine import ours
from tests.benchmarks.engine.contest import PEERS
from tests.benchmarks.engine.work import Work
from tests.benchmarks.large_tables import Source, write_table
from tests.benchmarks.measuring import interleaved
from tests.benchmarks.portfolio.__main__ import main as portfolio
from tests.benchmarks.portfolio.candidates import candidates
from tests.benchmarks.portfolio.pool import Entry
from tests.benchmarks.portfolio.selecting import mean_gain, select_portfolio
from tests.benchmarks.recipe import ablation, training
from tests.benchmarks.recipe.intervals import compare, mean_ratio
from tests.benchmarks.recipe.measurements import Contender, Measured, Plan, measure, read_cache
from tests.benchmarks.recipe.parts import PARTS, RECIPES, Part
from tests.benchmarks.recipe.tables import TEST, Table, fixed_folds, inner_folds, outer_folds, read_table
from tests.benchmarks.recipe.training import Scored, resolved
from tests.benchmarks.samplers import multi_fidelity, peers, tables
from tests.benchmarks.samplers.intervals import paired
from tests.benchmarks.samplers.multi_fidelity import HARTMANN_MINIMUM, Step, hartmann
from tests.benchmarks.samplers.table import DIMENSIONS, SHAPE, read_tables, write_tables
from tests.benchmarks.samplers.table import Table as GridTable
from tests.benchmarks.targets import scores as target_scores

SHORT = ("recipe=classic", "training.epochs=2", "model.hidden=[4]", "training.early_stopping=null")


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
    rows = "".join(f"{a:.4f},{b:.4f},{a - b:.4f}\n" for a, b in rng.normal(size=(40, 2)))
    (folder / "numbers.csv").write_text(f"a,b,y\n{rows}", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def classes(folder: Path) -> Table:
    return read_table(folder / "classes.csv")


@pytest.fixture(scope="module")
def numbers(folder: Path) -> Table:
    return read_table(folder / "numbers.csv")


class TestMeasuring:
    def test_the_first_round_does_not_count_and_contenders_take_turns(self) -> None:
        calls: list[str] = []
        times = {"a": iter([9.0, 1.0, 5.0, 3.0]), "b": iter([0.0, 2.0, 2.0, 8.0])}

        def contender(name: str) -> Callable[[], float]:
            def seconds() -> float:
                calls.append(name)
                return next(times[name])

            return seconds

        assert interleaved({name: contender(name) for name in "ab"}, 3) == {"a": 3.0, "b": 2.0}
        assert calls == list("abababab")

    def test_the_interval_over_tables_is_that_of_the_t_test(self) -> None:
        first = {"a": 0.9, "b": 0.7, "c": 0.65, "d": 0.5}
        found = compare(first, {"a": 0.8, "b": 0.75, "c": 0.65, "e": 0.1})
        low, high = stats.ttest_1samp([0.1, -0.05, 0.0], 0).confidence_interval(0.95)
        assert found is not None
        assert (found.larger, found.smaller) == (1, 1)
        assert found.lowest[0] == "b"
        assert found.text(1, 100) == f"+1.7 [{100 * low:+.1f}, {100 * high:+.1f}]"
        assert compare(first, {}) is None
        assert mean_ratio({"a": 2.0, "b": 8.0}, {"a": 1.0, "b": 1.0}) == pytest.approx(4)

    def test_only_seeds_are_drawn_again(self) -> None:
        same = paired({"a": [1.0, 1.0], "b": [-2.0, -2.0]})
        assert (same.mean, same.low, same.high, same.verdict) == (-0.5, -0.5, -0.5, "ahead")
        values = np.random.default_rng(0).normal(size=100)
        wide, error = paired({"a": values.tolist()}), values.std() / 10
        ends = values.mean() - 1.96 * error, values.mean() + 1.96 * error
        assert (wide.low, wide.high) == pytest.approx(ends, abs=0.1 * error)
        assert wide.verdict == "no difference"

    def test_the_limit_of_an_examples_loss_is_that_of_the_corrected_test(self) -> None:
        test, loss_limit = example_searches.compare((0.98, 0.97, 0.99), (0.99, 0.97, 0.98), 0.25)
        error = 1.0 * (1 / 3 + 0.25) ** 0.5
        half_width = stats.t.ppf(0.975, 2) * error
        assert test.ci95 == pytest.approx([-half_width, half_width])
        assert loss_limit == pytest.approx(stats.t.ppf(0.95, 2) * error)

    def test_the_best_accuracies_of_the_made_data_are_5_points_apart(self, tmp_path: Path) -> None:
        comparison.write_data(tmp_path / "x.csv", 20_000, 1)
        lines = (tmp_path / "x.csv").read_text().splitlines()[1:]
        columns = np.array([[float(value) for value in line.split(",")[:2]] for line in lines])
        is_yes = np.array([line.endswith("yes") for line in lines])
        both, first = columns @ np.array(comparison.MEANS) > 0, columns[:, 0] > 0
        assert [np.mean(guess == is_yes) for guess in (both, first)] == pytest.approx([0.9, 0.85], abs=0.01)


def tiny(rows: int = 25, batch: int = 10, *, epochs: int = 2, classes: int = 3) -> Work:
    y = np.arange(rows) % classes
    X = np.random.default_rng(0).normal(size=(rows, 4)) + y[:, None]
    return Work("tiny", X.astype(np.float32), y, classes, (6, 5), epochs, most_rows=batch)


class TestEngine:
    @pytest.mark.parametrize(("name", "members"), [("scikit-learn", 1), ("PyTorch", 1), ("JAX", 3)])
    @pytest.mark.parametrize(("classes", "batch"), [(2, 10), (3, 25)])
    def test_everyone_does_the_same_work(self, name: str, members: int, classes: int, batch: int) -> None:
        """From the same weights; only where an epoch has several batches the orders of the rows differ."""
        package, module = PEERS[name]
        pytest.importorskip(package, reason=f"{name} is not installed")
        peer: Any = __import__(f"tests.benchmarks.engine.peers.{module}", fromlist=["trainers"])
        work = tiny(epochs=30, classes=classes, batch=batch)
        own = ours.trainer(work, members)().losses
        for train in peer.trainers(work, members).values():
            for _ in range(2):  # every time from the first weights
                np.testing.assert_allclose(train().losses, own, rtol=1e-3 if work.one_batch else 0.05)
        assert (own[-1] < 0.95 * own[0]).all()


class TestFolds:
    def test_outer_folds_are_those_of_scikit_learn(self, classes: Table, numbers: Table) -> None:
        for table, kind in ((classes, StratifiedKFold), (numbers, KFold)):
            split = kind(5, shuffle=True, random_state=0).split(table.data.targets, table.data.targets)
            for number, (_, test) in enumerate(split):
                assert outer_folds(table.data).test_rows(0, number).tolist() == test.tolist()

    def test_inner_folds_never_touch_the_test_rows(self, classes: Table) -> None:
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

    @pytest.mark.extra
    def test_a_quarter_of_the_groups_of_a_large_table_is_tested(self, tmp_path: Path) -> None:
        frames = pytest.importorskip("pandas")
        groups = np.arange(120) // 3
        rows = frames.DataFrame({"accident": groups, "y": np.arange(120) % 4, "x": groups / 8})
        source = Source(rows.copy, "regression", "develop", group="accident")
        assert write_table(source, tmp_path / "accidents") == (90, 30)
        table = read_table(tmp_path / "accidents")
        (fold,) = fixed_folds(table.data, validation=0.2, seed=0)
        (inner,) = inner_folds(table.data, validation=0.2, seed=0)
        test = fold.split(table.data.strata, None).test
        assert test.tolist() == list(range(90, 120))
        x = table.data.dataset.numbers(np.arange(120))
        assert not np.intersect1d(x[:90], x[90:]).size
        used = inner.split(table.data.strata, None)
        assert max(map(max, (used.train, used.validation, used.test))) < 90
        assert Path(resolved(table, SHORT, ())["data"]["test_source"]).name == TEST  # type: ignore[index]


class TestRecipe:
    def test_every_listed_part_changes_the_recipe(self, classes: Table, numbers: Table) -> None:
        both = classes, numbers
        full = [resolved(table, RECIPES["default"], ()) for table in both]
        for part in PARTS:
            changed = [resolved(table, RECIPES["default"], part.settings) for table in both]
            settings = zip(changed, full, strict=True)
            assert any(config not in (None, own) for config, own in settings), part.name

    def test_scores_are_the_usual_ones(self) -> None:
        shares = np.array([[0.5, 0.5, 0.0], [0.25, 0.75, 0.0]])
        loss = -(math.log(0.5) + math.log(1e-15)) / 2
        assert training.class_scores(shares, np.array([0, 2])) == pytest.approx((0.5, loss))
        assert training.r2(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0])) == 0.5

    def test_what_is_known_is_not_trained_again(self, classes: Table, tmp_path: Path) -> None:
        cache = tmp_path / "cache.jsonl"
        contenders = [Contender("a", SHORT), Contender("b", SHORT, ("training.label_smoothing=0.1",))]
        first = measure(classes.path, Plan(contenders, [0, 1], cache))
        assert [len(first.scored[name]) for name in "ab"] == [2, 2]
        with cache.open("a", encoding="utf-8") as file:
            file.write('{"key": "cut off')
        assert len(read_cache(cache)) == 4
        before = cache.read_bytes()
        assert measure(classes.path, Plan(contenders, [0, 1], cache)) == first
        assert cache.read_bytes() == before

    def test_a_gain_is_that_of_having_the_part(self) -> None:
        def measured(table: str, **scores: float) -> Measured:
            made = {
                name: [Scored([score], [1 - score], 3.0 if name == ablation.FULL else 2.0, 0, 4.0)]
                for name, score in scores.items()
            }
            return Measured(table, True, made)

        on_tables = [
            measured("a", **{ablation.FULL: 0.9, "off": 0.8, "new": 0.92}),
            measured("b", **{ablation.FULL: 0.7, "off": 0.72, "new": 0.72}),
        ]
        parts = [Part("off", ()), Part("new", (), is_candidate=True), Part("other task", ())]
        _, _, off, new, _ = ablation.table(on_tables, parts)
        assert (off.split()[:2], off.split()[-3:]) == (["off", "+4.00"], ["1/1", "×1.00", "×1.50"])
        assert (new.split()[1:3], new.split()[-3:]) == (["new", "+2.00"], ["2/0", "×1.00", "×0.67"])


class TestAccuracy:
    @pytest.mark.filterwarnings("ignore")
    @pytest.mark.parametrize("is_classification", [True, False], ids=["classes", "numbers"])
    @pytest.mark.parametrize(
        "name",
        [
            pytest.param(name, marks=[pytest.mark.extra] if peer.module == "sklearn" else [])
            for name, peer in peer_script.PEERS.items()
            if name != "autogluon"
        ],
    )
    def test_peers_learn_from_all_columns(self, name: str, is_classification: bool, tmp_path: Path) -> None:
        """The target is known from the category in half of the rows, and from the number in the others."""
        pytest.importorskip("pandas")
        pytest.importorskip(peer_script.PEERS[name].module)
        rng, rows = np.random.default_rng(1), []
        for row in range(300):
            label = "no" if row % 2 else "yes"
            number, kind = (rng.normal(), label) if row % 4 < 2 else (3.0 if label == "yes" else -3.0, "")
            rows.append((number, kind, label if is_classification else str(100 * (label == "yes"))))
        for part, chosen in (("train", rows[:240]), ("test", [*rows[240:], (math.nan, "new", rows[0][2])])):
            lines = (f"{'' if math.isnan(a) else a},{kind},{y}\n" for a, kind, y in chosen)
            (tmp_path / f"{part}.csv").write_text("a,kind,y\n" + "".join(lines), encoding="utf-8")
        task = peer_script.read_task(tmp_path, is_classification=is_classification, threads=1, seconds=None)
        predicted, told = peer_script.train_and_predict(peer_script.PEERS[name], task)
        expected = np.array([label for _, _, label in rows[240:]])
        if is_classification:
            best = np.argmax(predicted["probabilities"], axis=1)[:60]
            assert np.mean(np.array(predicted["classes"])[best] == expected) > 0.9
        else:
            estimates = np.reshape(predicted["estimates"], -1)[:60]
            assert training.r2(expected.astype(float), estimates) > 0.8
        assert told["model_bytes"] > 0

    @staticmethod
    def result(
        table: str, name: str, accuracy: float, *, fold: int = 0, limit: float | None = None
    ) -> Result:
        return Result(Key(table, fold, name, limit), True, 100, scores=Scores(Score(accuracy, 1 - accuracy)))

    def lines(self, results: list[Result], file: Path) -> set[str]:
        for result in results:
            append(file, result)
        assert [*read_results([file]).values()] == results
        return {" ".join(line.split()) for line in report([*read_results([file]).values()], 60.0)}

    def test_the_report_says_what_the_results_are(self, tmp_path: Path) -> None:
        """The search is better than the default on both tables, and better than CatBoost on b alone."""
        results = []
        for table, shift in (("a", 0.0), ("b", 0.125)):
            searched = self.result(table, "search", 0.75 + shift, limit=60.0)
            out_of_bag, nested = Score(0.8125 + shift, 0.5), Score(log_loss=0.5 - shift)
            scores = replace(searched.scores or Scores(Score()), out_of_bag=out_of_bag, nested=nested)
            results += [
                self.result(table, "search", 0.0, limit=5.0),
                replace(searched, scores=scores, best=Scores(Score(0.5, 0.5)), fit_seconds=6.0),
                replace(self.result(table, "default", 0.625 - shift), fit_seconds=2.0),
                self.result(table, "catboost", 0.875 - shift),
            ]
        assert {
            "search 2 2 0.8125 0.1875 – – 6.00 – –",
            "search, best trial 2 2 0.5000 0.5000 – – – – –",
            "search − catboost +0.00 [-158.83, +158.83] 1/1 +0.0000 [-1.5883, +1.5883] 1/1 – a -12.5",
            "search − default +25.00 [-133.83, +183.83] 2/0 -0.2500 [-1.8383, +1.3383] 2/0 ×3.00 a +12.5",
            "default − catboost -25.00 [-25.00, -25.00] 0/2 +0.2500 [+0.2500, +0.2500] 0/2 – a -25.0",
            "search: out-of-bag +6.25 [+6.25, +6.25]",
            "search: nested +0.2500 [+0.2500, +0.2500]",
        } <= self.lines(results, tmp_path / "cache")

    def test_a_verdict_is_judged_by_the_other_folds(self, tmp_path: Path) -> None:
        """On a the search is better on fold 0, and on b worse there; on fold 1 it is the other way round."""
        results = []
        for table, signs in (("a", (1, -1)), ("b", (-1, 1))):
            for fold, sign in enumerate(signs):
                searched = self.result(table, "search", 0.5 + 0.25 * sign, fold=fold, limit=60.0)
                verdict = Verdict("loss", "better" if sign > 0 else "tie")
                results += [replace(searched, verdict=verdict), self.result(table, "default", 0.5, fold=fold)]
        said = self.lines(results, tmp_path / "cache")
        assert {"it says: better 0 0 2", "it says: tie 2 0 0"} <= said


class TestSamplers:
    def test_tables_are_read_as_they_were_written(self, tmp_path: Path) -> None:
        values = np.arange(math.prod(SHAPE), dtype=np.float32).reshape(*SHAPE, 1)
        write_tables(tmp_path / "x.npz", [GridTable("small", {"loss": values, "error": values[::-1] + 1})])
        (small,) = read_tables(tmp_path / "x.npz")
        problem = small.problem("loss")
        assert small.scale("loss") == (math.prod(SHAPE) - 1) / 2
        assert problem.loss(dict(zip(DIMENSIONS, (0, 0, 0, 0, 1, 2), strict=True))) == 5.0
        assert problem.space.size == math.prod(SHAPE)
        assert (problem.minimum, small.problem("error").minimum) == (0.0, 1.0)
        settings: Any = {"batch": 1, "seeds": [3], "recorded": tables.Recorded(None)}
        twice = tables.run(tables.TWICE, problem, trials=5, **settings)[3]
        assert twice == tables.run("random", problem, trials=10, **settings)[3][1::2]

    @pytest.mark.parametrize("version", ["1", "2"])
    def test_searches_of_the_same_version_are_kept(
        self, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They are told the worst finite loss in place of an infinite one."""
        told: list[float] = []
        losses: Iterator[float] = (math.inf if number == 1 else 3.0 - number for number in count())
        library = SimpleNamespace(
            ask=lambda n: [peers.Proposal(None, {})] * n, tell=lambda proposal, loss: told.append(loss)
        )
        peer = SimpleNamespace(is_installed=True, version="1", make=lambda *_: library)
        monkeypatch.setitem(peers.PEERS, "smac", peer)
        problem: Any = SimpleNamespace(name="p", space=None, loss=lambda _: next(losses))
        settings: Any = {"trials": 3, "batch": 2, "seed": 0}
        first = tables.Recorded(tmp_path / "kept").search("smac", problem, **settings)
        assert (first, told) == ([3.0, math.inf, 1.0], [3.0, 3.0, 1.0])
        peer.version = version
        again = tables.Recorded(tmp_path / "kept").search("smac", problem, **settings)
        assert (again == first) is (version == "1")

    @pytest.mark.parametrize(
        "place", [[0.1146, 0.5556, 0.8525], [0.2017, 0.15, 0.4769, 0.2753, 0.3117, 0.6573]]
    )
    def test_the_minimum_is_where_the_literature_says(self, place: list[float]) -> None:
        lowest = minimize(hartmann, place, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15})
        assert lowest.fun == pytest.approx(HARTMANN_MINIMUM[len(place)], abs=1e-12)
        assert lowest.x == pytest.approx(place, abs=1e-3)

    def test_a_regret_lasts_until_the_next_incumbent(self) -> None:
        good, bad = np.array([0.1146, 0.5556, 0.8525]), np.array([0.9, 0.1, 0.1])
        low, high = (max(math.log10(hartmann(x) - HARTMANN_MINIMUM[3]), -4.0) for x in (good, bad))
        steps = [Step(bad, 9, 0.0, 9), Step(good, 3, -3.0, 3), Step(good, 9, -3.0, 6), Step(bad, 81, 0.0, 81)]
        assert multi_fidelity.area(steps, 30) == pytest.approx(((18 * high + 12 * low) / 30, low))


def errors(*values: float, seconds: float = 1.0) -> Entry:
    """A regression's candidate with these errors, alternating, on 40 out-of-bag and 12 test rows."""
    return Entry(np.resize(values, 40), np.resize(values, 12), seconds, is_classification=False)


class TestPortfolio:
    def test_candidates_that_make_up_for_each_other_are_selected(self) -> None:
        """The default errs by 1; candidate 2 is worse alone but cancels it, candidate 1 a little better."""
        table = {0: errors(1.0), 1: errors(0.9), 2: errors(-1.1), 3: errors(-1.0, seconds=9.0)}
        pool = {"a": table, "b": table}
        assert select_portfolio(pool, size=3, most_time=3.0) == [0, 2, 1]
        assert 3 in select_portfolio(pool, size=4, most_time=10.0)
        gains = mean_gain(pool, [0, 2])
        assert gains.nested == gains.tested == pytest.approx(0.3), "a table counts at most that much"

    def test_a_gain_is_that_of_rows_that_did_not_select(self) -> None:
        """Noise that looks better on one half is worse on the other."""
        rng = np.random.default_rng(0)
        noise = {index: Entry(rng.normal(size=60), rng.normal(size=60), 1.0, False) for index in range(40)}
        assert max(mean_gain({"a": noise}, list(noise))) < 0.95

    def test_a_table_is_judged_by_the_portfolio_of_the_others(self, tmp_path: Path) -> None:
        """The table `odd` is the only one on which candidate 1 helps."""
        helps, hurts = errors(-1.0), errors(3.0)
        pool = {name: {0: errors(1.0), 1: hurts, 2: helps} for name in ("x", "y", "z")}
        pool["odd"] = {0: errors(1.0), 1: helps, 2: hurts}
        for name, entries in pool.items():
            for index, entry in entries.items():
                entry.write(tmp_path / f"{name}-{index}.npz")
        file = tmp_path / "folds.json"
        portfolio(["select", "--pool", str(tmp_path), "--size", "2", "--folds", str(file)])
        judged = json.loads(file.read_text(encoding="utf-8"))
        assert {name: Change(**fields[1]) for name, fields in judged.items()} == dict.fromkeys(
            judged, candidates(0)[2]
        )


@pytest.mark.parametrize(("sides", "outside"), [(1, 5), (2, 4)])
def test_so_few_rows_are_held_with_a_beta_binomial_probability(sides: int, outside: int) -> None:
    """Of 51 ranks the limits leave ⌊5.1⌋ outside, or twice ⌊2.55⌋."""
    distribution = stats.betabinom(40, 51 - outside, outside)
    assert as_few(Held(40, 33, 50), 0.9, sides=sides) == pytest.approx(distribution.cdf(33))
    assert expected(Held(40, 33, 50), 0.9, sides=sides) == pytest.approx(1 - outside / 51)


@pytest.mark.parametrize("kind", ["linear", "three classes"])
def test_what_is_watched_gives_the_errors_of_the_model(kind: str) -> None:
    (table,) = made_tables(1, [kind], [60])
    with watched_training() as watched:
        ((_, run),) = NESTED_CHOICES["default"].runs(table.columns, WHOLE)
    for name, array in watched.tails()[AS_CHOSEN].to_arrays().items():
        np.testing.assert_allclose(array, model_of(run).error_arrays[name], rtol=1e-5, atol=1e-6)


def test_deviances_are_those_of_scikit_learn() -> None:
    y, mean = np.array([1.0, 2.5, 7.0]), np.array([0.3, 2.5, 9.0])
    for power, deviance, targets in (
        (1.0, target_scores.poisson_deviance, y.round() - 1),
        (1.5, target_scores.tweedie_deviance, y - 1),
        (2.0, target_scores.gamma_deviance, y),
    ):
        expected = metrics.mean_tweedie_deviance(targets, mean, power=power)
        assert deviance(targets, mean).mean() == pytest.approx(expected)


def test_scores_of_quantiles_and_ranks_are_those_of_scikit_learn() -> None:
    y, decided = np.array([0, 3, 1, 2, 2]), np.array([1, 3, 1, 0, 2])
    kappa = metrics.cohen_kappa_score(y, decided, weights="quadratic")
    assert target_scores.quadratic_kappa(y, decided) == pytest.approx(kappa)
    loss = metrics.mean_pinball_loss(y, decided + 0.5, alpha=0.1)
    assert target_scores.pinball(y, decided + 0.5, 0.1) == pytest.approx(loss)
