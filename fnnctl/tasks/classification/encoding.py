"""Encodes the raw target as classes, and refuses columns that cannot be classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.columns.numbers import ordered, plain_number
from fnnctl.data.dataset import Dataset
from fnnctl.data.problems import Problems
from fnnctl.errors import DataError, Problem
from fnnctl.messages import Message
from fnnctl.tasks.detection import MANY_VALUES, all_numbers, are_amounts
from fnnctl.text import alike, did_you_mean, joined_words, natural_key, printable, quoted, word_list

MAX_NAMED = 5
"""How many classes a warning names."""


@dataclass(frozen=True, slots=True)
class ClassLabels:
    """The class of each row."""

    labels: IntArray
    """(N,) indices into `classes`."""
    classes: tuple[str, ...]
    warnings: list[Message]


def encode(
    dataset: Dataset,
    recorded: Sequence[str] = (),
    order: Sequence[str] | None = None,
    *,
    is_extended: bool = False,
) -> ClassLabels:
    """The target's values as classes in their `order`, if they have one.

    Else they are in natural order, or in the order that an older run has `recorded`. If that order
    `is_extended`, its classes stay even without rows, and new ones come after them. Raises DataError if the
    values cannot be classes, if the order lacks one, or if the test file has other classes.
    """
    target, counts = dataset.target, dataset.target_counts()
    classes = [target.texts[code] for code in np.flatnonzero(counts)]
    has_several = is_extended and len({*recorded, *classes}) > 1
    if not has_several and (problem := target_problem(target.name, classes, counts[counts > 0])):
        raise DataError(Problem(problem, file=printable(dataset.source)))
    new_classes = [text for text in classes if text not in recorded]
    if is_extended and len(new_classes) > len(recorded) > 0 and are_amounts(classes, counts[counts > 0]):
        problem = (
            f"the target {quoted(target.name)} has {len(classes):,} different numbers, as amounts have, "
            f"but the classes of the networks that are trained on are {word_list([*map(quoted, recorded)])}: "
            "correct the target, or train from nothing"
        )
        raise DataError(Problem(problem, file=printable(dataset.source)))
    problems = Problems(printable(dataset.test_source or ""))
    file_labels = zip(target.lines, target.texts, counts.tolist(), strict=True)
    kept_classes = recorded if is_extended else ()
    unknown = [(line, text) for line, text, count in file_labels if not count and text not in kept_classes]
    for line, text in sorted(unknown, key=lambda pair: pair[0] or 0):
        problems.add(f"the label {quoted(text)} does not occur in the training data", line=line)
        if line is None:  # one example is enough if there is no line to correct
            break
    problems.raise_any()
    if order is not None:
        _refuse_others(dataset, order)
        in_order = tuple(order)
    elif is_extended:
        in_order = (*recorded, *natural_order([text for text in target.texts if text not in recorded]))
    else:
        in_order = tuple(recorded) if set(recorded) == set(target.texts) else natural_order(target.texts)
    labels = target.codes
    if in_order != target.texts:
        number = {name: index for index, name in enumerate(in_order)}
        labels = np.array([number[text] for text in target.texts], np.intp)[target.codes]
    warnings = [
        *same_number_twice(target.name, in_order),
        *same_word_twice(target.name, in_order),
        *(() if is_extended else _without_rows(in_order, target.texts)),
    ]
    return ClassLabels(labels, in_order, warnings)


def _refuse_others(dataset: Dataset, order: Sequence[str]) -> None:
    """Raises DataError if the target has a class that the order lacks, with the line of its first row."""
    problems = Problems(printable(dataset.source))
    target = dataset.target
    hint = f"; the order is {word_list([*map(quoted, order)])}"
    unknown = [pair for pair in zip(target.lines, target.texts, strict=True) if pair[1] not in order]
    for line, text in sorted(unknown, key=lambda pair: pair[0] or 0):
        close = did_you_mean(text, order) or hint
        problems.add(f"the class {quoted(text)} is not in data.class_order{close}", line=line)
    problems.raise_any()


def _without_rows(classes: Sequence[str], texts: Sequence[str]) -> list[Message]:
    """One warning about classes that no row has; only an order can name such classes."""
    absent = [quoted(name) for name in classes if name not in texts]
    if not absent:
        return []
    which = "a class" if len(absent) == 1 else f"{len(absent):,} classes"
    have = "has" if len(absent) == 1 else "have"
    sentence = f"{which} of data.class_order {have} no row, so nothing is known of it: {word_list(absent)}"
    return [Message("classes_without_rows", sentence)]


def natural_order(classes: Sequence[str]) -> tuple[str, ...]:
    """Numbers by value, and texts with the numbers in them by value: `class 2` before `class 10`."""
    if all(plain_number(text) is not None for text in classes):
        return ordered(classes)
    return tuple(sorted(classes, key=natural_key))


def target_problem(name: str, classes: Sequence[str], counts: IntArray) -> str | None:
    """Why the values of the target `name` cannot be classes; None if they can.

    `counts` (C,) are the numbers of rows of the C ≥ 1 `classes`.
    """
    label = f"the target {quoted(name)}"
    if len(classes) == 1:
        return (
            f"{label} has only one class, {quoted(classes[0])}: there is nothing to distinguish "
            "(texts in data.missing_values are not classes)"
        )
    is_name = len(classes) > MANY_VALUES and len(classes) == int(counts.sum())
    if is_name and not all_numbers(classes):
        return f"{label} has a different value in every row: it looks like a name, not like a class"
    return None


def same_number_twice(name: str, classes: Sequence[str]) -> list[Message]:
    """Warnings about classes that are the same number written in two ways, such as `1` and `1.0`."""
    written: dict[float, str] = {}
    warnings = []
    for text in ordered(classes):
        number = plain_number(text)
        if number is None:
            continue
        if number in written:
            pair = f"{quoted(written[number])} and {quoted(text)}"
            sentence = f"the target {quoted(name)} has classes {pair}, which are the same number"
            warnings.append(Message("same_number_twice", sentence))
        written[number] = text
    return warnings


def same_word_twice(name: str, classes: Sequence[str]) -> list[Message]:
    """One warning about classes that differ only in case or blanks."""
    several = [joined_words([*map(quoted, texts)]) for texts in alike(classes)]
    if not several:
        return []
    same = word_list(several, MAX_NAMED)
    sentence = f"the target {quoted(name)} has classes {same}: if they are one class, write them alike"
    return [Message("same_word_twice", sentence)]
