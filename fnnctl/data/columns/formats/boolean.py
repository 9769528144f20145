"""Truth values in any spelling: they stay categories, whose spellings are merged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np
from pydantic import ConfigDict

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.formats.base import Candidate, ColumnFormat, ColumnKind, Notation
from fnnctl.text import quoted

_FAMILIES: Final = (("true", "t", "false", "f"), ("yes", "y", "no", "n"), ("on", "on", "off", "off"))
_WORDS: Final[dict[str, bool]] = {
    word: index < 2 for family in _FAMILIES for index, word in enumerate(family)
}
_TRUTH: Final[dict[str, bool]] = _WORDS | {"1": True, "0": False}


@dataclass(frozen=True, slots=True)
class BooleanFormat(ColumnFormat):
    """A column of truth values; its categories are the most frequent spellings in the training data."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    noun: ClassVar[str] = "truth value"
    column_kind: ClassVar[ColumnKind] = "boolean"
    true: str
    false: str
    kind: Literal["boolean"] = "boolean"

    @classmethod
    def find(
        cls, name: str, column: CodedTexts, notation: Notation, *, declared: bool = False
    ) -> Candidate | None:
        """None unless all texts are truth values: other categories may have words such as `no`."""
        form = find_boolean(column.texts, column.counts().tolist())
        return None if form is None else Candidate(form, np.ones(len(column.texts), np.bool_), None)

    def label(self, text: str) -> str:
        """The category that a text is a spelling of; a text that is no truth value stays as it is."""
        truth = _TRUTH.get(text.casefold())
        return text if truth is None else (self.true if truth else self.false)

    def description(self, name: str, part: str) -> str:
        """The two categories."""
        return f"{quoted(self.true)} or {quoted(self.false)}"

    def spellings(self) -> Sequence[str]:
        """In small letters, with a capital, and in capitals."""
        cases = (str.lower, str.capitalize, str.upper)
        return tuple(dict.fromkeys(case(word) for word in _TRUTH for case in cases))

    def numbers(self, texts: Sequence[str]) -> FloatArray:
        """(n, 1) float64: 1 if true, 0 if false, NaN for other texts."""
        truths = [_TRUTH.get(text.casefold()) for text in texts]
        return np.array([np.nan if truth is None else float(truth) for truth in truths]).reshape(-1, 1)

    def example(self, name: str, texts: Sequence[str], numbers: FloatArray | None) -> tuple[str, str] | None:
        """The first text that is not spelled like its category."""
        return next(((text, self.label(text)) for text in texts if self.label(text) != text), None)


def find_boolean(texts: Sequence[str], counts: Sequence[int]) -> BooleanFormat | None:
    """The format of a column with these distinct texts, which occur `counts` times; None if it has another.

    Both truth values must occur, and a single letter must have its counterpart: `f` and `n` alone, or `t` and
    `n`, are categories of something else.
    """
    if not all(text.casefold() in _TRUTH for text in texts):
        return None
    folded = {text.casefold() for text in texts}
    if folded.isdisjoint(_WORDS):
        return None
    for true, t, false, f in _FAMILIES:
        for letter, counterparts in ((t, (f, false)), (f, (t, true))):
            if len(letter) == 1 and letter in folded and folded.isdisjoint((*counterparts, true, false)):
                return None
    if {_TRUTH[text] for text in folded} != {True, False}:
        return None
    pairs = list(zip(texts, counts, strict=True))
    return BooleanFormat(true=_commonest(pairs, truth=True), false=_commonest(pairs, truth=False))


def find_spellings(texts: Sequence[str], counts: Sequence[int]) -> BooleanFormat | None:
    """The format of a target whose classes, which occur `counts` times, are more than two spellings."""
    return find_boolean(texts, counts) if len(texts) > 2 else None


def _commonest(pairs: Iterable[tuple[str, int]], *, truth: bool) -> str:
    """The text that stands for `truth` most often; of equally frequent ones, the first in the alphabet."""
    spellings = [(-count, text) for text, count in pairs if _TRUTH[text.casefold()] is truth]
    return min(spellings)[1]
