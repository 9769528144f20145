"""All formats, as they are saved in model.json."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from fnnctl.data.tables.formats.boolean import BooleanFormat
from fnnctl.data.tables.formats.dates import DateFormat, TimeFormat
from fnnctl.data.tables.formats.number import NumberFormat

AnyFormat: TypeAlias = Annotated[
    NumberFormat | BooleanFormat | DateFormat | TimeFormat, Field(discriminator="kind")
]
"""One of the formats; `kind` says which."""
