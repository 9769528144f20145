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
from tests.messages import Messages
from tests.report.listing.entries import DAMAGED, entry, listed

RUN = listed(
    "Iris wide",
    metrics={"test": {"accuracy": 0.95, "roc_auc_macro": None}},
    config={"model": {"hidden": [{"units": 16}], "residual": False}, "training": {"early_stopping": None}},
)


def holds(text: str, run: ListedRun = RUN) -> bool:
    (condition,) = parse_conditions([text])
    condition.refuse_order_of_texts([DAMAGED, RUN])
    return condition.holds(run)


TRUE_AND_FALSE = [
    ("metrics.test.accuracy>0.9", "accuracy > 0.95"), ("accuracy>=0.95", "accuracy<0.95"),
    ("accuracy<1e0", "accuracy>1e0"), ("accuracy<=.95", "accuracy>.95"), ("accuracy=0.95", "accuracy=high"),
    ("accuracy==0.95", "accuracy!=0.95"), ("accuracy!=high", "accuracy~8"), ("accuracy~9", "accuracy=null"),
    ("accuracy!=null", "roc_auc_macro>0"), ("roc_auc_macro=null", "roc_auc_macro!=1"),
    ("seed=7", "seed=8"), ("seed=7.0", "seed!=7"), ("duration>1", "duration>2"),
    ("name=Iris wide", "name=iris wide"), ("name='Iris wide'", "name='Iris'"), ("name~IRIS", "name~x"),
    ("name!=", "name="), ("status!=failed", "status=failed"),
    ("started>2026-11-23", "started>2026-11-24"), ("started>=2026-11-24", "started<2026-11-24T13:24Z"),
    ("started=2026-11", "started=2026-10"), ("started~13:24", "started~13:25"),
    ("started<=2026-11-24 13:24", "started<2026-11-24 13:24"), ("finished=null", "finished<2027"),
    ("config.model.residual=false", "config.model.residual=true"),
    ('config.model.hidden~"units": 16', 'config.model.hidden~"units": 8'),
    ("config.training.early_stopping=null", "config.training.early_stopping!=null"),
]  # fmt: skip


@pytest.mark.parametrize(("true", "false"), TRUE_AND_FALSE)
def test_conditions(true: str, false: str) -> None:
    assert (holds(true), holds(false)) == (True, False)


def test_nothing_is_known_of_a_damaged_run() -> None:
    texts = ["name!=x", "seed!=1", "started<2030", "kind=train", "name~a", "accuracy<2"]
    assert not any(holds(text, DAMAGED) for text in texts)
    assert holds("status=damaged", DAMAGED)


@pytest.mark.parametrize(
    "text",
    [
        "accuracy",
        ">0.9",
        "",
        "accuracy=>0.9",
        "accuracy=<0.9",
        "accuracy<>0.9",
        "accuracy>",
        "status=complete",
        "started>yesterday",
        "accuracy>null",
        "name<x",
        "config.model.residual>0",
        "accuracy>high",
        "accuracy>1_0",
    ],
)
def test_a_wrong_condition_says_what_to_write(messages: Messages, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        holds(text)
    messages.check(caught.value)


def test_all_wrong_conditions_are_told() -> None:
    with pytest.raises(UsageError) as caught:
        parse_conditions(["a", "seed=1", "b"])
    assert len(caught.value.problems) == 2


def test_a_text_in_one_run_is_no_number_and_no_error() -> None:
    odd = listed("odd", metrics={"test": {"accuracy": "high"}})
    for text in ("accuracy>0.1", "accuracy<=2"):
        (condition,) = parse_conditions([text])
        condition.refuse_order_of_texts([odd, RUN])
        assert (condition.holds(odd), condition.holds(RUN)) == (False, True)


SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}
SIGNS["!="] = operator.ne
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS, st.sampled_from(sorted(SIGNS)), NUMBERS)
def test_numbers_are_compared_as_numbers(value: float, sign: str, bound: float) -> None:
    run = listed(metrics={"test": {"accuracy": value}})
    assert holds(f"accuracy{sign}{bound!r}", run) is SIGNS[sign](value, bound)


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

    l2 = "config.training.l2"
    assert names(f"{l2}>1", "accuracy=0.5", sort=f"-{l2}", read_config=read_config) == ["run-11"]
    assert read == ["run-10", "run-11"]


def test_a_field_that_no_run_has() -> None:
    given: dict[str, Any] = {
        "--sort": ([], Order.parse("-acuracy"), []),
        "--columns": ([], None, [field_of("acuracy")]),
        "--where": (parse_conditions(["acuracy>0"]), None, []),
    }
    for option, (conditions, order, columns) in given.items():
        with pytest.raises(UsageError, match=f"{option} 'acuracy': .*did you mean 'accuracy'"):
            select_runs(ENTRIES, conditions, order, columns, no_config)


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
    gone = prunable(runs, PRUNED, choice, has_conditions=has_conditions)
    return "".join(entry.path.name for entry in gone)


def test_the_newest_runs_and_the_newest_completed_ones_stay() -> None:
    assert [removed(Pruning(keep=keep)) for keep in (1, 2, 0, 99)] == ["abef", "bef", "abcdefh", ""]


def test_runs_are_pruned_by_status_and_age() -> None:
    assert removed(Pruning(statuses=["failed", "died"])) == "bfh"
    assert removed(Pruning(statuses=["damaged"])) == "bad"
    assert removed(Pruning(statuses=["failed"], keep=1)) == "bf"
    assert removed(Pruning(before="2026-11-03T00:00:00.5")) == "abc"
    assert removed(Pruning(before="2026-11-03T00:00:00.5", statuses=["completed"])) == "ac"


def test_what_is_alive_or_unknown_stays() -> None:
    """Whatever is asked; but a damaged run goes if it met a condition."""
    assert removed(Pruning(), has_conditions=True) == "abcdefhbad"
    assert removed(Pruning(before="2027"), has_conditions=True) == "abcdefh"
    assert removed(Pruning(before="2027"), [entry(started="")]) == ""


CLASSES = {"<=50K": {"f1": 0.7}, ">50K": {"f1": 0.9}, "low": {"f1": 0.1}, "low<=5": {"f1": 1.0}}
WEIGHTS = {"training": {"class_weights": {"<=50K": 2.0}}}


def chosen(text: str) -> int:
    entries = [entry(metrics={"test": {"per_class": CLASSES}})]
    return len(select_runs(entries, parse_conditions([text]), None, (), lambda _: WEIGHTS))


@pytest.mark.parametrize(
    ("text", "expected"),
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
def test_the_name_of_a_class_may_have_signs(text: str, expected: bool) -> None:
    assert chosen(text) == expected


def test_an_unknown_class_with_signs_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"'per_class\.<=5K\.f1': no run has such a field \(did you mean"):
        chosen("per_class.<=5K.f1>0.5")
