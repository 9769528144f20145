"""`plain_twins: true`: each member has a twin that reads numbers without their embedding."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.special import logsumexp, softmax

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.executors.registry import ExecutorKind
from fnnctl.stacks.work import TrainedStack, train_fits
from fnnctl.tasks.shares import error_shares, likelihood_shares
from tests.modelling.prepared import Prepared, prepare
from tests.program import Interrupt, Program, read_json
from tests.runs.ensembles import WORKERS, assert_same_folds, run_of
from tests.runs.folding import SMALL, table
from tests.runs.resuming import assert_same_bits, resumed_from

pytestmark = pytest.mark.usefixtures("no_figures")

MEMBERS = 3
SETTINGS = (
    f"model.ensemble={{members: {MEMBERS}, bags: true, plain_twins: true}}",
    "model.numeric_embedding={name: piecewise_linear, bins: 4, size: 3, edges: target, code: both}",
    "training.epochs=12",
)
TWINS = tuple(word for setting in SETTINGS for word in ("--set", setting))


@pytest.fixture
def prepared(iris: Path) -> Prepared:
    return prepare(iris, SETTINGS)


def out_of_bag(prepared: Prepared, stack: TrainedStack) -> tuple[list[FloatArray], IntArray]:
    """The outputs of the sorted validation rows: of members and of twins, each not trained on its row."""
    bags = [bag.validation for bag in prepared.fit.bags(prepared.data)]
    rows = np.sort(np.concatenate(bags))
    parts = stack.predictor(0, *stack.final_weights(0)).parts
    outputs: list[FloatArray] = [np.empty((len(rows), part.decoder.output.size)) for part in parts]
    for part, of_part in zip(parts, outputs, strict=True):
        for scorer, bag in zip(part.scorer.member_scorers(), bags, strict=True):
            stack.pool.gather(bag[None], scorer.inputs[None, : len(bag)])
            of_part[np.searchsorted(rows, bag)] = scorer.scores(len(bag))[0]
    return outputs, rows


def test_twins_have_the_members_rows_and_random_numbers_of_their_own(prepared: Prepared, iris: Path) -> None:
    members = prepared.fit.members(prepared.data, prepared.split)
    assert [member.embedded for member in members] == [True, False] * MEMBERS
    assert len({member.seed for member in members}) == 2 * MEMBERS
    for member, twin in zip(members[::2], members[1::2], strict=True):
        assert member.train_rows.tobytes() == twin.train_rows.tobytes()
        assert member.validation_rows.tobytes() == twin.validation_rows.tobytes()


def test_members_have_the_bits_that_they_have_without_twins(iris: Path) -> None:
    never = "training.early_stopping=null"
    prepared = prepare(iris, [*SETTINGS, never])
    alone = prepare(iris, [*SETTINGS, never, "model.ensemble.plain_twins=false"])
    trained = train_fits(prepared.data, [prepared.fit]).trained
    for member, without in zip(trained[::2], train_fits(alone.data, [alone.fit]).trained, strict=True):
        assert member.parameters.tobytes() == without.parameters.tobytes()
    mixing = prepared.fit.layout.stage.mixing if prepared.fit.layout.stage else None
    assert mixing is not None
    for member, twin in zip(trained[::2], trained[1::2], strict=True):
        assert mixing.view(member.parameters[None]).any()
        assert not mixing.view(twin.parameters[None]).any()


def test_the_record_is_about_the_mean_of_members_and_twins(prepared: Prepared) -> None:
    stack = train_fits(prepared.data, [prepared.fit], epochs=5)
    assert stack.last is not None
    losses = stack.last.history.of_member(0)["validation_loss"]
    parameters, statistics = stack.last.network.parameters, stack.last.network.statistics
    predictor = stack.predictor(0, parameters, statistics)
    bags = [bag.validation for bag in prepared.fit.bags(prepared.data)]
    rows = np.sort(np.concatenate(bags))
    (scores,) = predictor.out_of_bag_scores(rows, bags, lambda pair, bag: pair.pool_scores(stack.pool, bag))
    targets = prepared.data.targets[rows]
    loss = np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(rows)), targets])
    np.testing.assert_allclose(losses[-1], loss, rtol=1e-5)


def test_the_shares_are_those_of_the_out_of_bag_outputs(program: Program, iris: Path) -> None:
    run = run_of(program, "train", str(iris), *TWINS)
    prepared = prepare(iris, SETTINGS)
    outputs, rows = out_of_bag(prepared, train_fits(prepared.data, [prepared.fit]))
    targets = prepared.data.targets[rows]
    own = [np.log(softmax(part, axis=1)[np.arange(len(rows)), targets]) for part in outputs]
    shares = read_json(run / "manifest.json")["shares"]
    expected = likelihood_shares(np.stack(own))
    np.testing.assert_allclose([shares["members"], shares["plain_twins"]], expected, rtol=1e-6)
    assert shares["members"] != 0.5
    model = read_json(run / "model.json")
    assert [(part["weight"], part["members"]) for part in model["parts"]] == [
        (share, MEMBERS) for share in shares.values()
    ]


def test_the_shares_of_a_regression(program: Program, tmp_path: Path) -> None:
    config = tmp_path / "diabetes.yaml"
    config.write_text("recipe: classic\ndata: {source: diabetes}\nmodel: {hidden: [8]}\n")
    run = run_of(program, "train", str(config), *TWINS)
    prepared = prepare(config, SETTINGS)
    outputs, rows = out_of_bag(prepared, train_fits(prepared.data, [prepared.fit]))
    targets = prepared.fit.decoder.standardized(prepared.data.targets[rows])
    expected = error_shares([part[:, 0] for part in outputs], targets)
    shares = read_json(run / "manifest.json")["shares"]
    np.testing.assert_allclose([*shares.values()], expected, rtol=1e-6)


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--set", "model.calibration=temperature"),
        ("--set", "model.ensemble.bags=false"),
        ("--set", "training.class_weights=balanced", "--set", "model.calibration=shrunk_temperature"),
    ],
)
def test_the_saved_model_gives_the_scores_again(program: Program, iris: Path, more: tuple[str, ...]) -> None:
    run = run_of(program, "train", str(iris), *TWINS, *more)
    done = program("evaluate", str(run), "--json")
    assert done.code == 0
    assert done.json["metrics"]["test"] == read_json(run / "metrics.json")["test"]
    again = run_of(program, "train", str(run / "resolved.yaml"))
    for name in ("model.npz", "model.json", "predictions.csv", "history.csv", "metrics.json"):
        assert (run / name).read_bytes() == (again / name).read_bytes(), name


def test_a_threshold_is_saved_with_the_parts(program: Program, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("recipe: classic\ndata: {source: breast_cancer}\nmodel: {hidden: [8], threshold: f1}\n")
    run = run_of(program, "train", str(config), *TWINS)
    assert 0 < read_json(run / "model.json")["threshold"] < 1
    done = program("evaluate", str(run), "--json")
    assert done.json["metrics"] == {**read_json(run / "metrics.json"), "train": None}


@pytest.mark.usefixtures("keep_all")
def test_an_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(
    program: Program, config: Path, interrupt: Interrupt
) -> None:
    twins = (*TWINS, "--set", "training.mixup=0")  # which the embedding refuses
    undisturbed = run_of(program, "train", str(config), *twins, "--runs-dir", "undisturbed")
    run = interrupt(5, *twins)
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == ["epoch 5"]
    assert_same_bits(run, undisturbed)
    assert (run / "model.json").read_bytes() == (undisturbed / "model.json").read_bytes()


@pytest.mark.parametrize("plan", WORKERS)
def test_a_cross_validation_has_the_same_bits_for_all_workers_and_stacks(
    program: Program,
    iris: Path,
    plan: tuple[ExecutorKind, int, list[list[int]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = ("evaluate", str(iris), *SMALL, *TWINS, "--set", "model.calibration=temperature")
    first = assert_same_folds(program, arguments, plan, monkeypatch)
    assert len({row["temperature"] for row in table(first, "cross_validation.csv")}) == 6


def test_a_search_refits_its_winner_with_twins(program: Program, iris: Path) -> None:
    space = ("--set", "search.space={training.l2: {choice: [0, 0.1]}}", "--method", "grid")
    run = run_of(program, "search", str(iris), *TWINS, *space)
    resolved = yaml.safe_load((run / "best" / "resolved.yaml").read_text())
    assert resolved["model"]["ensemble"]["plain_twins"] is True
    assert len(read_json(run / "best" / "model.json")["parts"]) == 2
    report = program("report", str(run), "--verbose").out
    assert re.search(rf"refitted as +an ensemble of {2 * MEMBERS} networks", report)
    again = run_of(program, "train", str(run / "best" / "resolved.yaml"))
    for name in ("model.npz", "model.json", "metrics.json"):
        assert (again / name).read_bytes() == (run / "best" / name).read_bytes(), name


def test_trials_are_one_network_without_twin(program: Program, iris: Path) -> None:
    space = ("--set", "search={method: grid, space: {training.l2: {choice: [0, 0.1]}}}")
    run = run_of(program, "search", str(iris), *TWINS, *space)
    alone = run_of(program, "search", str(iris), *TWINS, *space, "--set", "model.ensemble=1")
    assert (run / "leaderboard.csv").read_bytes() == (alone / "leaderboard.csv").read_bytes()
    told = program("check", str(iris), *TWINS, *space).err
    networks = f"an ensemble of {MEMBERS} networks and {MEMBERS} plain twins"
    assert f"; {networks} of " in told
    assert "each trial trains one network on " in told
    assert f"the winner is refitted as {networks}; " in told


def test_a_winner_without_embedding_has_no_twins(program: Program, iris: Path) -> None:
    """Its complete config is one that the program accepts."""
    space = "search.space={model.numeric_embedding.name: {choice: [none]}}"
    run = run_of(program, "search", str(iris), *TWINS, "--set", space, "--method", "grid")
    manifest = read_json(run / "best" / "manifest.json")
    assert (manifest["model"]["networks"], manifest["shares"]) == (MEMBERS, None)
    report = program("report", str(run), "--verbose").out
    assert re.search(rf"refitted as +an ensemble of {MEMBERS} networks", report)
    again = run_of(program, "train", str(run / "best" / "resolved.yaml"))
    assert (again / "model.npz").read_bytes() == (run / "best" / "model.npz").read_bytes()


def test_without_validation_rows_members_and_twins_count_equally(program: Program, iris: Path) -> None:
    unvalidated = ("data.split.validation=0", "model.ensemble.bags=false", "training.early_stopping=null")
    words = [word for setting in unvalidated for word in ("--set", setting)]
    run = run_of(program, "train", str(iris), *TWINS, *words)
    assert read_json(run / "manifest.json")["shares"] == {"members": 0.5, "plain_twins": 0.5}
    done = program("evaluate", str(run), "--json")
    assert done.json["metrics"]["test"] == read_json(run / "metrics.json")["test"]


def test_a_table_without_numbers_has_no_twins(program: Program, tmp_path: Path) -> None:
    """They are refused, and the recipe has none."""
    rows = "".join(f"{'pqr'[i % 3]},{'ab'[i % 2]}\n" for i in range(60))
    (tmp_path / "letters.csv").write_text("letter,label\n" + rows)
    config = tmp_path / "letters.yaml"
    config.write_text("data: {source: letters.csv, target: label}\n")
    asked = ("--set", "model.ensemble.plain_twins=true")
    embedded = ("--set", "model.numeric_embedding=piecewise_linear")
    refused = program("train", str(config), *asked)
    assert refused.code == 2
    assert "and there is none; write false" in refused.err
    refused = program("train", str(config), *asked, *embedded)
    assert refused.code == 2
    assert "has no effect: the data have no numeric columns; write none" in refused.err
    told = program("check", str(config)).err
    assert "; an ensemble of 8 networks of " in told
    assert told.endswith(": recipe default\n")


def test_reports_say_how_much_twins_count(program: Program, iris: Path) -> None:
    run = run_of(program, "train", str(iris), *TWINS)
    share = read_json(run / "manifest.json")["shares"]["plain_twins"]
    text = " ".join(program("report", str(run), "--verbose").out.split())
    assert f"plain twins count for {share:.0%}" in text
    assert "plain twins" not in program("report", str(run_of(program, "train", str(iris))), "--verbose").out
