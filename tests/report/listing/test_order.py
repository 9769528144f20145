from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.errors import UsageError
from fnnctl.report.listing.fields import Config, ListedRun, field_of
from fnnctl.report.listing.selection import Order, parse_conditions, select_runs
from fnnctl.store.listing import RunEntry
from tests.report.listing.entries import entry

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
