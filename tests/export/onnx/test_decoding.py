"""Every step of the decoding has operators; what they compute is compared in `test_random_models.py`."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

from fnnctl.export.onnx.decoding import STEP_OPERATORS, TRANSFORM_OPERATORS
from fnnctl.tasks.decoding import Step
from fnnctl.tasks.target_transforms import TargetTransform


def test_every_step_has_operators() -> None:
    assert STEP_OPERATORS.keys() == {*get_args(Step)}


def test_every_transform_of_a_target_has_operators() -> None:
    defaults = [{field.name: field.default for field in fields(kind)} for kind in get_args(TargetTransform)]
    assert TRANSFORM_OPERATORS.keys() == {default["name"] for default in defaults}
