from __future__ import annotations

import time
from collections.abc import Callable

from fnnctl.config.messages.schema_errors import MAX_SUGGESTIONS

Problems = Callable[..., list[str]]


def test_thousands_of_unknown_settings_are_all_reported_in_a_moment(problems: Problems) -> None:
    settings = "".join(f"  epochs{number}: 1\n" for number in range(2_000))
    before = time.process_time()
    found = problems(f"data: {{source: iris}}\ntraining:\n{settings}")
    assert time.process_time() - before < 2.0  # it was 50 ms for each of them
    assert len(found) == 2_000
    assert found[0] == "3: training.epochs0: unknown setting (did you mean 'epochs'?)"
    assert found[MAX_SUGGESTIONS].endswith(f"training.epochs{MAX_SUGGESTIONS}: unknown setting")


def test_thousands_of_wrong_layers_are_checked_once_and_not_for_every_value_of_the_recipe(
    problems: Problems,
) -> None:
    layers = "".join("  - {units: -1}\n" for _ in range(2_000))
    before = time.process_time()
    found = problems(f"data: {{source: iris}}\nmodel:\n  hidden:\n{layers}training: {{epchs: 3}}\n")
    assert time.process_time() - before < 5.0  # it was 100 ms for each of them
    assert len(found) == 2_001


def test_hundreds_of_unknown_settings_in_a_space_are_reported_in_a_moment(
    search_problems_of: Problems,
) -> None:
    before = time.process_time()
    found = search_problems_of(*(f"training.foo{number}: {{choice: [1]}}" for number in range(500)))
    assert time.process_time() - before < 10.0  # it was half a second for each of them
    assert len(found) == 500
    assert all("possible here: " in problem for problem in found[:MAX_SUGGESTIONS])
    assert found[-1] == "504: search.space.training.foo499: unknown setting"
