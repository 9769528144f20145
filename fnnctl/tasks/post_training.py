"""The last step of training: what is fitted to rows that the network was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.model import DEFAULT_THRESHOLD, Calibration, ModelConfig, Threshold
from fnnctl.messages import Message
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.task import Targets, Task
from fnnctl.tasks.warnings import about_targets
from fnnctl.text import counted

NO_TEMPERATURE: Final = (
    "cannot calibrate: the {rows:,} validation rows determine no best temperature, because they are all "
    "classified correctly or no better than by chance, or because their scores are too large"
)
TOO_LARGE: Final = Message(
    "scores_too_large",
    "cannot calibrate: the scores of the validation rows are too large for any temperature, because training "
    "almost diverged. Write a lower training.optimizer.learning_rate",
)
"""With a prior there is always a best temperature, except beyond the largest one."""
UNFITTED_POWER: Final = Message(
    "class_weights_not_fitted",
    "the probabilities are divided by the class weights, which is too much if training realized only a part "
    "of them: there are no validation rows to which a power of the weights could be fitted",
)

MEDIANS: Final = Message(
    "medians_not_corrected",
    "predictions of the transformed target are medians, which are below means if it is skewed to the right: "
    "there are no validation rows to which the correction could be fitted. Write "
    "model.ensemble: {members: 8, bags: true}, or a data.split.validation",
)


@dataclass(frozen=True, slots=True)
class PostTraining:
    """What the settings ask for after training: calibration, then a threshold."""

    calibration: Calibration = "none"
    """How probabilities are calibrated."""
    threshold: Threshold = DEFAULT_THRESHOLD
    """A number, or a rule by which it is chosen."""

    @classmethod
    def of(cls, model: ModelConfig) -> Self:
        """That of the settings of the model."""
        return cls(model.calibration, model.threshold)

    @property
    def calibrates(self) -> bool:
        """Whether a temperature is fitted."""
        return self.calibration != "none"

    @property
    def chooses_threshold(self) -> bool:
        """Whether the threshold is chosen by a rule."""
        return not isinstance(self.threshold, float)

    def needs_rows(self, decoder: OutputDecoder) -> bool:
        """Whether something of this decoder is fitted to validation rows."""
        return self.chooses_threshold or self.fits_predictions(decoder)

    def fits_predictions(self, decoder: OutputDecoder) -> bool:
        """Whether probabilities, or estimates, depend on what is fitted to validation rows."""
        return self.calibrates or decoder.class_weights is not None or decoder.needs_residuals

    def with_threshold(self, decoder: OutputDecoder, threshold: float | None) -> OutputDecoder:
        """The decoder at a threshold of these settings; None for the default, or if none can be chosen."""
        if threshold is None and self.chooses_threshold and decoder.class_weights is None:
            threshold = DEFAULT_THRESHOLD
        return decoder.with_threshold(threshold)

    def _of_part(self, part: OutputDecoder) -> Self:
        """What is fitted for one of several targets: a threshold is for two classes alone."""
        return self if part.decision is not None else replace(self, threshold=DEFAULT_THRESHOLD)

    def fit(
        self,
        task: Task,
        decoder: OutputDecoder,
        scores: FloatArray,
        targets: Targets,
        *,
        out_of_bag: bool = False,
    ) -> OutputDecoder:
        """A network's decoder, fitted to the scores of n validation rows, (n, outputs), and targets (n,).

        Without `needs_rows` the rows are not used. The temperature or the threshold is None if none fits.
        `out_of_bag` scores are those of single members of the ensemble whose decoder it is. Several targets
        are fitted one by one.
        """
        if len(task.tasks) > 1:
            if not self.needs_rows(decoder):
                fixed = self.fixed_threshold
                return task.rejoined(decoder, [part.with_threshold(fixed) for part in decoder.of_targets])
            fitted = [
                self._of_part(part).fit(single, part, of_part, encoded, out_of_bag=out_of_bag)
                for single, part, of_part, encoded in task.separately(decoder, scores, targets)
            ]
            return task.rejoined(decoder, fitted)
        if len(targets) and self.needs_rows(decoder):
            with np.errstate(over="ignore", invalid="ignore"):
                decoder = task.with_calibration(decoder, self.calibration, scores, targets)
            is_shrunk = self.calibration == "shrunk_temperature" and decoder.class_weights is None
            if out_of_bag and is_shrunk and decoder.temperature is not None:
                # Averaging makes predictions less certain. So an ensemble is too uncertain if its members
                # are; but if they are too certain, it need not be. With class weights they may be so much
                # too certain that averaging is not enough.
                decoder = replace(decoder, temperature=min(decoder.temperature, 1.0))
        if self.chooses_threshold:
            with np.errstate(over="ignore", invalid="ignore"):
                return decoder.with_threshold(task.choose_threshold(self.threshold, scores, targets, decoder))
        return decoder.with_threshold(self.fixed_threshold)

    def fit_weighted(
        self,
        task: Task,
        decoder: OutputDecoder,
        scores: Sequence[FloatArray],
        targets: Targets,
        weights: FloatArray,
        exposures: FloatArray | None = None,
        *,
        out_of_bag: bool = False,
    ) -> tuple[FloatArray, OutputDecoder]:
        """How much each kind of an ensemble's networks counts, and the decoder of their mean; see `fit`.

        `scores`, (n, outputs) of each kind, are fitted alike. The `weights` are those without rows, (kinds,),
        or (kinds, T) for each of several targets, and so are the fitted ones; a kind of weight 0 keeps it.
        `exposures`, (n,), are those of the rows, if the data have any.
        """
        fitted, mean = weights, scores[0]
        if len(scores) > 1:
            fitted = _fitted_weights(task, decoder, scores, targets, weights, exposures)
            mean = task.combine(scores, decoder, fitted)
        return fitted, self.fit(task, decoder, mean, targets, out_of_bag=out_of_bag)

    def warnings(self, decoder: OutputDecoder, *, rows: int) -> list[Message]:
        """Warnings about what the validation rows were too few to determine, from the fitted decoder."""
        if len(decoder.of_targets) > 1:
            return about_targets(
                (part.output.target, self._of_part(part).warnings(part, rows=rows))
                for part in decoder.of_targets
            )
        warnings = []
        has_probabilities = decoder.loss.estimates == "probabilities"
        if self.calibrates and has_probabilities and decoder.temperature is None:
            shrunk = self.calibration == "shrunk_temperature"
            unfitted = Message("no_temperature", NO_TEMPERATURE.format(rows=rows))
            warnings.append(TOO_LARGE if shrunk else unfitted)
        if not rows:
            warnings += _without_rows(decoder)
        if self.chooses_threshold and decoder.threshold is None:
            sentence = (
                f"cannot choose a threshold: the {counted(rows, 'validation row')} must be of both classes; "
                f"{_default(decoder)} is used. Write a larger data.split.validation, or a number as "
                "model.threshold"
            )
            warnings.append(Message("no_threshold", sentence))
        return warnings

    def fold_warnings(
        self, thresholds: Sequence[float | None], decoder: OutputDecoder, *, rows: int
    ) -> list[Message]:
        """A warning if folds have no validation rows for a correction, or if some of them determine no
        threshold, from those of all folds; else none.

        `decoder` is that of some fold, and so is the number of validation rows.
        """
        missing = sum(threshold is None for threshold in thresholds)
        if not self.chooses_threshold or not missing:
            return [] if rows else _without_rows(decoder)
        sentence = (
            f"the validation rows of {missing:,} of {len(thresholds):,} folds are of one class, so no "
            f"threshold can be chosen there and {_default(decoder)} is used. Write a larger "
            "data.split.validation, or a number as model.threshold"
        )
        return [Message("no_threshold_in_folds", sentence)]

    @property
    def fixed_threshold(self) -> float | None:
        """The threshold if it is given as a number; None for the default, or if it is chosen."""
        if not isinstance(self.threshold, float) or self.threshold == DEFAULT_THRESHOLD:
            return None
        return self.threshold


def _fitted_weights(
    task: Task,
    decoder: OutputDecoder,
    scores: Sequence[FloatArray],
    targets: Targets,
    weights: FloatArray,
    exposures: FloatArray | None = None,
) -> FloatArray:
    """The weights of kinds of networks, fitted to n rows: see `PostTraining.fit_weighted`."""
    if len(task.tasks) > 1:
        of_kinds = [task.separately(decoder, of_kind, targets) for of_kind in scores]
        columns = []
        for own_weights, own in zip(weights.T, zip(*of_kinds, strict=True), strict=True):
            single, part, _, encoded = own[0]
            own_scores = [of_kind for _, _, of_kind, _ in own]
            columns.append(_fitted_weights(single, part, own_scores, encoded, own_weights))
        return np.stack(columns, axis=1)
    counting = np.flatnonzero(weights).tolist()
    if len(counting) < 2 or not len(targets):
        return weights
    fitted = np.zeros_like(weights)
    fitted[counting] = task.shares([scores[k] for k in counting], targets, decoder, exposures)
    return fitted


def _without_rows(decoder: OutputDecoder) -> list[Message]:
    """A warning if there is a correction to fit, for a network without validation rows."""
    if decoder.needs_residuals:
        return [MEDIANS]
    return [] if decoder.class_weights is None else [UNFITTED_POWER]


def _default(decoder: OutputDecoder) -> str:
    """What a threshold is that is not chosen, in words."""
    return f"{DEFAULT_THRESHOLD}" if decoder.class_weights is None else "that of the class weights"


NO_POST_TRAINING: Final = PostTraining()
"""Nothing is fitted."""
