"""What `data.target` may be beside one column: several, or labels of which a row may have any number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from pydantic import BeforeValidator, Field

from fnnctl.config.problems import predicate, sentence
from fnnctl.config.schema.section import OneAlone, Section, as_tuple
from fnnctl.config.schema.setting import Place, Setting
from fnnctl.errors import Problem
from fnnctl.text import quoted

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

LABEL_CLASSES: Final = ("0", "1")
"""Without the label, and with it."""

Column: TypeAlias = Annotated[str, Field(min_length=1)]


def repeated_target(_: Experiment, place: Place) -> Iterator[Problem]:
    """If a column is named twice."""
    names = place.value if isinstance(place.value, tuple) else ()
    if repeated := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        yield predicate("names {name} twice", advice="name each column once", name=quoted(repeated[0]))


def _one_label(_: Experiment, place: Place) -> Iterator[Problem]:
    """If it is a list of one column, which is a target as it is."""
    if isinstance(place.value, tuple) and len(place.value) == 1:
        yield predicate("names one column", advice="write data.target: {name}", name=place.value[0])


def _words_without_separator(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If it is one column of words, without the separator of the words."""
    target = experiment.data.target
    if isinstance(place.value, str) and isinstance(target, LabelsTarget) and target.separator is None:
        yield sentence(
            "the separator of the words is missing",
            "data.target.separator",
            advice='write data.target: {{labels: {name}, separator: "|"}}, or a list of columns of 0 and 1',
            name=place.value,
        )


def _separated_columns(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With a list of columns, which have no words."""
    target = experiment.data.target
    if isinstance(target, LabelsTarget) and isinstance(target.labels, tuple):
        yield sentence(
            "a list of columns has no words to separate",
            "data.target.labels",
            advice="leave it out, or name one column of words",
        )


class LabelsTarget(Section):
    """Labels of which a row has any number, or none: each is a target of the classes 0 and 1."""

    labels: Annotated[
        Column | Annotated[tuple[Column, ...], Field(strict=False, min_length=1)],
        BeforeValidator(as_tuple),
        Setting(contradictions=(repeated_target, _one_label, _words_without_separator)),
    ]
    """The columns of 0 and 1 (or false and true), one per label; or one column of words, each of which is a
    label. A row without words has none of them."""
    separator: Annotated[Column | None, Setting(contradictions=(_separated_columns,))] = None
    """What is between the words of a column, such as `|`; blanks around words do not count."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read for it."""
        return self.labels if isinstance(self.labels, tuple) else (self.labels,)

    @property
    def has_words(self) -> bool:
        """Whether the labels are words, which are known once the rows are read."""
        return isinstance(self.labels, str)


Target: TypeAlias = (
    Annotated[Column | Annotated[tuple[Column, ...], Field(strict=False, min_length=1)], OneAlone()]
    | LabelsTarget
)
