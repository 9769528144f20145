from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.resolved import resolved_yaml

Problems = Callable[..., list[str]]
HIDDEN = "model.hidden: {depth: [1, 4], width: [16, 64]}"
L2 = "training.l2: {uniform: [0, 1]}"


RIGHT = ["depth * width <= 128", "[depth * width <= 128, hidden.depth > 1]", "depth == width - 13", "null"]


@pytest.mark.parametrize("require", RIGHT)
def test_constraints_that_are_right(search_problems_of: Problems, require: str) -> None:
    assert search_problems_of(HIDDEN, search=f"  require: {require}\n") == []


def test_a_constraint_that_excludes_the_values_that_are_tried(search_problems_of: Problems) -> None:
    """Only both ends of the second width are tried."""
    layers = "model.hidden: {depth: [2, 2], width: [4, 300], step: null, per_layer: true}"
    assert search_problems_of(layers, search="  require: width[1] == width[0] / 2\n") == []


def test_a_wrong_expression_has_its_line_and_column(search_problems_of: Problems) -> None:
    message = "there is no dimension 'widht' (did you mean 'width'?)"
    assert search_problems_of(HIDDEN, search="  require: depth * widht <= 128\n") == [
        f"4: search.require: column 9: {message}"
    ]
    listed = "  require:\n  - depth < 3\n  - widht < 3\n  - depth <\n"
    assert search_problems_of(HIDDEN, search=listed) == [
        f"6: search.require[1]: column 1: {message}",
        "7: search.require[2]: column 8: expected a name, a number or '(', but the expression ends",
    ]


def test_names_are_looked_up_once_the_domains_are_right(search_problems_of: Problems) -> None:
    wrong = "training.l2: {uniform: [1, 0]}"
    (problem,) = search_problems_of(wrong, search="  require: l2 < widht\n")
    assert "search.space.training.l2.uniform" in problem
    first, _ = search_problems_of(wrong, search="  require: l2 <\n")
    assert first.startswith("4: search.require: column 5: expected ")


def test_what_is_no_expression_is_refused_by_the_schema(problems: Problems) -> None:
    (problem,) = problems("data: {source: iris}\nsearch:\n  require: 5\n")
    assert problem.startswith("3: search.require: must be ")


def test_a_combination_that_is_excluded_is_not_refused(search_problems_of: Problems) -> None:
    """Dropout cannot be used with lbfgs."""
    lines = ("training.optimizer.name: {choice: [adam, lbfgs]}", "model.dropout: {choice: [0, 0.2]}")
    (problem,) = search_problems_of(*lines)
    assert "cannot be used with lbfgs" in problem
    require = "  require: optimizer.name != 'lbfgs' or dropout == 0\n"
    assert search_problems_of(*lines, search=require) == []


def test_a_value_that_is_refused_in_allowed_combinations_is_still_told(search_problems_of: Problems) -> None:
    lines = ("data.scaling: {choice: [robust, minmxa]}", L2)
    (problem,) = search_problems_of(*lines, search="  require: l2 < 0.5\n")
    assert "did you mean 'minmax'?" in problem
    assert search_problems_of(*lines, search="  require: scaling == 'robust'\n") == []


def test_constraints_are_written_as_they_were_read(load: Callable[..., LoadedConfig]) -> None:
    text = "data: {source: iris}\nsearch:\n  space: {training.l2: {choice: [0.1]}}\n"
    loaded = load(text + "  require: [l2 < 1, l2 > 0]\n")
    assert loaded.experiment.search is not None
    assert loaded.experiment.search.requirements == ("l2 < 1", "l2 > 0")
    assert load(resolved_yaml(loaded.experiment)).experiment.search == loaded.experiment.search
    without = load(text).experiment
    assert without.search is not None
    assert without.search.requirements == ()
    assert "require" not in resolved_yaml(without)
