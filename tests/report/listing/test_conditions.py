from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.errors import UsageError
from fnnctl.report.listing.selection import parse_conditions
from tests.report.listing.entries import DAMAGED, listed

RUN = listed(
    "Iris wide",
    metrics={"test": {"accuracy": 0.95, "roc_auc_macro": None}},
    config={"model": {"hidden": [{"units": 16}], "residual": False}, "training": {"early_stopping": None}},
)


def holds(text: str) -> bool:
    (condition,) = parse_conditions([text])
    return condition.holds(RUN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.test.accuracy>0.9", True), ("accuracy > 0.95", False), ("accuracy>=0.95", True),
        ("accuracy<1e0", True), ("accuracy<=.95", True), ("accuracy=0.95", True), ("accuracy==0.95", True),
        ("accuracy!=0.95", False), ("accuracy=high", False), ("accuracy!=high", True), ("accuracy~9", True),
        ("seed=7", True), ("seed=7.0", True), ("seed!=8", True), ("duration>1", True),
        ("name=Iris wide", True), ("name='Iris wide'", True), ("name=iris wide", False), ("name~IRIS", True),
        ("name!=x", True), ("name~x", False), ("kind=train", True), ("status=completed", True),
        ("status!=failed", True), ("name=", False), ("name!=", True),
        ("started>2026-11-23", True), ("started>2026-11-24", False), ("started>=2026-11-24", True),
        ("started=2026-11", True), ("started<=2026-11-24 13:24", True), ("started<2026-11-24T13:24Z", False),
        ("started~13:24", True), ("finished<2027", False), ("finished=null", True),
        ("roc_auc_macro>0", False), ("roc_auc_macro!=1", False), ("roc_auc_macro=null", True),
        ("accuracy!=null", True), ("accuracy=null", False),
        ("config.model.residual=false", True), ("config.model.hidden~\"units\": 16", True),
        ("config.training.early_stopping=null", True),
    ],
)  # fmt: skip
def test_a_condition(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize("text", ["name!=x", "seed!=1", "started<2030", "kind=train", "name~a", "accuracy<2"])
def test_nothing_is_known_of_a_damaged_run(text: str) -> None:
    (condition,) = parse_conditions([text])
    assert not condition.holds(DAMAGED)
    (damaged,) = parse_conditions(["status=damaged"])
    assert damaged.holds(DAMAGED)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("accuracy", "write FIELD OPERATOR VALUE in quotes, as in 'accuracy>0.95'"),
        (">0.9", "write FIELD OPERATOR VALUE"),
        ("", "write FIELD OPERATOR VALUE"),
        ("accuracy=>0.9", "there is no operator =>: write >="),
        ("accuracy=<0.9", "there is no operator =<: write <="),
        ("accuracy<>0.9", "there is no operator <>"),
        ("accuracy>", "there is no value after >"),
        ("status=complete", r"there is no status 'complete' \(did you mean 'completed'\?\)"),
        ("started>yesterday", "'yesterday' is not a time in UTC, such as 2026-11-24"),
        ("accuracy>null", "null is compared with = and !="),
    ],
)
def test_a_wrong_condition_says_what_to_write(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_conditions([text])


def test_all_wrong_conditions_are_told() -> None:
    with pytest.raises(UsageError) as caught:
        parse_conditions(["a", "seed=1", "b"])
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name<x", "name is not a number; compare it with =, != or ~"),
        ("config.model.residual>0", "residual is not a number; compare it with =, != or ~"),
        ("accuracy>high", "'high' is not a number"),
        ("accuracy>1_0", "'1_0' is not a number"),
    ],
)
def test_values_that_cannot_be_compared(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        chosen_by(text)


def chosen_by(text: str) -> bool:
    (condition,) = parse_conditions([text])
    condition.refuse_order_of_texts([DAMAGED, RUN])
    return condition.holds(RUN)


def test_a_text_in_one_run_is_no_number_and_no_error() -> None:
    odd = listed("odd", metrics={"test": {"accuracy": "high"}})
    for text in ("accuracy>0.1", "accuracy<=2"):
        (condition,) = parse_conditions([text])
        condition.refuse_order_of_texts([odd, RUN])
        assert (condition.holds(odd), condition.holds(RUN)) == (False, True)


SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS, st.sampled_from(sorted(SIGNS)), NUMBERS)
def test_numbers_are_compared_as_numbers(value: float, sign: str, bound: float) -> None:
    run = listed(metrics={"test": {"accuracy": value}})
    (condition,) = parse_conditions([f"accuracy{sign}{bound!r}"])
    assert condition.holds(run) is SIGNS[sign](value, bound)
