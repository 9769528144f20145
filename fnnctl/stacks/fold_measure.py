"""Scores the folds of a cross-validation, in the worker that trained them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.modelling.fold_results import FoldResult
from fnnctl.modelling.predictor import kind_weights, member_slices
from fnnctl.stacks.work import TrainedStack
from fnnctl.tasks.post_training import NO_POST_TRAINING, PostTraining
from fnnctl.training.members import make_network
from fnnctl.training.scoring import Scorer
from fnnctl.training.trainer import Outcome


@dataclass(frozen=True, slots=True)
class FoldMeasure:
    """Scores each fold on its own test rows, with the whole stack at once."""

    post_training: PostTraining = NO_POST_TRAINING
    """What is fitted to each fold's validation rows."""

    def __call__(self, stack: TrainedStack) -> list[FoldResult]:
        """One result per fold."""
        data = stack.data
        parameters = np.stack([member.parameters for member in stack.trained])
        statistics = np.stack([member.statistics for member in stack.trained])
        network = make_network(stack.fits[0].layout, stack.members, parameters, statistics)
        scorer = Scorer(network, stack.pool)
        splits = [fit.split(data) for fit in stack.fits]
        tested = _scores(stack, scorer, [split.test for split in splits])
        validated: Iterable[tuple[list[FloatArray], IntArray]]
        no_scores: list[FloatArray] = [np.empty((0, 1)) for _ in member_slices(stack.fits[0])]
        validated = [(no_scores, split.validation[:0]) for split in splits]
        needs_rows = any(
            fit.settings.twins or self.post_training.needs_rows(fit.decoder) for fit in stack.fits
        )
        if needs_rows and splits[0].validation.size:
            validated = _validated(stack, scorer, [split.validation for split in splits])
        return [
            self._result(stack, k, of_tests, *of_validation)
            for k, (of_tests, of_validation) in enumerate(zip(tested, validated, strict=True))
        ]

    def _result(
        self,
        stack: TrainedStack,
        k: int,
        tested: Sequence[FloatArray],
        validated: Sequence[FloatArray],
        rows: IntArray,
    ) -> FoldResult:
        """The result of fit k, from scores of the test rows and of these validation rows.

        There is one array of scores for the members and, if they have twins, one for those.
        """
        fit, trained, task = stack.fits[k], stack.trained_fit(k), stack.data.task
        targets, decoder = stack.data.targets[rows], fit.decoder
        if len(tested) > 1:
            decoder = task.joint_decoder([decoder] * len(tested))
        weights, decoder = self.post_training.fit_weighted(
            task,
            decoder,
            validated,
            targets,
            kind_weights(fit),
            stack.data.exposures(rows),
            out_of_bag=fit.settings.bags,
        )
        scores = tested[0] if len(tested) == 1 else task.combine(tested, decoder, weights)
        result = FoldResult(
            trained.outcome, trained.epochs, trained.best_epoch, trained.history, decoder.fitted
        )
        if trained.outcome in {Outcome.DIVERGED, Outcome.INTERRUPTED}:
            return result
        return result.scored(stack.data, fit, scores)


def _validated(
    stack: TrainedStack, scorer: Scorer, rows: Sequence[IntArray]
) -> Iterator[tuple[list[FloatArray], IntArray]]:
    """The scores of the validation rows (n,) of each fit, (n, outputs) for its members and for their
    twins, and the rows; with bags each row is scored by the network that was not trained on it.
    """
    if not stack.fits[0].settings.bags:
        yield from zip(_scores(stack, scorer, rows), rows, strict=True)
        return
    scores = scorer.scores(np.stack([member.validation_rows for member in stack.members]))
    for k, offset in enumerate(stack.offsets):
        members, kinds = stack.members_of(k), member_slices(stack.fits[k])
        in_pool = np.concatenate([member.validation_rows for member in stack.members[members][kinds[0]]])
        order = np.argsort(in_pool)  # as `train` does
        scores_by_kind = [scores[members][kind].reshape(-1, scores.shape[2])[order] for kind in kinds]
        yield scores_by_kind, in_pool[order] - offset


def _scores(stack: TrainedStack, scorer: Scorer, rows: Sequence[IntArray]) -> list[list[FloatArray]]:
    """The scores of rows (n,) of each fit, (n, outputs) for its members and for their twins, each
    combined.
    """
    in_pool = [indices + offset for indices, offset in zip(rows, stack.offsets, strict=True)]
    members = len(stack.members) // len(stack.fits)
    scores = scorer.scores(np.repeat(in_pool, members, axis=0))
    by_fit = scores.reshape(len(stack.fits), -1, *scores.shape[1:])
    combine = stack.data.task.combine
    return [
        [
            of_fit[part][0] if len(of_fit[part]) == 1 else combine(list(of_fit[part]), fit.decoder)
            for part in member_slices(fit)
        ]
        for fit, of_fit in zip(stack.fits, by_fit, strict=True)
    ]
