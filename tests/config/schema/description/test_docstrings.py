from __future__ import annotations

from fnnctl.config.schema.description.docstrings import attribute_docstrings
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.optimizers import AdamwOptimizer


class First:
    """A class."""

    a: int = 1
    """One line."""
    b: str
    """Several
    lines."""
    c: float = 0.0

    d = 2
    """Not annotated."""


class Second(First):
    a: int = 2
    """Another text."""

    class Inner:
        e: int = 3
        """Of another class."""


def test_docstrings_follow_annotated_attributes() -> None:
    assert attribute_docstrings(First) == {"a": "One line.", "b": "Several\nlines."}


def test_base_classes_count_and_a_class_overrides_them() -> None:
    assert attribute_docstrings(Second) == {"a": "Another text.", "b": "Several\nlines."}


def test_those_of_pydantic_are_left_out() -> None:
    assert set(attribute_docstrings(Experiment)) == set(Experiment.model_fields)


def test_an_optimizer_has_those_of_its_hyperparameters() -> None:
    found = attribute_docstrings(AdamwOptimizer)
    assert found["beta1"] == "The decay of the gradient's running mean."
    assert set(found) == set(AdamwOptimizer.model_fields)
