"""Keyword arguments that several public functions have: written once, and seen in the signature of each."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

P = ParamSpec("P")
R = TypeVar("R")


def with_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Show the keys of `**arguments: Unpack[T]`, a function's last parameter, as parameters of their own.

    T is a `TypedDict`, so type checkers know its keys; `inspect.signature`, `help` and errors show them as if
    they were written out. The default of a key is None, or the metadata of its `Annotated`. The function gets
    every key.
    """
    signature = inspect.signature(function, eval_str=True)
    *parameters, arguments = signature.parameters.values()
    (keys,) = get_args(arguments.annotation)
    for name, hint in get_type_hints(keys, include_extras=True).items():
        kind, default = get_args(hint) if get_origin(hint) is Annotated else (hint, None)
        parameters.append(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        )
    signature = signature.replace(parameters=parameters)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{function.__qualname__}() {error}") from None
        bound.apply_defaults()
        return function(*bound.args, **bound.kwargs)

    call.__signature__ = signature  # type: ignore[attr-defined]
    return call
