"""The `notes` section: what only the user knows of an experiment, for the model card of its report."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fnnctl.config.schema.section import Section

NOTE_PATTERN = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$"

Note = Annotated[str, Field(pattern=NOTE_PATTERN, max_length=10_000)]


class NotesConfig(Section):
    """Texts for the model card in reports; nothing is computed from them. Empty lines separate paragraphs."""

    text: Note | None = None
    """Whatever readers should know, such as why the experiment was made."""
    data: Note | None = None
    """Where the rows are from, how they were chosen, and under which licence they are."""
    intended_use: Note | None = None
    """What the network is for, and what not."""
    limits: Note | None = None
    """Where its predictions should not be relied on, and which harm they could do."""
