"""The page on the Python API, made from signatures and docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import fnnctl
from fnnctl.config.schema.docstrings import attribute_docstrings

INTRODUCTION = """# Python reference

All public names of `import fnnctl`, from their docstrings. [From Python](python.md) shows them at work.
"""
ORDER = (
    "train", "evaluate", "run_search", "compare", "load_run", "list_runs", "optimize",
    "Experiment", "Run", "Predictor", "Contributions", "Comparison", "Optimum", "Optimizer", "Job",
    "Observer", "Problem", "FnnctlError", "FnnctlWarning",
)  # fmt: skip
WITH_CALL = {"Experiment", "Optimizer"}
"""The classes that a program calls itself."""


def python_page() -> str:
    """The whole page: functions first, then classes with their methods and properties."""
    return INTRODUCTION + "".join(f"\n{entry}" for name in ORDER for entry in entries(name))


def entries(name: str) -> Iterator[str]:
    """The parts of one public name."""
    value = getattr(fnnctl, name)
    if not inspect.isclass(value):
        yield f"## `{name}`\n\n{signature(name, value)}{text(value)}\n"
        return
    made = signature(name, value) + f"{text(value.__init__)}\n\n" if name in WITH_CALL else ""
    fields = "".join(f"- `{field}`: {doc}\n" for field, doc in field_docs(value).items())
    yield f"## `{name}`\n\n{text(value)}\n\n{made}{fields}".rstrip() + "\n"
    for member, attribute in vars(value).items():
        inner = attribute.__func__ if isinstance(attribute, classmethod) else attribute
        if member.startswith("_") or not inspect.getdoc(inner) or issubclass(value, Exception):
            continue
        if isinstance(inner, property | cached_property):
            yield f"### `{name}.{member}`\n\n{text(inner)}\n"
        else:
            yield f"### `{name}.{member}`\n\n{signature(f'{name}.{member}', inner)}{text(inner)}\n"


def field_docs(value: type) -> dict[str, str]:
    """The docstrings of a data class's fields."""
    docs = attribute_docstrings(value) if dataclasses.is_dataclass(value) else {}
    return {field: " ".join(doc.split()) for field, doc in docs.items()}


def signature(name: str, function: Any) -> str:
    """A call with all parameters and defaults, as a block of code; what they may be is in the text below."""
    whole = inspect.signature(function)
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in whole.parameters.values()
        if parameter.name not in {"self", "cls"}
    ]
    call = whole.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
    return f"```text\n{name}{call}\n```\n\n"


def text(value: Any) -> str:
    """The docstring in Markdown: examples and lists of arguments become blocks."""
    doc = inspect.getdoc(value) or ""
    lines, in_arguments = [], False
    for line in doc.splitlines():
        if line == "Args:":
            in_arguments = True
            continue
        if in_arguments and line and not line.startswith(" "):
            in_arguments = False
        if in_arguments and (argument := re.match(r" {4}(\w+): (.*)", line)):
            lines.append(f"- `{argument[1]}`: {argument[2]}")
        elif in_arguments:
            lines.append(line.replace("        ", "  ", 1))
        else:
            lines.append(line)
    return "\n".join(lines).rstrip()
