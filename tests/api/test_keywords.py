from __future__ import annotations

import inspect
from typing import Annotated, TypedDict, Unpack

import pytest

import fnnctl
from fnnctl.api.keywords import with_keywords


class Base(TypedDict, total=False):
    size: Annotated[int, 3]


class Arguments(Base, total=False):
    name: str | None


@with_keywords
def call(first: str, second: int = 2, **arguments: Unpack[Arguments]) -> tuple[str, int, int, str | None]:
    """A call."""
    return first, second, arguments["size"], arguments["name"]


def test_keys_are_seen_as_parameters() -> None:
    assert str(inspect.signature(call)) == (
        "(first: str, second: int = 2, *, size: int = 3, name: str | None = None)"
        " -> tuple[str, int, int, str | None]"
    )
    assert (call.__name__, call.__doc__) == ("call", "A call.")


def test_the_function_gets_every_key() -> None:
    assert call("a") == ("a", 2, 3, None)
    assert call("a", name="b", second=5) == ("a", 5, 3, "b")


def test_a_wrong_call_is_an_error_of_the_function() -> None:
    with pytest.raises(TypeError, match=r"^call\(\) got an unexpected keyword argument 'sise'$"):
        call("a", sise=4)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^call\(\) missing a required argument: 'first'$"):
        call()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^call\(\) too many positional arguments$"):
        call("a", 2, 3)  # type: ignore[call-arg]


def test_a_function_has_the_parameters_of_its_method() -> None:
    for function, method in (
        (fnnctl.train, fnnctl.Experiment.train),
        (fnnctl.evaluate, fnnctl.Experiment.evaluate),
        (fnnctl.run_search, fnnctl.Experiment.search),
        (fnnctl.optimize, fnnctl.Optimizer),
    ):
        parameters, inner = inspect.signature(function).parameters, inspect.signature(method).parameters
        keywords = {name for name, parameter in inner.items() if parameter.kind is parameter.KEYWORD_ONLY}
        assert keywords
        assert all(parameters[name] == inner[name] for name in keywords)
