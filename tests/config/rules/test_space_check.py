from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.paths import format_path
from fnnctl.config.rules.canonical import NOT_COUNTED
from fnnctl.config.rules.space_check import NOT_SEARCHED, OUT_OF_BAG, SEARCHED_ON_BAGS

Problems = Callable[..., list[str]]


@pytest.mark.parametrize("path", NOT_SEARCHED, ids=format_path)
def test_settings_that_make_no_sense_to_search(search_problems_of: Problems, path: tuple[str, ...]) -> None:
    key = format_path(path)
    but = OUT_OF_BAG if path in SEARCHED_ON_BAGS else ""
    problem = f"5: search.space.{key}: cannot be searched{but}: {NOT_SEARCHED[path]}"
    assert search_problems_of(f"{key}: {{choice: [1, 2]}}") == [problem]
    assert search_problems_of(f"{key}.x: {{choice: [1, 2]}}")[0].endswith(NOT_SEARCHED[path])


def test_settings_that_do_not_change_the_configuration_are_not_searched() -> None:
    assert NOT_COUNTED.keys() <= NOT_SEARCHED.keys()
