"""All formats, as they are saved in model.json."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat
from fnnctl.data.columns.formats.number import NumberFormat

AnyFormat: TypeAlias = Annotated[
    NumberFormat | BooleanFormat | DateFormat | TimeFormat, Field(discriminator="kind")
]
"""One of the formats; `kind` says which."""
