"""The members of an ensemble are trained as if alone, and end together, by the scores of their average."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import log_softmax, logsumexp, softmax

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.stopping import ConvergenceConfig, EarlyStoppingConfig
from fnnctl.nn.losses.real_values import REAL_VALUE_LOSSES
from fnnctl.nn.losses.registry import LOSSES
from fnnctl.nn.shape import OutputShape
from fnnctl.tasks.temperature import PRIOR_ROWS, fit_temperature
from fnnctl.training.history import Record
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Examples
from fnnctl.training.scoring import Scorer
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack
from tests.nn.gradients import outputs_for, real_losses
from tests.training.recipes import member_of, settings_of
from tests.training.test_bits import assert_same_bits, examples_of, stacks

ROWS, VALIDATION, SIZE, EPOCHS = 40, 60, 3, 120


@dataclass(frozen=True)
class Case:
    """An ensemble of three that overfits, and its rows."""

    settings: StackSettings
    members: list[Member]
    examples: Examples

    def trained(self, **changes: Any) -> list[TrainedMember]:
        members = [replace(member, **changes) for member in self.members]
        return train_stack(Stack(self.settings, members, self.examples), diagnose=True)

    @property
    def alone(self) -> StackSettings:
        return replace(self.settings, ensemble=1)


def case_of(output: str, **changes: Any) -> Case:
    classes = outputs_for(output)
    settings = settings_of(6, ((30, "relu"),), classes, **changes)
    shape = replace(settings.shape, output=OutputShape(classes, output, loss_parameter=0.7))
    settings = replace(settings, shape=shape, ensemble=SIZE)
    members = [
        member_of(settings, ROWS, VALIDATION, seed=seed, epochs=EPOCHS, learning_rate=0.01, l2=0.0)
        for seed in (5, 11, 2)
    ]
    examples = examples_of(settings, ROWS + VALIDATION)
    if classes > 1:
        examples.targets[::3] = np.random.default_rng(0).integers(0, classes, len(examples.targets[::3]))
    return Case(settings, members, examples)


def scores_by_epoch(case: Case, member: Member) -> tuple[list[FloatArray], list[FloatArray]]:
    """A member's validation scores, (n, outputs), and its parameters after each epoch, trained alone."""
    scores: list[FloatArray] = []
    parameters: list[FloatArray] = []

    def keep(stack: Stack, record: Record) -> None:
        scorer = Scorer(stack.evaluated, case.examples)
        scores.append(scorer.scores(member.validation_rows[None])[0].astype(np.float64))
        parameters.append(stack.network.parameters[0].copy())

    train_stack(Stack(case.alone, [member], case.examples), on_epoch=keep)
    return scores, parameters


def averaged_loss(case: Case, scores: list[FloatArray]) -> tuple[float, float]:
    """The loss and the accuracy or R² of the mean probabilities or values, by other libraries' functions."""
    targets = case.examples.targets[case.members[0].validation_rows]
    shape = case.settings.shape
    if shape.output.kind not in REAL_VALUE_LOSSES:
        p = np.mean([softmax(each, axis=1) for each in scores], axis=0)
        return float(-np.log(p[np.arange(len(p)), targets]).mean()), float(
            (p.argmax(axis=1) == targets).mean()
        )
    targets = targets.astype(np.float64)
    errors = np.mean(scores, axis=0)[:, 0] - targets
    losses = real_losses(shape.output.kind, errors, shape.output.loss_parameter)
    return float(losses.mean()), float(1 - (errors**2).sum() / np.var(targets) / len(targets))


@pytest.mark.parametrize("output", sorted(LOSSES))
def test_members_without_early_stopping_have_the_bits_that_they_have_alone(output: str) -> None:
    case = case_of(output)
    together = case.trained(epochs=20)
    apart = []
    for member, in_ensemble in zip(case.members, together, strict=True):
        stack = Stack(case.alone, [replace(member, epochs=20)], case.examples)
        (alone,) = train_stack(stack, diagnose=True)
        assert alone.parameters.tobytes() == in_ensemble.parameters.tobytes()
        apart.append(alone)
    for name, values in together[0].history.items():
        assert repr(values) == repr(together[1].history[name]) == repr(together[2].history[name])
        if not name.startswith("validation"):
            np.testing.assert_allclose(values, np.mean([each.history[name] for each in apart], axis=0))
    assert together[0].history["learning_rate"] == [0.01] * 20


