"""Labels of which a row may have any number, as columns of 0 and 1: see `config.schema.target`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final

import numpy as np
from pydantic import ConfigDict, Field

from fnnctl.arrays import BoolArray
from fnnctl.config.schema.target import LABEL_CLASSES, LabelsTarget, Target
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.numbers import ordered, plain_number
from fnnctl.data.problems import Problems
from fnnctl.data.tables.table import Table
from fnnctl.messages import Message
from fnnctl.text import counted, quoted, word_list

MAX_LABELS: Final = 1000
"""More words are rather texts, or have another separator."""
_TRUTH: Final = {"false": "0", "true": "1"}
_NUMBERS: Final = {0.0: "0", 1.0: "1"}


@dataclass(frozen=True, slots=True)
class LabelWords:
    """The column of words that a network's labels are."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    column: str
    separator: Annotated[str, Field(min_length=1)]
    """What is between the words."""

    @classmethod
    def of(cls, target: Target | None) -> LabelWords | None:
        """Those that data.target names; None if it names none."""
        if isinstance(target, LabelsTarget) and isinstance(target.labels, str):
            return cls(target.labels, target.separator or "")
        return None

    def of_texts(self, texts: Sequence[str]) -> list[frozenset[str]]:
        """The words of each text, without the blanks around them."""
        return [frozenset(filter(None, map(str.strip, text.split(self.separator)))) for text in texts]


class NewWords:
    """The labels of new rows, from their words; words that are no labels are left out, and remembered."""

    def __init__(self, words: LabelWords, labels: Sequence[str]) -> None:
        """`labels` are those of the network, in its order."""
        self.column: Final = words.column
        self._words, self._labels, self._unknown = words, labels, set[str]()

    def labels(self, cells: CodedTexts) -> tuple[CodedTexts, ...]:
        """The column of 0 and 1 of each label, (n,), from the cells of n rows; none is missing."""
        words = self._words.of_texts(cells.texts)
        self._unknown |= {word for of_text in words for word in of_text} - {*self._labels}
        return _of_labels(cells, words, self._labels)

    def warnings(self, file: str) -> list[Message]:
        """A warning about the words that were left out so far, if there are any."""
        return _warnings(self._unknown, self.column, file)


def with_labels(
    table: Table,
    targets: Sequence[str],
    setting: Target | None,
    problems: Problems,
    known: Sequence[str] = (),
) -> tuple[Table, Sequence[str], list[Message]]:
    """The table with a column of 0 and 1 per label, the names of all targets, and warnings.

    Targets that are no labels, by the `setting` data.target, stay as they are. If there are words, those in
    `known` are the labels, unless it is empty; others are left out. Raises DataError with all `problems`.
    """
    if not isinstance(setting, LabelsTarget):
        return table, targets, []
    warnings: list[Message] = []
    if words := LabelWords.of(setting):
        table, targets, warnings = _of_words(table, words, problems, known)
    else:
        for name in targets:
            table.categorical[name] = _zeros_and_ones(name, table.categorical[name], problems)
    problems.raise_any()
    return table, targets, warnings


def _of_words(
    table: Table, label_words: LabelWords, problems: Problems, known: Sequence[str]
) -> tuple[Table, tuple[str, ...], list[Message]]:
    column = label_words.column
    cells = table.categorical[column]
    words = label_words.of_texts(cells.texts)
    names = tuple(known or ordered(dict.fromkeys(word for of_text in words for word in of_text)))
    if not names:
        problems.add(f"the column {quoted(column)} has no word in any row")
    elif len(names) > MAX_LABELS:
        problems.add(
            f"the column {quoted(column)} has {counted(len(names), 'different word')}, which are too many "
            f"for labels: is data.target.separator {quoted(label_words.separator)} right?"
        )
        return table, (), []
    for name in names:
        if name != column and name in table.names:
            problems.add(
                f"the label {quoted(name)} of the column {quoted(column)} has the name of another column: "
                "rename one of them"
            )
    categorical = {name: texts for name, texts in table.categorical.items() if name != column}
    categorical |= zip(names, _of_labels(cells, words, names), strict=True)
    new_words = {word for of_text in words for word in of_text} - {*names}
    warnings = _warnings(new_words, column, problems.file)
    if not known and all(len(of_text) < 2 for of_text in words):
        sentence = (
            f"no row of {problems.file} has more than one word in the column {quoted(column)}: is "
            f"data.target.separator {quoted(label_words.separator)} right?"
        )
        warnings.append(Message("one_word_per_row", sentence))
    return replace(table, categorical=categorical), names, warnings


def _of_labels(
    cells: CodedTexts, words: Sequence[frozenset[str]], labels: Sequence[str]
) -> tuple[CodedTexts, ...]:
    """The column of each label, from the cells and the words of each distinct text."""
    has_label = np.array([[label in of_text for label in labels] for of_text in words], np.bool_)
    has_label = has_label.reshape(len(words), len(labels))
    return tuple(_of_word(cells, column) for column in has_label.T)


def _of_word(cells: CodedTexts, has_word: BoolArray) -> CodedTexts:
    """The column of a word, from the cells and whether each distinct text (texts,) has it; never missing."""
    codes = np.append(has_word, False)[cells.codes].astype(np.intp)
    of_texts = [
        (has, line) for has, line in zip(has_word.tolist(), cells.lines, strict=True) if line is not None
    ]
    lines = [min((line for has, line in of_texts if has == truth), default=None) for truth in (False, True)]
    return CodedTexts(codes, LABEL_CLASSES, lines)


def label_class(text: str) -> str | None:
    """The class that a text in a column of 0 and 1 stands for; None if it stands for none."""
    number = plain_number(text)
    return _TRUTH.get(text.casefold()) if number is None else _NUMBERS.get(number)


def _zeros_and_ones(name: str, column: CodedTexts, problems: Problems) -> CodedTexts:
    """The column with 0 and 1 for all their spellings; notes other values."""
    classes = []
    for text, line in zip(column.texts, column.lines, strict=True):
        name_of_class = label_class(text)
        if name_of_class is None:
            message = f"the label {quoted(name)} must be 0 or 1, or false or true, not {quoted(text)}"
            problems.add(message, line=line)
        classes.append(name_of_class or text)
    return column.with_texts(classes)


def _warnings(words: set[str], column: str, file: str) -> list[Message]:
    """One warning about words that are no labels; none without any."""
    if not words:
        return []
    sentence = (
        f"the column {quoted(column)} of {file} has words that the training data lack, which are left out: "
        f"{word_list([*map(quoted, sorted(words))])}"
    )
    return [Message("unknown_labels", sentence)]
