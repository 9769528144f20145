"""What is fitted after training: what it needs, and what is said if the rows do not determine it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.nn.shape import OutputShape
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.post_training import NO_POST_TRAINING, PostTraining
from tests.messages import Messages

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
    assert (post_training == NO_POST_TRAINING) == (model in ({}, {"threshold": 0.5}))


WEIGHTED = replace(DECODER, decision=Decision()).weighted((1.0, 3.0))


@pytest.mark.parametrize(
    ("post_training", "decoder", "rows"),
    [
        pytest.param(PostTraining("temperature", threshold="youden"), DECODER, 1200, id="both"),
        pytest.param(PostTraining("shrunk_temperature"), DECODER, 96, id="a shrunk temperature"),
        pytest.param(PostTraining(threshold="f1"), WEIGHTED, 3, id="a threshold of weighted classes"),
        pytest.param(NO_POST_TRAINING, WEIGHTED, 0, id="no rows for class weights"),
    ],
)
def test_what_is_not_determined_is_said(
    messages: Messages, post_training: PostTraining, decoder: OutputDecoder, rows: int
) -> None:
    of_folds = post_training.fold_warnings([None, 0.2, 0.0], decoder, rows=rows)
    for warning in (*post_training.warnings(decoder, rows=rows), *of_folds):
        messages.check(warning)


def test_what_is_determined_is_not_said() -> None:
    youden = PostTraining("temperature", threshold="youden")
    assert youden.fold_warnings([0.1, 0.2], DECODER, rows=9) == []
    for decoder, rows in ((DECODER, 9), (DECODER, 0), (WEIGHTED, 9)):
        assert NO_POST_TRAINING.warnings(decoder, rows=rows) == []
        assert NO_POST_TRAINING.fold_warnings([None, None], decoder, rows=rows) == []
    assert (NO_POST_TRAINING.needs_rows(DECODER), NO_POST_TRAINING.needs_rows(WEIGHTED)) == (False, True)


def test_with_class_weights_their_threshold_stands_for_one_that_is_not_determined() -> None:
    post_training, plain = PostTraining(threshold="f1"), replace(DECODER, decision=Decision())
    decoders = [
        post_training.with_threshold(decoder, threshold)
        for decoder, threshold in ((WEIGHTED, None), (WEIGHTED, 0.4), (plain, None))
    ]
    assert [decoder.decision and decoder.decision.effective for decoder in decoders] == [0.25, 0.4, 0.5]
