"""Scores an ensemble with bags on its training rows, each by the members that were not trained on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.modelling.predictor import Predictor
from fnnctl.stacks.work import TrainedStack
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import PartScores


def scored_out_of_bag(
    stack: TrainedStack, k: int, of_parts: Sequence[FloatArray] | None = None
) -> tuple[Predictor, Sequence[FloatArray], PartScores]:
    """The calibrated predictor of fit k, the out-of-bag scores of each of its parts, and those of it.

    `of_parts`, (n, outputs) each, are not computed again if they are given.
    """
    data, fit, offset = stack.data, stack.fits[k], stack.offsets[k]
    rows, bags = fit.split(data).validation, [bag.validation for bag in fit.bags(data)]
    predictor = stack.predictor(k, *stack.final_weights(k))
    if of_parts is None:
        of_parts = predictor.part_scores_out_of_bag(stack.pool, rows, bags, offset=offset)
    post_training = PostTraining.of(fit.experiment.model)
    targets, exposures = data.targets[rows], data.exposures(rows)
    predictor = predictor.fitted(post_training, of_parts, targets, exposures, out_of_bag=True)
    with np.errstate(over="ignore", invalid="ignore"):
        scores = predictor.joint_scores(of_parts)
    return predictor, of_parts, data.score(rows, [scores], predictor.decoder)
