"""Conditions on listed runs, such as `metrics.test.accuracy>0.95` or `status=failed`.

A run without the field never meets a condition, except `FIELD=null`: a run about which nothing is known must
not be chosen for removal by accident.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.errors import UsageError, did_you_mean
from fnnctl.report.listing.fields import TIMES, Field, ListedRun, Value, field_of
from fnnctl.store.listing.entries import DAMAGED, DIED, STATUSES

ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
EQUALITY: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"=": operator.eq, "!=": operator.ne}
CONTAINS: Final = "~"
SHOWN_STATUSES: Final = (*STATUSES, DIED, DAMAGED)

_CONDITION = re.compile(r"\s*(.+?)\s*(<=|>=|!=|==|[<>=~])\s*(.*?)\s*", re.DOTALL)
_TIME = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?)?)?)?")


@dataclass(frozen=True, slots=True)
class RunCondition:
    """A comparison of a field with a value."""

    text: str
    """As the user wrote it."""
    field: Field
    sign: str
    """One of `ORDER`, `EQUALITY` or `CONTAINS`."""
    value: str

    def refuse_order_of_texts(self, runs: Sequence[ListedRun]) -> None:
        """Raise `UsageError` if it asks for an order, and no run has a number there, but some have a text."""
        if self.sign in EQUALITY or self.sign == CONTAINS or self.field.name in TIMES:
            return
        values = [value for run in runs if (value := self.field.read(run)) is not None]
        if values and not any(map(_is_number, values)):
            raise self._fault(f"{self.field.name} is not a number; compare it with =, != or ~")

    def holds(self, run: ListedRun) -> bool:
        """Whether the run meets the condition; a text is neither above nor below a number.

        Raises `UsageError` if the condition's value cannot be compared with numbers.
        """
        found = self.field.read(run)
        if self.value == "null":
            return (found is None) == (self.sign == "=")
        if found is None:
            return False
        if self.sign == CONTAINS:
            return self.value.casefold() in value_text(found).casefold()
        if self.field.name in TIMES:  # to the precision of the value: all of a day is equal to it
            return {**ORDER, **EQUALITY}[self.sign](found[: len(self.value)], self.value)
        if _is_number(found):
            return self._compares(found)
        return self.sign in EQUALITY and EQUALITY[self.sign](value_text(found), self.value)

    def _compares(self, found: float) -> bool:
        number = _number(self.value)
        if number is not None:
            return {**ORDER, **EQUALITY}[self.sign](found, number)
        if self.sign in ORDER:
            raise self._fault(f"'{self.value}' is not a number")
        return self.sign == "!="

    def _fault(self, message: str) -> UsageError:
        return UsageError(f"--where '{self.text}': {message}")


def parse_conditions(texts: Sequence[str]) -> list[RunCondition]:
    """Parse `FIELD OPERATOR VALUE` texts; raises `UsageError` with one problem per invalid text."""
    found: list[RunCondition] = []
    problems: list[str] = []
    for text in texts:
        try:
            found.append(_parse(text))
        except UsageError as error:
            problems.append(error.message)
    if problems:
        raise UsageError(*problems)
    return found


def _parse(text: str) -> RunCondition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"--where '{text}': write FIELD OPERATOR VALUE in quotes, as in 'accuracy>0.95'; the operators "
            "are =, !=, <, <=, > and >=, and ~ for a text that contains another"
        )
    name, sign, value = match.groups()
    sign = "=" if sign == "==" else sign
    if value[:1] in ("<", ">", "="):
        swapped = value[0] + sign
        advice = f": write {swapped}" if swapped in ORDER else ""
        raise UsageError(f"--where '{text}': there is no operator {sign}{value[0]}{advice}")
    value = _unquoted(value)
    condition = RunCondition(text, field_of(name), sign, value)
    if fault := _fault(name, sign, value):
        raise UsageError(f"--where '{text}': {fault}")
    if name in TIMES and sign != CONTAINS:
        return RunCondition(text, condition.field, sign, _time(value))
    return condition


def _fault(name: str, sign: str, value: str) -> str | None:
    """What is wrong with a condition whatever the runs are; None if nothing is."""
    if value == "null":
        return None if sign in EQUALITY else "null is compared with = and !="
    if value == "" and sign not in EQUALITY:
        return f"there is no value after {sign}"
    if name == "status" and sign in EQUALITY and value not in SHOWN_STATUSES:
        hint = did_you_mean(value, SHOWN_STATUSES) or f"; they are {', '.join(SHOWN_STATUSES)}"
        return f"there is no status '{value}'{hint}"
    if name in TIMES and sign != CONTAINS and not _TIME.fullmatch(_time(value)):
        return f"'{value}' is not a time in UTC, such as 2026-11-24 or 2026-11-24T13:24"
    return None


def _time(value: str) -> str:
    return value.replace(" ", "T").removesuffix("Z")


def _unquoted(value: str) -> str:
    """The value without quotes around it, which users write out of habit."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def value_text(value: Value) -> str:
    """A field's value as text, for comparisons: lists and mappings as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
