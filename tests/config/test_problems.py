from __future__ import annotations

from fnnctl.config.problems import NO_EFFECT, conditional, no_effect, no_effect_without
from fnnctl.errors import Problem


def test_a_setting_that_would_have_no_effect() -> None:
    problem = no_effect("{a} is a name", "data.source")
    assert problem.message == "has no effect: {a} is a name"
    assert conditional(problem).message == "would have no effect: {a} is a name"
    without = conditional(no_effect_without("data.test_source"))
    assert without.message == "would have no effect without data.test_source"


def test_other_problems_are_said_in_the_same_words() -> None:
    """Their braces are no names of values, also if they are about a setting without effect."""
    for kind in (NO_EFFECT, "input"):
        problem = Problem("adam has no {momentum}", kind=kind, advice="write {name: sgd}")
        assert conditional(problem) == problem
        assert conditional(problem).message == "adam has no {momentum}; write {name: sgd}"
