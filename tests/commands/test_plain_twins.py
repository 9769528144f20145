"""`plain_twins: true`: each member has a twin that reads numbers without their embedding."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.stacks.work import train_fits
from fnnctl.tasks.shares import error_shares, likelihood_shares
from tests.commands.settings import NEVER_STOPPED, given, run_of
from tests.modelling.prepared import Prepared, prepare
from tests.program import Program, read_json

pytestmark = pytest.mark.usefixtures("no_figures")

MEMBERS = 3
KINDS = ("members", "plain_twins")
TWINS = (
    f"model.ensemble={{members: {MEMBERS}, bags: true, plain_twins: true}}",
    "model.numeric_embedding={name: piecewise_linear, bins: 4, size: 3, edges: target, code: both}",
    "training.epochs=12",
)


@pytest.fixture
def prepared(iris: Path) -> Prepared:
    return prepare(iris, TWINS)


def out_of_bag(prepared: Prepared) -> tuple[list[FloatArray], IntArray]:
    """The outputs of the sorted validation rows: of members and of twins, each not trained on its row."""
    stack = train_fits(prepared.data, [prepared.fit])
    bags = [bag.validation for bag in prepared.fit.bags(prepared.data)]
    rows = np.sort(np.concatenate(bags))
    parts = stack.predictor(0, *stack.final_weights(0)).parts
    outputs: list[FloatArray] = [np.empty((len(rows), part.decoder.output.size)) for part in parts]
    for part, of_part in zip(parts, outputs, strict=True):
        for scorer, bag in zip(part.scorer.member_scorers(), bags, strict=True):
            stack.pool.gather(bag[None], scorer.inputs[None, : len(bag)])
            of_part[np.searchsorted(rows, bag)] = scorer.scores(len(bag))[0]
    return outputs, rows


def test_twins_have_the_members_rows_and_random_numbers_of_their_own(prepared: Prepared) -> None:
    members = prepared.fit.members(prepared.data, prepared.split)
    assert [member.embedded for member in members] == [True, False] * MEMBERS
    assert len({member.seed for member in members}) == 2 * MEMBERS
    for member, twin in zip(members[::2], members[1::2], strict=True):
        assert member.train_rows.tobytes() == twin.train_rows.tobytes()
        assert member.validation_rows.tobytes() == twin.validation_rows.tobytes()


def test_members_have_the_bits_that_they_have_without_twins(iris: Path) -> None:
    prepared = prepare(iris, [*TWINS, NEVER_STOPPED])
    alone = prepare(iris, [*TWINS, NEVER_STOPPED, "model.ensemble.plain_twins=false"])
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
    predictor = stack.predictor(0, stack.last.network.parameters, stack.last.network.statistics)
    bags = [bag.validation for bag in prepared.fit.bags(prepared.data)]
    rows = np.sort(np.concatenate(bags))
    (scores,) = predictor.out_of_bag_scores(rows, bags, lambda pair, bag: pair.pool_scores(stack.pool, bag))
    targets = prepared.data.targets[rows]
    loss = np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(rows)), targets])
    np.testing.assert_allclose(losses[-1], loss, rtol=1e-5)


def test_the_shares_are_those_of_the_out_of_bag_outputs(program: Program, iris: Path) -> None:
    run = run_of(program, "train", iris, *TWINS)
    prepared = prepare(iris, TWINS)
    outputs, rows = out_of_bag(prepared)
    targets = prepared.data.targets[rows]
    own = [np.log(softmax(part, axis=1)[np.arange(len(rows)), targets]) for part in outputs]
    shares = read_json(run / "manifest.json")["shares"]
    np.testing.assert_allclose([shares[kind] for kind in KINDS], likelihood_shares(np.stack(own)), rtol=1e-6)
    assert shares["members"] != 0.5
    model = read_json(run / "model.json")
    assert [(part["weight"], part["members"]) for part in model["parts"]] == [
        (shares[kind], MEMBERS) for kind in KINDS
    ]
    report = " ".join(program("report", str(run), "--verbose").out.split())
    assert f"plain twins count for {shares['plain_twins']:.0%}" in report


def test_the_shares_of_a_regression(program: Program, iris: Path) -> None:
    iris.write_text(iris.read_text().replace("iris", "diabetes"))
    run = run_of(program, "train", iris, *TWINS)
    prepared = prepare(iris, TWINS)
    outputs, rows = out_of_bag(prepared)
    targets = prepared.fit.decoder.standardized(prepared.data.targets[rows])
    expected = error_shares([part[:, 0] for part in outputs], targets)
    shares = read_json(run / "manifest.json")["shares"]
    np.testing.assert_allclose([shares[kind] for kind in KINDS], expected, rtol=1e-6)


def test_without_validation_rows_members_and_twins_count_equally(program: Program, iris: Path) -> None:
    unvalidated = ("data.split.validation=0", "model.ensemble.bags=false", NEVER_STOPPED)
    run = run_of(program, "train", iris, *TWINS, *unvalidated)
    assert read_json(run / "manifest.json")["shares"] == {"members": 0.5, "plain_twins": 0.5, "targets": {}}
    done = program("evaluate", str(run), "--json")
    assert done.json["metrics"]["test"] == read_json(run / "metrics.json")["test"]


def test_check_says_that_trials_have_one_network_without_twin(program: Program, iris: Path) -> None:
    search = "search={method: grid, space: {training.l2: {choice: [0, 0.1]}}}"
    sentence = program("check", str(iris), *given(*TWINS, search)).err
    networks = f"an ensemble of {MEMBERS} networks and {MEMBERS} plain twins"
    assert f"; {networks} of " in sentence
    assert "each trial trains one network on " in sentence
    assert f"the winner is refitted as {networks}; " in sentence


@pytest.mark.parametrize(
    ("embedding", "networks"), [("piecewise_linear", 2 * MEMBERS), ("none", MEMBERS)], ids=["twins", "none"]
)
def test_a_winner_without_embedding_has_no_twins(
    program: Program, iris: Path, embedding: str, networks: int
) -> None:
    """Its complete config is one that the program accepts."""
    space = f"search={{method: grid, space: {{model.numeric_embedding.name: {{choice: [{embedding}]}}}}}}"
    run = run_of(program, "search", iris, *TWINS, space)
    manifest = read_json(run / "best" / "manifest.json")
    assert manifest["model"]["networks"] == networks
    assert (manifest["shares"] is None) is (embedding == "none")
    report = program("report", str(run), "--verbose").out
    assert re.search(rf"refitted as +an ensemble of {networks} networks", report)
    again = run_of(program, "train", run / "best" / "resolved.yaml")
    assert (again / "model.npz").read_bytes() == (run / "best" / "model.npz").read_bytes()
