from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.columns.formats.registry import AnyFormat

ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyFormat)


FORMS = [
    NumberFormat("comma", percent=True, currency="EUR"),
    BooleanFormat(true="Yes", false="no"),
    DateFormat(("year", "days"), "2024-01-31", "day_first"),
    DateFormat(("days",), "0001-01-01", pattern="%d/%m/%Y"),
    TimeFormat(),
]


@pytest.mark.parametrize("form", FORMS)
def test_a_format_survives_json(form: ColumnFormat) -> None:
    assert ADAPTER.validate_json(ADAPTER.dump_json(form)) == form


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "text"},
        {"kind": "number", "currency": "$"},
        {"kind": "number", "more": 1},
        {"kind": "date", "parts": ["century"], "since": "2024-01-01"},
        {"kind": "boolean", "true": "a"},
    ],
    ids=str,
)
def test_a_damaged_format_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(wrong)
