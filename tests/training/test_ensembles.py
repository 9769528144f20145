"""The members of an ensemble are trained as if alone, and end together, by the scores of their average."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp, softmax

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.losses import LOSS_RECORDS
from fnnctl.config.schema.stopping import ConvergenceConfig, EarlyStoppingConfig
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.losses.registry import LOSSES, REAL_VALUE_LOSSES
from fnnctl.tasks.temperature import PRIOR_ROWS, fit_temperature
from fnnctl.training.early_stopping import Convergence
from fnnctl.training.history import Record
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Examples
from fnnctl.training.scoring import Scorer
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack
from tests.nn.gradients import estimated_index, output_of, outputs_for, real_losses
from tests.training.random_stacks import examples_of
from tests.training.recipes import member_of, settings_of

ROWS, VALIDATION, SIZE, EPOCHS = 40, 60, 3, 120


@dataclass(frozen=True)
class Case:
    """An ensemble of three that overfits, and its rows."""

    settings: StackSettings
    members: list[Member]
    examples: Examples

    @property
    def targets(self) -> TargetArray:
        """Those of all validation rows."""
        return self.examples.targets[ROWS:]

    def with_bags(self) -> Case:
        """Each member has a third of the validation rows."""
        parts = np.split(self.members[0].validation_rows, SIZE)
        members = [replace(each, validation_rows=own) for each, own in zip(self.members, parts, strict=True)]
        return replace(self, settings=replace(self.settings, bags=True), members=members)

    def trained(self, **changes: Any) -> list[TrainedMember]:
        members = [replace(member, **changes) for member in self.members]
        return train_stack(Stack(self.settings, members, self.examples), diagnose=True)

    def stack_alone(self, member: Member) -> Stack:
        settings = replace(self.settings, ensemble=1, bags=False, calibrated=False)
        return Stack(settings, [member], self.examples)


def case_of(output: str, **changes: Any) -> Case:
    classes = outputs_for(output)
    settings = settings_of(6, ((30, "relu"),), classes, **changes)
    shape = replace(settings.shape, output=output_of(output))
    settings = replace(settings, shape=shape, ensemble=SIZE)
    members = [
        member_of(settings, ROWS, VALIDATION, seed=seed, epochs=EPOCHS, learning_rate=0.01, l2=0.0)
        for seed in (5, 11, 2)
    ]
    examples = examples_of(settings, ROWS + VALIDATION)
    if classes > 1:
        examples.targets[::3] = np.random.default_rng(0).integers(0, classes, len(examples.targets[::3]))
    return Case(settings, members, examples)


def epochs_alone(case: Case, epochs: int = EPOCHS) -> tuple[FloatArray, list[list[bytes]]]:
    """The validation scores of members trained alone, (members, epochs, n, outputs), and their weights."""
    scores: list[list[FloatArray]] = []
    weights: list[list[bytes]] = []
    for member in case.members:

        def keep(stack: Stack, record: Record, rows: IntArray = member.validation_rows) -> None:
            scores[-1].append(Scorer(stack.evaluated, case.examples).scores(rows[None])[0].astype(np.float64))
            weights[-1].append(stack.network.parameters[0].tobytes())

        scores.append([])
        weights.append([])
        train_stack(case.stack_alone(replace(member, epochs=epochs)), on_epoch=keep)
    return np.array(scores), weights


def averaged_loss(case: Case, scores: FloatArray) -> tuple[float, float]:
    """The loss and the accuracy, R² or D² of the mean probabilities or values, by other functions."""
    output, targets = case.settings.shape.output, case.targets
    if output.kind not in REAL_VALUE_LOSSES:
        p = softmax(scores, axis=2).mean(axis=0)
        loss = -np.log(p[np.arange(len(p)), targets]).mean()
        return float(loss), float((p.argmax(axis=1) == targets).mean())
    mean, y = scores.mean(axis=0).T, targets.astype(np.float64)
    losses = real_losses(output, mean, y)
    if LOSS_RECORDS[output.kind].scores == "logarithm":
        of_mean = real_losses(output, np.full((1, len(y)), y.mean()), y)
        return float(losses.mean()), float(1 - losses.sum() / of_mean.sum())
    errors = mean[estimated_index(output)] - y
    return float(losses.mean()), float(1 - (errors**2).mean() / np.var(y))


def validated(trained: TrainedMember) -> FloatArray:
    """The validation loss and the accuracy, R² or D² of each epoch, (epochs, 2)."""
    names = ("validation_loss", "validation_accuracy", "validation_r2", "validation_d2")
    return np.transpose([trained.history[name] for name in names if name in trained.history])


def test_what_the_record_says_of_the_training_is_the_mean_of_what_it_says_of_each_member() -> None:
    case, apart = case_of("softmax"), []
    together = case.trained(epochs=20)
    for member, in_ensemble in zip(case.members, together, strict=True):
        (alone,) = train_stack(case.stack_alone(replace(member, epochs=20)), diagnose=True)
        assert alone.parameters.tobytes() == in_ensemble.parameters.tobytes()
        assert repr(in_ensemble.history) == repr(together[0].history)
        apart.append(alone.history)
    for name in {*apart[0]} - {name for name in apart[0] if name.startswith("validation")}:
        np.testing.assert_allclose(together[0].history[name], np.mean([own[name] for own in apart], axis=0))


@pytest.mark.parametrize("output", sorted(LOSSES))
def test_the_averaged_loss_chooses_the_epoch(output: str) -> None:
    """A loop over the epochs of the members, each trained alone, finds the same epoch, losses and weights."""
    case, patience = case_of(output), 9
    scores, weights = epochs_alone(case)
    expected = [averaged_loss(case, scores[:, epoch]) for epoch in range(EPOCHS)]
    best, best_epoch, last = np.inf, 0, EPOCHS
    for epoch, (loss, _) in enumerate(expected, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch == patience:
            last = epoch
            break
    assert last < EPOCHS
    rule = EarlyStoppingConfig(monitor="validation_loss", patience=patience)
    for k, trained in enumerate(case.trained(stopping=rule)):
        assert trained.outcome is Outcome.STOPPED_EARLY
        assert (trained.best_epoch, trained.epochs) == (best_epoch, last)
        np.testing.assert_allclose(validated(trained), expected[:last], rtol=1e-6)
        assert trained.parameters.tobytes() == weights[k][best_epoch - 1]
    alone = [train_stack(case.stack_alone(replace(member, stopping=rule))) for member in case.members]
    assert len({member.best_epoch for (member,) in alone}) > 1


@pytest.mark.parametrize("output", ["softmax", "logistic"])
@pytest.mark.parametrize("bags", [False, True])
def test_the_loss_of_calibrated_probabilities_chooses_the_epoch(output: str, bags: bool) -> None:
    """It is that of the average, or with bags that of all rows, from the scores of the members alone."""
    case = case_of(output, calibrated=True)
    case = case.with_bags() if bags else case
    expected = []
    for of_members in epochs_alone(case, 40)[0].swapaxes(0, 1):
        logs = np.concatenate(of_members) if bags else np.log(softmax(of_members, axis=2).mean(axis=0))
        temperature = fit_temperature(logs, case.targets, prior_rows=PRIOR_ROWS) or 1.0
        logs = log_softmax(logs / (min(temperature, 1.0) if bags else temperature), axis=1)
        expected.append(-logs[np.arange(VALIDATION), case.targets].mean())
    rule = EarlyStoppingConfig(monitor="validation_calibrated_loss", patience=None)
    for trained in case.trained(stopping=rule, epochs=40):
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
    expected = logsumexp([0.0, -2000.0, -3000.0]) - np.array([0.0, -2000.0, -3000.0])[case.targets]
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
    by_rule = Convergence([rule], None)
    for loss in losses:
        assert not by_rule.converged[0]
        by_rule.update({"train_loss": np.array([loss])})
    assert by_rule.converged[0]
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
    apart = [train_stack(case.stack_alone(member))[0] for member in members]
    assert {each.outcome for each in together} == {Outcome.CONVERGED}
    assert len({each.epochs for each in apart}) > 1
    assert {each.epochs for each in together} == {max(each.epochs for each in apart)}
    for one, alone in zip(together, apart, strict=True):
        np.testing.assert_array_equal(one.parameters, alone.parameters)
