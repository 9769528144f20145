"""Truth values in any spelling: they stay categories, whose spellings are merged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np
from pydantic import ConfigDict

from fnnctl.arrays import FloatArray

_FAMILIES: Final = (("true", "t", "false", "f"), ("yes", "y", "no", "n"), ("on", "on", "off", "off"))
_WORDS: Final[dict[str, bool]] = {
    word: place < 2 for family in _FAMILIES for place, word in enumerate(family)
}
_TRUTH: Final[dict[str, bool]] = _WORDS | {"1": True, "0": False}


@dataclass(frozen=True, slots=True)
class BooleanFormat:
    """A column of truth values; its categories are the most frequent spellings in the training data."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    true: str
    false: str
    kind: Literal["boolean"] = "boolean"

    def columns(self, name: str) -> tuple[str, ...]:
        """The column itself."""
        return (name,)

    def category(self, text: str) -> str:
        """The category that a text is a spelling of; a text that is no truth value stays as it is."""
        truth = _TRUTH.get(text.casefold())
        return text if truth is None else (self.true if truth else self.false)

    def numbers(self, texts: Sequence[str]) -> FloatArray:
        """(n, 1) float64: 1 if true, 0 if false, NaN for other texts."""
        truths = [_TRUTH.get(text.casefold()) for text in texts]
        return np.array([np.nan if truth is None else float(truth) for truth in truths]).reshape(-1, 1)


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
        for letter, others in ((t, (f, false)), (f, (t, true))):
            if len(letter) == 1 and letter in folded and folded.isdisjoint((*others, true, false)):
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
    own = [(-count, text) for text, count in pairs if _TRUTH[text.casefold()] is truth]
    return min(own)[1]
