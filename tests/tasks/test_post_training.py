"""What is fitted after training: what it needs, and what is said if the rows do not determine it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.messages import sentences
from fnnctl.nn.shape import OutputShape
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.post_training import NO_POST_TRAINING, PostTraining
from fnnctl.tasks.task import OutputDecoder

DECODER = OutputDecoder(OutputShape(2, "softmax"))


@pytest.mark.parametrize(("model", "needs_rows", "fixed"), [
    ({}, False, None),
    ({"threshold": 0.5}, False, None),
    ({"threshold": 0.3}, False, 0.3),
    ({"threshold": "f1"}, True, None),
    ({"threshold": {"cost": {}}}, True, None),
    ({"calibration": "temperature"}, True, None),
    ({"calibration": "temperature", "threshold": 0.3}, True, 0.3),
])  # fmt: skip
def test_rows_are_needed_to_fit_something(
    model: dict[str, Any], needs_rows: bool, fixed: float | None
) -> None:
    post_training = PostTraining.of(ModelConfig.model_validate(model))
    assert (post_training.needs_rows(DECODER), post_training.fixed_threshold) == (needs_rows, fixed)


def test_by_default_nothing_is_fitted() -> None:
    assert PostTraining.of(ModelConfig()) == NO_POST_TRAINING
    assert sentences(NO_POST_TRAINING.warnings(DECODER, rows=9)) == []
    assert sentences(NO_POST_TRAINING.fold_warnings([None, None], DECODER, rows=0)) == []


def test_what_is_not_determined_is_said() -> None:
    post_training = PostTraining("temperature", threshold="youden")
    told = sentences(post_training.warnings(DECODER, rows=1200))
    assert [text.partition(":")[0] for text in told] == ["cannot calibrate", "cannot choose a threshold"]
    assert "the 1,200 validation rows must be of both classes; 0.5 is used" in told[1]
    assert sentences(post_training.fold_warnings([0.1, 0.2], DECODER, rows=9)) == []
    (of_folds,) = sentences(post_training.fold_warnings([None, 0.2, 0.0], DECODER, rows=9))
    assert of_folds.startswith("the validation rows of 1 of 3 folds are of one class, so no threshold can be")


def test_class_weights_need_rows_whatever_the_calibration_and_it_is_said_if_there_are_none() -> None:
    weighted = DECODER.weighted((1.0, 3.0))
    assert NO_POST_TRAINING.needs_rows(weighted)
    assert not NO_POST_TRAINING.needs_rows(DECODER)
    (told,) = sentences(NO_POST_TRAINING.warnings(weighted, rows=0))
    assert "there are no validation rows to which a power of the weights could be fitted" in told
    assert sentences(NO_POST_TRAINING.fold_warnings([None], weighted, rows=0)) == [told]
    assert (
        sentences(NO_POST_TRAINING.warnings(weighted, rows=9))
        == sentences(NO_POST_TRAINING.fold_warnings([None], weighted, rows=9))
        == []
    )


def test_a_shrunk_temperature_is_missing_only_if_scores_are_too_large() -> None:
    (told,) = sentences(PostTraining("shrunk_temperature").warnings(DECODER, rows=96))
    assert told.startswith("cannot calibrate: the scores of the validation rows are too large")
    assert "classified correctly" not in told


def test_with_class_weights_their_threshold_stands_for_one_that_is_not_determined() -> None:
    weighted = replace(DECODER, decision=Decision()).weighted((1.0, 3.0))
    post_training = PostTraining(threshold="f1")
    (told,) = sentences(post_training.warnings(weighted, rows=3))
    (of_folds,) = sentences(post_training.fold_warnings([None], weighted, rows=9))
    assert "that of the class weights is used" in told
    assert "that of the class weights is used" in of_folds
    decoders = [
        post_training.with_threshold(weighted, None),
        post_training.with_threshold(weighted, 0.4),
        post_training.with_threshold(replace(DECODER, decision=Decision()), None),
    ]
    assert [decoder.decision and decoder.decision.effective for decoder in decoders] == [0.25, 0.4, 0.5]
