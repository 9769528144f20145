"""Columns of texts for tests: the first is in line 2, as in a file with a header; an empty one is missing."""

from __future__ import annotations

from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.tables.column_readers import TextColumn


def coded(*texts: str) -> CodedTexts:
    column = TextColumn(frozenset({""}))
    column.add_values(texts, range(2, len(texts) + 2))
    return column.coded()
