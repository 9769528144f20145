"""fnnctl as a contender: any number of members, cut into stacks as a search would cut them."""

from __future__ import annotations

import numpy as np

from fnnctl.stacks.planning import best_size, group_into_stacks
from fnnctl.tasks.epoch_metrics import TRAIN_LOSS
from fnnctl.training.pool import Examples
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.benchmarks.engine.trained import Trained, Trainer
from tests.benchmarks.engine.work import Work
from tests.benchmarks.measuring import CLOCK


def pool_of(work: Work) -> Examples:
    """The data set as fnnctl holds it: with a last column of ones."""
    return Examples(np.hstack([work.X, np.ones((len(work.X), 1), np.float32)]), work.y)


def cut(work: Work, members: int) -> list[list[int]]:
    """The members' numbers, stack by stack."""
    job = work.settings, len(work.X)
    return group_into_stacks([job] * members, most=best_size(work.settings))


def trainer(work: Work, members: int) -> Trainer:
    """Train so many members, one stack after the other."""
    pool, own, stacks = pool_of(work), work.members(members), cut(work, members)

    def train() -> Trained:
        seconds, losses = 0.0, np.empty((work.epochs, members))
        for chosen in stacks:
            stack = Stack(work.settings, [own[k] for k in chosen], pool)
            begun = CLOCK.seconds()
            trained = train_stack(stack)
            seconds += CLOCK.seconds() - begun
            losses[:, chosen] = np.transpose([each.history[TRAIN_LOSS] for each in trained])
        return Trained(seconds, losses)

    return train
