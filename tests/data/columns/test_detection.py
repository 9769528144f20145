from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.data.columns import detection
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.detection import TypedColumn, detect
from fnnctl.data.columns.formats.base import Candidate, ColumnFormat, DeclaredKind, Notation
from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.columns.formats.registry import FORMATS
from fnnctl.data.columns.ids import MIN_ROWS
from fnnctl.data.problems import Problems
from tests.data.columns.coding import coded
from tests.messages import Messages

AUTO = Notation()


def typed(*texts: str, declared: DeclaredKind | None = None, notation: Notation = AUTO) -> TypedColumn:
    problems = Problems("t.csv")
    column = detect("a", coded(*texts), declared, notation, problems)
    assert column is not None, problems.error()
    assert not problems
    return column


def fault(*texts: str, declared: DeclaredKind | None = None, notation: Notation = AUTO) -> str:
    problems = Problems("t.csv")
    assert detect("a", coded(*texts), declared, notation, problems) is None
    return str(problems.error())


@pytest.mark.parametrize(
    ("texts", "kind", "form", "example"),
    [
        (("$5", "6", ""), "numeric", NumberFormat, ("$5", "5")),
        (("yes", "NO", "1"), "boolean", BooleanFormat, ("yes", "1")),
        (("2024-01-01", "2024-01-05"), "date", DateFormat, ("2024-01-05", "weekday 4, days 4")),
        (("6:30", "7:15"), "date", TimeFormat, ("6:30", "hour 6.5")),
        (("a", "b", "1"), "categorical", None, None),
        (("a", "b", "$5"), "categorical", None, None),  # a minority of numbers or dates is no fault
        (("a", "b", "2024-01-01"), "categorical", None, None),
        (("12:30", "noon"), "categorical", None, None),  # durations and notes occur
        (("", ""), "empty", None, None),
        (("10-20", "20-30"), "categorical", None, None),
        (("00.5", "01"), "numeric", None, None),
    ],
)
def test_values_decide(
    texts: tuple[str, ...], kind: str, form: type | None, example: tuple[str, str] | None
) -> None:
    column = typed(*texts).type
    assert (column.kind, column.warning, column.declared) == (kind, None, False)
    assert isinstance(column.format, form or type(None))
    assert column.example == example
    assert (column.ignored is None) == (kind != "empty")
    assert (column.missing, column.unique) == (texts.count(""), len({*texts} - {""}))


@pytest.mark.parametrize(
    ("texts", "declared", "start"),
    [
        (("$5", "x", "$6"), None, "t.csv:3: column 'a': 'x' "),
        (("1_000", "x"), None, "t.csv:2: column 'a': '1_000' "),  # nearly a number
        (("2024-01-01", "soon"), None, "t.csv:3: column 'a': 'soon' "),
        (("a", "b", "$5"), "numeric", "t.csv:2: column 'a': 'a' "),
        (("2024-01-05", "20240131", "1.5"), "date", "t.csv:4: column 'a': '1.5' "),
    ],
)
def test_texts_among_numbers_or_dates_are_faults(
    texts: tuple[str, ...], declared: DeclaredKind | None, start: str
) -> None:
    """The sentences are in `test_wrong_tables`."""
    assert fault(*texts, declared=declared).startswith(start)


def test_advice_for_a_parquet_file_names_no_setting_of_csv_files() -> None:
    for is_csv in (True, False):
        notation = Notation(is_csv=is_csv)
        assert ("data.decimal_mark" in fault("1.5", "2.5", "3,5", notation=notation)) is is_csv
        warning = typed("1,250", "2,500", notation=notation).type.warning
        assert warning is not None
        assert ("data.decimal_mark" in warning) is is_csv


