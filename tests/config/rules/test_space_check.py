from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.paths import format_path
from fnnctl.config.schema.records import setting_records
from fnnctl.config.schema.validation_schemes import ON_VALIDATION, VALIDATION_SCHEMES

Problems = Callable[..., list[str]]

ONE_NETWORK = VALIDATION_SCHEMES[ON_VALIDATION]
NOT_SEARCHED = {
    format_path(record.path): record.setting
    for record in setting_records()
    if record.setting.why_not_searched(ONE_NETWORK)
}


@pytest.mark.parametrize("key", NOT_SEARCHED)
def test_settings_that_make_no_sense_to_search(search_problems_of: Problems, key: str) -> None:
    reason = NOT_SEARCHED[key].why_not_searched(ONE_NETWORK)
    assert reason is not None
    but = ", except with search.objective: {on: bags}" if NOT_SEARCHED[key].searched_in_ensembles else ""
    problem = f"5: search.space.{key}: cannot be searched{but}: {reason}"
    assert search_problems_of(f"{key}: {{choice: [1, 2]}}") == [problem]
    assert search_problems_of(f"{key}.x: {{choice: [1, 2]}}")[0].endswith(reason)


@pytest.mark.parametrize("path", ["foo", "training.l2:5", "model.activation.nam"])
def test_a_condition_on_a_setting_that_does_not_exist_is_wrong(
    search_problems_of: Problems, path: str
) -> None:
    """Its value would be null, which the condition may ask for."""
    (problem,) = search_problems_of(f"model.dropout: {{choice: [0.1, 0.2], when: {{{path}: null}}}}")
    assert "unknown setting" in problem
