"""A trial's result from those of its fits: one, or one per fold."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median_low
from typing import Any, Final, TypeAlias

from fnnctl.errors import MachineError
from fnnctl.records.trials import (
    CURVE,
    FOLDS,
    Job,
    Result,
    Status,
    failed_result,
    non_finite_loss,
    undefined_metric,
)
from fnnctl.text import counted
from fnnctl.training.checkpoint import state_digest
from fnnctl.training.trainer import Outcome
from fnnctl.trials.measures import FitObjective, Weights

CHECKPOINT: Final = "checkpoint"
"""The digest of a trial's training state."""
WEIGHTS: Final = "weights"
"""The digest of the trial's final weights, if they may be needed for an ensemble."""
ENDED: Final = "ended"
"""The folds that stopped early while others continue, each with its epochs and its kept epoch."""
KEPT_EPOCH: Final = "kept_epoch"
"""For a trial that stopped early: the epoch of its final weights; with folds, the lower median."""

MeasuredFit: TypeAlias = tuple[FitObjective, str | None]
"""What was measured on a fit, and the digest of its state if it goes on."""


def trial_result(job: Job, done: Sequence[MeasuredFit], metric: str) -> Result:
    """The trial's result: the mean over its fits. If one fit diverged, the trial diverged."""
    fits = [fit for fit, _ in done]
    epochs = max(fit.epochs for fit in fits) - job.start
    outcomes = {fit.outcome for fit in fits}
    facts: dict[str, object] = {}
    if len(fits) == 1:
        facts[CURVE] = fits[0].curves
    if Outcome.DIVERGED in outcomes:
        count = sum(fit.outcome is Outcome.DIVERGED for fit in fits)
        where = f"in {count} of {len(fits)} folds" if len(fits) > 1 else f"in epoch {job.start + epochs}"
        result = failed_result(job, non_finite_loss(where))
        return replace(result, status=Status.DIVERGED, epochs=epochs, facts=facts)
    objectives = [fit.objective for fit in fits if fit.objective is not None]
    if len(objectives) < len(fits):
        return replace(failed_result(job, undefined_metric(metric)), epochs=epochs, facts=facts)
    goes_on = Outcome.COMPLETED in outcomes
    if len(fits) > 1:
        facts[FOLDS] = objectives
        ended = [
            [k, fit.epochs, fit.kept_epoch]
            for k, fit in enumerate(fits)
            if fit.outcome is not Outcome.COMPLETED
        ]
        if goes_on and ended:
            facts[ENDED] = ended
    if goes_on:
        facts[CHECKPOINT] = trial_digest([digest for _, digest in done if digest])
    else:
        facts[KEPT_EPOCH] = median_low(fit.kept_epoch for fit in fits)
    if len(fits) == 1 and fits[0].weights:
        facts[WEIGHTS] = weights_digest(fits[0].weights)
    status = Status.COMPLETED if goes_on else Status.STOPPED_EARLY
    mean = math.fsum(objectives) / len(objectives)
    return Result(job.trial.number, job.rung, job.stop, status, mean, epochs, facts=facts)


def ended_fits(facts: Mapping[str, Any] | None) -> dict[int, MeasuredFit]:
    """The fits that had stopped early by a recorded result, by index; they keep their value at no cost."""
    if not facts or ENDED not in facts:
        return {}
    return {
        index: (FitObjective(Outcome.STOPPED_EARLY, epochs, kept_epoch, facts[FOLDS][index]), None)
        for index, epochs, kept_epoch in facts[ENDED]
    }


def recorded_digest(result: Result) -> str | None:
    """The digest of the trial's state after this result; None if it has none."""
    digest: str | None = (result.facts or {}).get(CHECKPOINT)
    return digest


def refuse_another_result(result: Result, recorded: Result) -> None:
    """Raise `MachineError` if a trial that was trained again differs from what was recorded.

    This machine is then of another kind. Digests are compared if both have them: a result that was read from
    a learning curve has none.
    """
    if result.status is Status.FAILED:
        raise MachineError(
            f"trial {result.trial} could not be trained again after its checkpoint or its weights were lost: "
            f"{result.reason}"
        )
    after = counted(result.budget, "epoch")
    facts, recorded_facts = result.facts or {}, recorded.facts or {}
    digests = (
        (facts[name], recorded_facts[name])
        for name in (CHECKPOINT, WEIGHTS)
        if name in facts and name in recorded_facts
    )
    if result.objective != recorded.objective or any(digest != before for digest, before in digests):
        raise MachineError(
            f"trial {result.trial}, trained again because its checkpoint or its weights were lost, has the "
            f"objective {result.objective} after {after}, but the journal has {recorded.objective}: this "
            "machine or its NumPy does not reproduce results exactly. Start a new search here"
        )


def weights_digest(weights: Weights) -> str:
    """The digest of what is kept of a trial."""
    return state_digest(weights)


def trial_digest(digests: Sequence[str]) -> str:
    """One digest of a trial's states, in the order of its fits."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
