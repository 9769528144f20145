from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.errors import UsageError
from fnnctl.report.listing.fields import Config, ListedRun, field_of
from fnnctl.report.listing.selection import Order, Pruning, parse_conditions, prunable, select_runs
from fnnctl.store.listing import RunEntry
from tests.report.listing.entries import DAMAGED, entry, listed

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


ENTRIES = [
    entry("run-10", metrics={"test": {"accuracy": 0.5}}, seed=1),
    entry("run-9", metrics={"test": {"accuracy": 0.9}}, seed=2),
    entry("run-8", metrics=None, seed=3),
    entry("run-11", metrics={"test": {"accuracy": 0.5}}, seed=4),
]


def no_config(entry: RunEntry) -> Config:
    raise AssertionError(f"the config of {entry.path} is read")


def names(
    *conditions: str, sort: str | None = None, read_config: Callable[[RunEntry], Config] = no_config
) -> list[str]:
    order = Order.parse(sort) if sort else None
    runs = select_runs(ENTRIES, parse_conditions(conditions), order, [], read_config)
    return [run.entry.path.name for run in runs]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (None, ["run-10", "run-9", "run-8", "run-11"]),
        ("accuracy", ["run-10", "run-11", "run-9", "run-8"]),
        ("-accuracy", ["run-9", "run-10", "run-11", "run-8"]),
        ("name", ["run-8", "run-9", "run-10", "run-11"]),
        ("-seed", ["run-11", "run-8", "run-9", "run-10"]),
    ],
)
def test_runs_are_sorted_and_those_without_a_value_are_last(sort: str | None, expected: list[str]) -> None:
    assert names(sort=sort) == expected


def test_a_run_has_to_meet_all_conditions() -> None:
    assert names("accuracy>=0.5", "seed>1", sort="seed") == ["run-9", "run-11"]


def test_configs_are_read_only_of_the_runs_that_other_conditions_leave() -> None:
    read: list[str] = []

    def read_config(entry: RunEntry) -> Config:
        read.append(entry.path.name)
        return {"training": {"l2": len(read)}}

    assert names(
        "config.training.l2>1", "accuracy=0.5", sort="-config.training.l2", read_config=read_config
    ) == ["run-11"]
    assert read == ["run-10", "run-11"]


@pytest.mark.parametrize("option", ["--sort", "--columns", "--where"])
def test_a_field_that_no_run_has(option: str) -> None:
    given = {
        "--sort": ([], Order.parse("-acuracy"), []),
        "--columns": ([], None, [field_of("acuracy")]),
        "--where": (parse_conditions(["acuracy>0"]), None, []),
    }[option]
    with pytest.raises(UsageError, match=f"{option} 'acuracy': .*did you mean 'accuracy'"):
        select_runs(ENTRIES, *given, no_config)


def test_values_of_several_types_are_sorted() -> None:
    values: list[object] = ["b", 2, [1], 1.5, "a", None]
    runs = [ListedRun(entry(str(place)), config={"x": value}) for place, value in enumerate(values)]
    done = Order.parse("config.x").sorted(runs)
    assert [run.config and run.config["x"] for run in done] == [1.5, 2, [1], "a", "b", None]


def run(folder: str, day: int, **facts: Any) -> RunEntry:
    made = entry("iris", started=f"2026-11-{day:02}T00:00:00.000000Z", **facts)
    return replace(made, path=made.path.with_name(folder))


PRUNED = [
    run("a", 1),
    run("b", 2, status="failed"),
    run("c", 3, kind="search"),
    run("d", 4),
    run("e", 5, status="interrupted"),
    run("f", 6, status="failed"),
    replace(run("g", 7, status="running"), alive=True),
    run("h", 8, status="running"),
    DAMAGED.entry,
]


def removed(choice: Pruning, entries: list[RunEntry] = PRUNED, *, has_conditions: bool = False) -> str:
    runs = [ListedRun(entry) for entry in entries]
    entries = prunable(runs, PRUNED, choice, has_conditions=has_conditions)
    return "".join(entry.path.name for entry in entries)


def test_the_newest_runs_and_the_newest_completed_ones_stay() -> None:
    assert removed(Pruning(keep=1)) == "abef"
    assert removed(Pruning(keep=2)) == "bef"
    assert removed(Pruning(keep=0)) == "abcdefh"
    assert removed(Pruning(keep=99)) == ""


def test_by_status() -> None:
    assert removed(Pruning(statuses=["failed", "died"])) == "bfh"
    assert removed(Pruning(statuses=["damaged"])) == "bad"
    assert removed(Pruning(statuses=["failed"], keep=1)) == "bf"


def test_by_age() -> None:
    assert removed(Pruning(before="2026-11-03T00:00:00.5")) == "abc"
    assert removed(Pruning(before="2026-11-03T00:00:00.5", statuses=["completed"])) == "ac"
    assert removed(Pruning(before="2027"), [entry(started="")]) == ""


def test_what_is_alive_or_unknown_stays() -> None:
    """Whatever is asked; but a damaged run goes if it met a condition."""
    assert removed(Pruning(), has_conditions=True) == "abcdefhbad"
    assert removed(Pruning(before="2027"), has_conditions=True) == "abcdefh"


CLASSES = {
    "test": {
        "per_class": {"<=50K": {"f1": 0.7}, ">50K": {"f1": 0.9}, "low": {"f1": 0.1}, "low<=5": {"f1": 1.0}}
    }
}
WEIGHTS = {"training": {"class_weights": {"<=50K": 2.0}}}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("per_class.<=50K.f1>0.5", True),
        ("per_class.<=50K.f1 > 0.75", False),
        ("metrics.test.per_class.>50K.f1>=0.9", True),
        ("test.per_class.<=50K.f1!=null", True),
        ("per_class.low.f1<0.5", True),
        ("per_class.low<=5.f1=1", True),
        ("config.training.class_weights.<=50K=2", True),
        ("config.training.class_weights.<=50K<2", False),
        ("name=a>b", False),
    ],
)
def test_the_name_of_a_class_may_have_signs(text: str, holds: bool) -> None:
    entries = [entry(metrics=CLASSES)]
    runs = select_runs(entries, parse_conditions([text]), None, (), lambda _: WEIGHTS)
    assert (len(runs) == 1) is holds


def test_an_unknown_class_with_signs_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"'per_class\.<=5K\.f1': no run has such a field \(did you mean"):
        select_runs(
            [entry(metrics=CLASSES)], parse_conditions(["per_class.<=5K.f1>0.5"]), None, (), lambda _: None
        )
