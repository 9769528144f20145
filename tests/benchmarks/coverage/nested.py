"""What choices flatter: the errors of held-out rows as they are, and as if other rows had chosen for them.

The rows of each bag, or of each fifth of a validation part, get the scores of the epoch at which the loss of
the others was lowest, calibrated by the others. Both kinds of errors are from one training, so the difference
of the two coverages is much less noisy than that of two trainings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.predictor import Predictor, member_slices
from fnnctl.nn.losses.cross_entropy import log_softmax
from fnnctl.runs import training
from fnnctl.stacks.work import TrainedStack
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.regions import ErrorTails
from fnnctl.tasks.temperature import calibrated_losses
from fnnctl.training.stack import Stack

PARTS: Final = 5
"""Of a validation part."""
AS_CHOSEN, BY_OTHERS = "as chosen", "chosen by others"
CALIBRATED: Final = "validation_calibrated_loss"


@dataclass(slots=True)
class WatchedTraining:
    """The scores of the held-out rows after each epoch, and what was trained."""

    scores: list[FloatArray] = field(default_factory=list)
    """(networks, rows, outputs) of each epoch: each network's own validation rows."""
    stack: TrainedStack | None = None
    predictor: Predictor | None = None

    def tails(self) -> dict[str, ErrorTails]:
        """The errors as they are, and those that others have chosen for; the epochs must agree."""
        if self.stack is None or self.predictor is None:
            raise ValueError("nothing was trained")
        rows = HeldOutRows.of(self.stack, self.predictor, self.scores)
        return {AS_CHOSEN: rows.tails(by_others=False), BY_OTHERS: rows.tails(by_others=True)}


@contextmanager
def watched_training() -> Iterator[WatchedTraining]:
    """Watch the next training, which is that of one fit in this process."""
    watched, validate, scored = WatchedTraining(), Stack._validate, training._scored

    def watch_epoch(stack: Stack) -> Any:
        watched.scores.append(stack._scorer.scores(stack._validation_rows))
        return validate(stack)

    def watch_end(data: Any, fit: Any, stack: TrainedStack, scores: Any) -> Any:
        watched.stack = stack
        watched.predictor, parts = scored(data, fit, stack, scores)
        return watched.predictor, parts

    with patch.object(Stack, "_validate", watch_epoch), patch.object(training, "_scored", watch_end):
        yield watched


@dataclass(frozen=True, slots=True)
class HeldOutRows:
    """The n rows that were not trained on, in the order of `Predictor.part_scores_out_of_bag`."""

    stack: TrainedStack
    predictor: Predictor
    rows: IntArray
    """(n,) in the data."""
    part: IntArray
    """(n,) the bag of each row, or the fifth."""
    epochs: Sequence[Sequence[FloatArray]]
    """Of each epoch the scores of each kind of networks, (n, outputs)."""

    @classmethod
    def of(cls, stack: TrainedStack, predictor: Predictor, scores: Sequence[FloatArray]) -> HeldOutRows:
        fit, offset = stack.fits[0], stack.offsets[0]
        if not fit.settings.bags:
            rows = stack.members[0].validation_rows - offset
            return cls(stack, predictor, rows, np.arange(len(rows)) % PARTS, [[each[0]] for each in scores])
        kinds = member_slices(fit)
        in_bags = np.stack([member.validation_rows for member in stack.members[kinds[0]]])
        order = np.argsort(in_bags.ravel())
        bag = np.repeat(np.arange(len(in_bags)), in_bags.shape[1])[order]
        epochs = [[each[kind].reshape(-1, each.shape[2])[order] for kind in kinds] for each in scores]
        return cls(stack, predictor, in_bags.ravel()[order] - offset, bag, epochs)

    @property
    def fit(self) -> Fit:
        """The fit that was trained."""
        return self.stack.fits[0]

    @property
    def is_classification(self) -> bool:
        """Whether the targets are classes."""
        return self.stack.data.task.name == "classification"

    def tails(self, *, by_others: bool) -> ErrorTails:
        """The errors; those of each part with what the other parts choose, if so asked."""
        everything = np.ones(len(self.rows), np.bool_)
        parts = [(self.part != part, self.part == part) for part in np.unique(self.part)]
        predicted: list[tuple[BoolArray, FloatArray]] = [
            (inside, self._predicted(choosing, inside))
            for choosing, inside in (parts if by_others else [(everything, everything)])
        ]
        together = np.empty((len(self.rows), *predicted[0][1].shape[1:]))
        for inside, values in predicted:
            together[inside] = values
        targets = self.stack.data.targets[self.rows]
        if self.is_classification:
            return ErrorTails.of_classes(targets, together)
        return ErrorTails.of_numbers(targets, together)

    def _predicted(self, choosing: BoolArray, inside: BoolArray) -> FloatArray:
        """The probabilities, or estimates, of rows with what the `choosing` rows choose."""
        data, post_training = self.stack.data, PostTraining.of(self.fit.experiment.model)
        scores = self.epochs[self._best_epoch(choosing)]
        predictor = self.predictor.fitted(
            post_training,
            [kind[choosing] for kind in scores],
            data.targets[self.rows[choosing]],
            out_of_bag=self.fit.settings.bags,
        )
        joint = predictor.joint_scores([kind[inside] for kind in scores])
        part: Any = data.score(self.rows[inside], [joint], predictor.decoder)
        values: FloatArray = part.probabilities if self.is_classification else part.estimates
        return values

    def _best_epoch(self, choosing: BoolArray) -> int:
        """The index of the epoch that early stopping restores, or else of the last one."""
        stopping = self.fit.experiment.training.early_stopping
        if stopping is None or not stopping.restore_best:
            return len(self.epochs) - 1
        return int(np.argmin([self._loss(scores, choosing, stopping.monitor) for scores in self.epochs]))

    def _loss(self, scores: Sequence[FloatArray], choosing: BoolArray, monitor: str) -> float:
        if not self.is_classification:
            targets = self.stack.pool.targets[self.rows[choosing] + self.stack.offsets[0]].reshape(-1)
            mean = np.mean([kind[choosing] for kind in scores], axis=0).reshape(-1)
            return float(np.square(mean - targets).mean())
        labels = self.stack.data.targets[self.rows[choosing]]
        logs = np.logaddexp.reduce([log_softmax(kind[choosing].astype(np.float64)) for kind in scores])
        logs -= np.log(len(scores))
        if monitor == CALIBRATED:
            bags = self.fit.settings.bags
            return float(calibrated_losses(logs[None], labels[None], 1, out_of_bag=bags)[0])
        return float(-logs[np.arange(len(labels)), labels].mean())
