"""Replaces all sentences of the program by their kinds, to test that nothing depends on words."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from fnnctl.errors import Problem
from fnnctl.messages import Message

_REPLACEMENT = re.compile(r"\[[\w.]+ \d+\]")


def is_replaced(sentence: str) -> bool:
    """Whether a sentence is a kind and a number."""
    return bool(_REPLACEMENT.fullmatch(sentence))


@dataclass(frozen=True)
class Rewording:
    """The sentences that were replaced, by the kind and the number that stand in their place."""

    sentences: dict[str, str] = field(default_factory=dict)

    def replace(self, sentence: str, kind: str) -> str:
        """The kind, with a number that tells two sentences of one kind apart."""
        if is_replaced(sentence):
            return sentence
        replacement = f"[{kind} {zlib.crc32(sentence.encode())}]"
        self.sentences[replacement] = sentence
        return replacement

    def kinds(self, text: str) -> set[str]:
        """The kinds of the sentences in a text."""
        return {replacement[1:].split()[0] for replacement in _REPLACEMENT.findall(text)}

    def restore(self, value: Any) -> Any:
        """A JSON value or a text with the sentences, also those that others quote."""
        match value:
            case str() if _REPLACEMENT.search(value):
                return self.restore(_REPLACEMENT.sub(lambda match: self.sentences[match[0]], value))
            case Mapping():
                return {key: self.restore(inner) for key, inner in value.items()}
            case list():
                return [self.restore(inner) for inner in value]
        return value


@contextmanager
def reworded() -> Iterator[Rewording]:
    """A context in which each sentence of a message or a problem is its kind."""
    rewording = Rewording()
    with pytest.MonkeyPatch.context() as patch:
        written = Message.__init__

        def init(message: Message, kind: str, sentence: str, *arguments: Any, **options: Any) -> None:
            written(message, kind, rewording.replace(sentence, kind), *arguments, **options)

        constants = {
            id(value): value
            for name, module in list(sys.modules.items())
            if name.startswith("fnnctl")
            for value in vars(module).values()
            if isinstance(value, Message)
        }
        sentences = [(message, str(message)) for message in constants.values()]
        patch.setattr(Message, "__init__", init)
        for name in ("clause", "message"):
            patch.setattr(Problem, name, _kind_in_place_of(getattr(Problem, name), rewording))
        for message, sentence in sentences:
            object.__setattr__(message, "sentence", rewording.replace(sentence, message.kind))
        try:
            yield rewording
        finally:
            for message, sentence in sentences:
                object.__setattr__(message, "sentence", sentence)


def _kind_in_place_of(words: property, rewording: Rewording) -> property:
    return property(lambda problem: rewording.replace(words.__get__(problem), problem.kind))