@pytest.mark.parametrize("output", sorted(LOSSES))
def test_the_averaged_loss_chooses_the_epoch(output: str) -> None:
    """A loop over the epochs of the members, each trained alone, finds the same epoch, losses and weights."""
    case, patience = case_of(output), 9
    scores, parameters = zip(*(scores_by_epoch(case, member) for member in case.members), strict=True)
    expected = [averaged_loss(case, [own[epoch] for own in scores]) for epoch in range(EPOCHS)]
    best, best_epoch, last = np.inf, 0, EPOCHS
    for epoch, (loss, _) in enumerate(expected, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch == patience:
            last = epoch
            break
    assert last < EPOCHS
    for k, trained in enumerate(
        case.trained(stopping=EarlyStoppingConfig(monitor="validation_loss", patience=patience))
    ):
        assert trained.outcome is Outcome.STOPPED_EARLY
        assert (trained.best_epoch, trained.epochs) == (best_epoch, last)
        metric = "validation_r2" if output in REAL_VALUE_LOSSES else "validation_accuracy"
        found = [trained.history[name] for name in ("validation_loss", metric)]
        np.testing.assert_allclose(np.transpose(found), expected[:last], rtol=1e-6)
        assert trained.parameters.tobytes() == parameters[k][best_epoch - 1].tobytes()


def test_members_alone_stop_at_different_epochs() -> None:
    """So the test above would fail if each member had its own losses."""
    case, rule = case_of("softmax"), EarlyStoppingConfig(monitor="validation_loss", patience=9)
    alone = [
        train_stack(Stack(case.alone, [replace(member, stopping=rule)], case.examples))[0].best_epoch
        for member in case.members
    ]
    assert len({*alone}) > 1


@pytest.mark.parametrize("output", sorted(LOSSES))
def test_with_bags_the_record_is_about_all_rows_each_predicted_by_the_member_that_has_it(
    output: str,
) -> None:
    """The validation rows of each of the three members, alone, then all together."""
    case = case_of(output)
    parts = np.split(case.members[0].validation_rows, SIZE)
    members = [replace(each, validation_rows=own) for each, own in zip(case.members, parts, strict=True)]
    scores = [scores_by_epoch(case, member)[0] for member in members]
    bagged = replace(case, settings=replace(case.settings, bags=True), members=members)
    trained = bagged.trained(epochs=20)
    metric = "validation_r2" if output in REAL_VALUE_LOSSES else "validation_accuracy"
    found = [trained[0].history[name] for name in ("validation_loss", metric)]
    joined = [np.concatenate([own[epoch] for own in scores]) for epoch in range(20)]
    expected = [averaged_loss(case, [each]) for each in joined]
    np.testing.assert_allclose(np.transpose(found), expected, rtol=1e-5)
    assert all(each.history == trained[0].history for each in trained)


@pytest.mark.parametrize("output", ["softmax", "logistic"])
@pytest.mark.parametrize("bags", [False, True])
def test_the_loss_of_calibrated_probabilities_chooses_the_epoch(output: str, bags: bool) -> None:
    """It is that of the average, or with bags that of all rows, from the scores of the members alone."""
    case = case_of(output, calibrated=True)
    parts = np.split(case.members[0].validation_rows, SIZE)
    owns = parts if bags else [case.members[0].validation_rows] * SIZE
    members = [replace(each, validation_rows=own) for each, own in zip(case.members, owns, strict=True)]
    alone = replace(case, settings=replace(case.settings, calibrated=False))
    scores = np.array([scores_by_epoch(alone, member)[0] for member in members])
    targets = case.examples.targets[case.members[0].validation_rows]
    expected = []
    for of_members in scores.swapaxes(0, 1):
        logs = np.concatenate(of_members) if bags else np.log(softmax(of_members, axis=2).mean(axis=0))
        temperature = fit_temperature(logs, targets, prior_rows=PRIOR_ROWS) or 1.0
        logs = log_softmax(logs / (min(temperature, 1.0) if bags else temperature), axis=1)
        expected.append(-logs[np.arange(len(targets)), targets].mean())
    monitored = replace(case, settings=replace(case.settings, bags=bags), members=members)
    rule = EarlyStoppingConfig(monitor="validation_calibrated_loss", patience=None)
    for trained in monitored.trained(stopping=rule):
        losses = trained.history["validation_calibrated_loss"]
        np.testing.assert_allclose(losses, expected, rtol=1e-3)
        assert trained.best_epoch == 1 + np.argmin(losses)


def test_a_probability_that_is_too_small_for_a_number_has_a_loss() -> None:
    """Scores 0 and −2000 for the label: the mean probability is e^−2000, and its logarithm −2000."""
    case = case_of("softmax")
    stack = Stack(case.settings, case.members, case.examples)
    stack.network.parameters[...] = 0.0
    stack.network.V[:, 1:, -1] = np.array([-2000.0, -3000.0], np.float32)
    record = stack._validate()
    labels = case.examples.targets[case.members[0].validation_rows]
    expected = logsumexp([0.0, -2000.0, -3000.0]) - np.array([0.0, -2000.0, -3000.0])[labels]
    np.testing.assert_allclose(record["validation_loss"], [expected.mean()] * 3, rtol=1e-12)


def test_the_schedule_and_the_convergence_rule_see_the_mean_training_loss() -> None:
    case = case_of("squared", lr_schedule="adaptive")
    schedule = {"factor": 0.5, "patience": 2, "tolerance": 0.01, "minimum": 1e-6}
    rule = ConvergenceConfig(tolerance=1e-3, patience=6)
    trained = case.trained(
        schedule_hyperparameters=schedule, schedule_monitor="train_loss", convergence=rule, learning_rate=0.3
    )
    assert {each.outcome for each in trained} == {Outcome.CONVERGED}
    losses, rates = (trained[0].history[name] for name in ("train_loss", "learning_rate"))
    least, failed, ended = np.inf, 0, 0
    for epoch, loss in enumerate(losses, start=1):
        failed = failed + 1 if loss > least - 1e-3 else 0
        least = min(least, loss)
        if failed > 6:
            ended = epoch
            break
    assert [each.epochs for each in trained] == [ended] * SIZE
    assert len({*rates}) > 1
    assert all(each.history == trained[0].history for each in trained)


def test_one_diverged_member_diverges_its_ensemble_and_no_other() -> None:
    case = case_of("softmax")
    members = [*case.members, *(replace(member, seed=member.seed + 100) for member in case.members)]
    stack = Stack(case.settings, members, case.examples)
    stack.network.parameters[4] = 1e38
    outcomes = [each.outcome for each in train_stack(stack)]
    assert outcomes == [Outcome.COMPLETED] * 3 + [Outcome.DIVERGED] * 3


def test_lbfgs_goes_on_until_all_members_have_converged() -> None:
    case = case_of("softmax", optimizer="lbfgs", precision="float64", batch_size=ROWS)
    numbers = {"gradient_tolerance": 0.0, "decrease_tolerance": 1e-4, "max_evaluations": 20}
    members = [replace(each, optimizer_hyperparameters=numbers, epochs=500, l2=0.01) for each in case.members]
    together = train_stack(Stack(case.settings, members, case.examples))
    apart = [train_stack(Stack(case.alone, [member], case.examples))[0] for member in members]
    epochs = [each.epochs for each in apart]
    assert {each.outcome for each in together} == {Outcome.CONVERGED}
    assert len({*epochs}) > 1
    assert [each.epochs for each in together] == [max(epochs)] * SIZE
    for one, other in zip(together, apart, strict=True):
        assert np.array_equal(one.parameters, other.parameters)


@st.composite
def ensembles(draw: st.DrawFn) -> tuple[StackSettings, list[list[Member]], int]:
    """Ensembles of one size with any settings; they differ in all hyperparameters. Members may have bags."""
    settings, members, pool_size = draw(stacks())
    size, bags = draw(st.integers(2, 9)), draw(st.booleans())
    found = [
        [_of_ensemble(member, number, pool_size if bags else None) for number in range(size)]
        for member in members[:3]
    ]
    return replace(settings, ensemble=size, bags=bags), found, pool_size


def _of_ensemble(member: Member, number: int, pool_size: int | None) -> Member:
    """A member's `number`-th copy with another seed and, with bags, other rows."""
    member = replace(member, seed=1000 * member.seed + number)
    if pool_size is None:
        return member
    train, validation = ((rows + number) % pool_size for rows in (member.train_rows, member.validation_rows))
    return replace(member, train_rows=train, validation_rows=validation)


@given(ensembles())
def test_an_ensemble_has_the_same_bits_alone_and_beside_others(
    case: tuple[StackSettings, list[list[Member]], int],
) -> None:
    settings, groups, pool_size = case
    examples = examples_of(settings, pool_size)
    together = train_stack(
        Stack(settings, [each for group in groups for each in group], examples), diagnose=True
    )
    for index, group in enumerate(groups):
        alone = train_stack(Stack(settings, group, examples), diagnose=True)
        for one, other in zip(alone, together[index * len(group) :], strict=False):
            assert_same_bits(one, other)
        assert len({(each.outcome, each.epochs, each.best_epoch) for each in alone}) == 1


@given(ensembles(), st.integers(0, 4))
def test_an_ensemble_continues_from_a_saved_state(
    case: tuple[StackSettings, list[list[Member]], int], cut: int
) -> None:
    settings, (group, *_), pool_size = case
    examples = examples_of(settings, pool_size)
    kept: dict[int, dict[str, Any]] = {}

    def keep(stack: Stack, record: Record) -> None:
        kept.setdefault(stack.epoch, {name: array.copy() for name, array in stack.state.items()})

    whole = train_stack(Stack(settings, group, examples), diagnose=True, on_epoch=keep)
    assume(whole[0].epochs > 1)
    cut = 1 + cut % (whole[0].epochs - 1)
    resumed = train_stack(Stack(settings, group, examples, epoch=cut, state=kept[cut]), diagnose=True)
    for one, other in zip(whole, resumed, strict=True):
        assert_same_bits(one, other)
