"""The source of rows that are in no file, apart from the schema, which takes long to import."""

from __future__ import annotations

from typing import Final

MEMORY_SOURCE: Final = "memory"
"""`data.source` of rows that a Python program hands over; it stands for a file's name in messages."""
BUILTIN_NAMES = ("iris", "wine", "breast_cancer", "digits", "penguins", "diabetes")
"""The data sets that fnnctl brings along."""
ARRAY_REASON: Final = "arrays hold numbers only, with a column each"
