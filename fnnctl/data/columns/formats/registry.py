"""All formats, in the order in which they are tried."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import Field

from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat
from fnnctl.data.columns.formats.number import NumberFormat

FORMATS: Final[tuple[type[ColumnFormat], ...]] = (BooleanFormat, NumberFormat, DateFormat, TimeFormat)
AnyFormat: TypeAlias = Annotated[
    BooleanFormat | NumberFormat | DateFormat | TimeFormat, Field(discriminator="kind")
]
"""One of the formats, as model.json has it; `kind` says which."""
