"""Where the objective of a search was measured, in the words of its reports."""

from __future__ import annotations

from fnnctl.config.schema.validation_schemes import SchemeWords
from fnnctl.records.history import SearchHistory


def measured(search: SearchHistory) -> SchemeWords:
    """The words for a search."""
    return search.scheme.words