def test_declared_columns() -> None:
    assert typed("$5", declared="numeric").type.kind == "numeric"
    assert typed("20240131", declared="date").type.kind == "date"
    assert typed("6:30", declared="date").type.format == TimeFormat()
    form = typed("3/4/2024", declared="date", notation=Notation(patterns={"a": "%d/%m/%Y"})).type.format
    assert isinstance(form, DateFormat)
    assert form.since == "2024-04-03"
    nothing = typed("", declared="numeric")
    assert (nothing.type.kind, nothing.type.ignored, nothing.type.declared) == ("numeric", None, True)
    assert nothing.numbers is not None
    assert nothing.numbers.shape == (0, 1)


def test_texts_that_nearly_all_differ() -> None:
    texts = [f"remark {n}" for n in range(MIN_ROWS)]
    columns = texts, texts[:-1], [*texts[:18], *texts[:2]], [*texts[:17], *texts[:3]]
    kinds = [typed(*column).type.kind for column in columns]
    assert kinds == ["text", "categorical", "text", "categorical"]


def test_digits_with_zeros_in_front_are_codes_unless_nearly_all_differ(messages: Messages) -> None:
    padded = [f"{n:06}" for n in range(300)]
    codes = typed(*padded[:250], *padded[:250]).type
    assert (codes.kind, codes.example, codes.warning) == ("categorical", ("000000", "a category"), None)
    column = typed(*padded)
    messages.check(column.type.warning)
    assert column.numbers is not None
    assert column.numbers[:, 0].tolist() == list(range(300))
    assert typed(*padded, declared="numeric").type.warning is None


def test_numbers_with_a_unit_are_texts_with_a_warning(messages: Messages) -> None:
    column = typed("12.5 kg", "7 kg", "1,250 kg", "7 kg").type
    assert column.kind == "categorical"
    messages.check(column.warning)
    for texts in (("5 mg", "10 mg"), ("5 mg", "10 mg", "1 g"), ("1 kg", "2 kg", "many kg")):
        assert typed(*texts).type.warning is None


pieces = st.sampled_from(
    ["1", "2", "12", "31", "2024", "1,250", "1.250", "0,5", ".5", "$", "€", "%", "-", "/", ".", ":", " ", "T",
     "Jan", "pm", "Z", "+10:00", "(", ")", "yes", "no", "0001", "9999", "e5", "x", "USD"]
)  # fmt: skip


@given(
    st.lists(st.lists(pieces, min_size=1, max_size=7).map("".join), min_size=1, max_size=6),
    st.sampled_from([None, "numeric", "date"]),
)
def test_whatever_a_column_has_it_is_a_value_or_a_fault(
    texts: list[str], declared: DeclaredKind | None
) -> None:
    problems = Problems("t.csv")
    column = detect("a", coded(*(text.strip() for text in texts)), declared, AUTO, problems)
    assert (column is None) == bool(problems)
    if column is not None and column.numbers is not None:
        assert np.isfinite(column.numbers).all()
        if column.type.format is not None:
            np.testing.assert_array_equal(column.type.format.numbers(column.texts.texts), column.numbers)


@dataclass(frozen=True)
class DozenFormat(ColumnFormat):
    noun = "dozen"
    column_kind = "numeric"

    @classmethod
    def find(
        cls, name: str, column: CodedTexts, notation: Notation, *, declared: bool = False
    ) -> Candidate | None:
        numbers = cls().numbers(column.texts)
        fits = ~np.isnan(numbers[:, 0])
        return Candidate(cls(), fits, numbers) if fits.any() else None

    def description(self, name: str, part: str) -> str:
        return "twelve times the number"

    def numbers(self, texts: Sequence[str]) -> FloatArray:
        values = [12.0 * float(text[:-3]) if text.endswith("doz") else np.nan for text in texts]
        return np.array(values)[:, None]


def test_a_registered_format_is_all_that_a_new_one_needs(
    monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    assert typed("1doz", "2doz").type.format is None
    monkeypatch.setattr(detection, "FORMATS", (*FORMATS, DozenFormat))
    column = typed("1doz", "", "3doz")
    assert (column.type.kind, column.type.example) == ("numeric", ("1doz", "12"))
    assert column.values(0, slice(1, 3)).tolist()[1:] == [36]
    messages.check(fault("1doz", "2doz", "many"))
