"""What a user calls a run afterwards: tags and a note, in a file of their own beside the manifest.

The manifest stays as the run wrote it. A list of runs reads these files, so nothing here imports NumPy or
pydantic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fnnctl.errors import FnnctlError, UsageError
from fnnctl.store import names
from fnnctl.store.atomic import damaged, read_bytes, write_text
from fnnctl.store.documents import read_mapping, to_json
from fnnctl.store.lock import writing
from fnnctl.text import counted, did_you_mean, joined_words, quoted

MAX_TAGS: Final = 100
MAX_TAG: Final = 48
"""The most characters of a tag."""
MAX_NOTE: Final = 10_000
"""The most characters of a note."""
_TAG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_RESERVED: Final = "null"
"""In conditions it stands for no value."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The tags of a run, in the order in which they were given, and its note."""

    tags: tuple[str, ...] = ()
    note: str | None = None

    def with_tags(self, words: Sequence[str]) -> Labels:
        """With these tags, too; raises `UsageError` for a word that is no tag."""
        refuse_tags(words)
        tags = tuple(dict.fromkeys((*self.tags, *words)))
        if len(tags) > MAX_TAGS:
            raise UsageError(
                f"a run has at most {counted(MAX_TAGS, 'tag')}; this one would have {len(tags):,}"
            )
        return replace(self, tags=tags)

    def without_tags(self, words: Sequence[str]) -> Labels:
        """Without these tags; raises `UsageError` for a word that is none of them."""
        if missing := [word for word in words if word not in self.tags]:
            tags = f"; its tags are {joined_words(self.tags)}" if self.tags else "; it has none"
            hint = did_you_mean(missing[0], self.tags) or tags
            raise UsageError(f"the run has no tag {quoted(missing[0])}{hint}")
        return replace(self, tags=tuple(tag for tag in self.tags if tag not in words))

    def with_note(self, text: str) -> Labels:
        """With this note in place of the former one; without any if the text is empty."""
        if len(text) > MAX_NOTE:
            raise UsageError(f"a note has at most {MAX_NOTE:,} characters; this one has {len(text):,}")
        return replace(self, note=text.strip() or None)


NO_LABELS: Final = Labels()


def refuse_tags(words: Sequence[str]) -> None:
    """Raise `UsageError` if one of the words is no tag."""
    for word in words:
        if not _TAG.fullmatch(word) or len(word) > MAX_TAG:
            raise UsageError(
                f"{quoted(word)} is no tag: write a word of at most {MAX_TAG} letters from a to z, digits, "
                "., _ and -, such as paper or v1.2"
            )
        if word.casefold() == _RESERVED:
            raise UsageError(
                f"{quoted(word)} is no tag: in conditions, as in --where tag=null, it means none"
            )


def read_labels(run: Path) -> Labels:
    """The labels of a run; raises `DataError` if their file is damaged."""
    path = run / names.LABELS
    content = read_bytes(path)
    if content is None:
        return NO_LABELS
    facts = read_mapping(content, path)
    tags, note = facts.get("tags", []), facts.get("note")
    if not isinstance(tags, list) or not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags):
        raise damaged(path, "is damaged: tags: must be a list of words")
    if not isinstance(note, str | None):
        raise damaged(path, "is damaged: note: must be a text")
    return Labels(tuple(tags), note)


def change_labels(run: Path, change: Callable[[Labels], Labels]) -> Labels:
    """Change the labels of a run, whether it has ended or not; return them. No other change is lost.

    Raises what `change` raises, `DataError` if their file is damaged, and `MachineError` if it cannot be
    written; the file is unchanged then.
    """
    with writing(run / names.LABELS_LOCK):
        labels = read_labels(run)
        changed = change(labels)
        if changed != labels:
            write_text(run / names.LABELS, to_json({"tags": [*changed.tags], "note": changed.note}))
    return changed


def try_labels(run: Path) -> tuple[Labels, str | None]:
    """The labels of a run, and what is wrong with their file; a list or a report goes on without them."""
    try:
        return read_labels(run), None
    except FnnctlError as error:
        return NO_LABELS, error.message
