from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.errors import ConfigError
from fnnctl.search.budget import SearchBudget
from fnnctl.search.space_size import size_for_search
from fnnctl.space import combinations

PAIR: dict[str, Any] = {"a": {"integer": [1, 9]}, "b": {"integer": [1, 9]}}
CUBE: dict[str, Any] = {name: {"uniform": [0, 1]} for name in "ab"}


def size(
    plain: dict[str, Any], require: Any = None, *, method: str = "random", trials: int | None = 50
) -> int | None:
    search = SearchConfig.model_validate({"space": plain, "require": require, "method": method})
    space = space_of(search.space, search.requirements)
    return size_for_search(space, search, SearchBudget(max_epochs=9, trials=trials), (), seed=1)


@pytest.mark.parametrize(
    ("plain", "require", "method", "expected"),
    [
        (PAIR, None, "random", 81),
        (PAIR, "a < b", "random", 36),
        (PAIR, ["a < b", "a > 1"], "random", 28),
        (PAIR, "a < b", "grid", 10),  # of five values each
        (CUBE, "a < b", "random", None),
        (CUBE, "a < b", "grid", 10),
        (CUBE, None, "random", None),
    ],
)
def test_how_many_there_are(plain: dict[str, Any], require: Any, method: str, expected: int | None) -> None:
    assert size(plain, require, method=method, trials=None) == expected


@pytest.mark.parametrize(
    ("plain", "require", "method", "message"),
    [
        (PAIR, "a + b > 18", "random", "no configuration of the space fulfils it"),
        (PAIR, ["a < 3", "a > 3"], "grid", "no configuration of the space fulfils it"),
        (CUBE, "a > 1", "random", "none of 100,000 random configurations fulfils it; narrow the domains"),
        (CUBE, "a < 0.00004", "random", "of 100,000 random configurations fulfil it; narrow the domains"),
    ],
)
def test_what_nothing_or_hardly_anything_fulfils(
    plain: dict[str, Any], require: Any, method: str, message: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        size(plain, require, method=method)
    (problem,) = raised.value.problems
    assert problem.path == "search.require"
    assert message in problem.message


def test_a_grid_that_cannot_be_counted_needs_a_number_of_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combinations, "MOST_TRIED", 20)
    assert size(PAIR, "a < b", method="grid", trials=3) is None
    with pytest.raises(ConfigError, match=r"set search\.trials, or use method: random"):
        size(PAIR, "a < b", method="grid", trials=None)
