from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fnnctl.config.messages.schema_errors import schema_problems
from fnnctl.config.schema.experiment import Experiment

NAMES: list[Any] = [None, 5, [], {}, "adam", "elu", "zzz"]
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    1e999,
    "",
    "x",
    "5",
    "adam",
    [],
    [[]],
    [None],
    {},
    {"x": 1},
]
JUNK += [{"name": name} for name in NAMES]


def places_in(node: Any) -> list[tuple[Any, Any]]:
    """Every mapping and list of a config, with each of its keys or indices and one unknown key."""
    keys = [*node, "alpha"] if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return [(node, key) for key in keys] + [place for value in inner for place in places_in(value)]


@given(data=st.data())
def test_any_error_is_one_line_and_never_a_crash(
    data: st.DataObject, raw_configs: st.SearchStrategy[dict[str, Any]]
) -> None:
    config = data.draw(raw_configs)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places_in(config)))
        holder[key] = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
    try:
        Experiment.model_validate(config)
    except ValidationError as error:
        problems = schema_problems(error, config)
        assert problems
        assert all("\n" not in problem.message for problem in problems.values())
