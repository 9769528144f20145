"""A command imports what it needs: every import that it does not need makes the prompt come back later."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import pytest

from tests.sources import FILES, ROOT, tree

SAMPLERS = {f"search.samplers.{name}" for name in ("tpe", "gp", "controller", "evolution")}
SEARCHES = {
    "search",
    "trials",
    "records",
    "space.dimensions",
    "space.expressions",
    "config.rules.search_check",
}
CLUSTERS = {"executors.dask", "executors.cluster", "executors.remote"}
CONFIG = {"config.reading", "config.recipes", "config.rules"}
TRAINING = {"training", "modelling", "executors", "stacks", "nn", "data", *CONFIG}
IMPORTANCE = "modelling.explanations.feature_importance"
UNNEEDED = {
    "train": {
        *SEARCHES,
        "plots",
        "executors.processes",
        IMPORTANCE,
        "report.search",
    },
    "cross_validate": {
        *SEARCHES,
        *CLUSTERS,
        "plots",
        IMPORTANCE,
        "report.search",
    },
    "evaluate_run": {*SEARCHES, "plots", "executors", "stacks", "report.search"},
    "predict": {*SEARCHES, "plots", "executors", "stacks", "report", "config.reading"},
    "export": {*SEARCHES, *TRAINING, "plots", "runs", "report"},
    "check": {*SEARCHES, "plots", "executors", "stacks", "runs", "report"},
    "report": {*SEARCHES, *TRAINING, "plots", "report.search"},
    "plan": {*SAMPLERS, *CLUSTERS, "plots", "runs"},
    "search": {*SAMPLERS, *CLUSTERS, "plots"},
    "schema": {*SEARCHES, *TRAINING, "plots"},
}
"""What a command may import only while it runs, because it does not always need it."""


@cache
def imported_at_once(module: str) -> frozenset[str]:
    """What importing a module of fnnctl imports of it: not what functions and type checkers import."""
    path = module.replace(".", "/")
    files = [file for file in (f"{path}.py", f"{path}/__init__.py") if file in FILES]
    return frozenset(_modules(tree(files[0]).body)) if files else frozenset()


def _modules(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.Import(names=names):
                yield from _ours(alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from _ours([module, *(f"{module}.{alias.name}" for alias in names)])
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pass
            case ast.If() | ast.Try() | ast.With():
                yield from _modules([inner for inner in ast.walk(node) if isinstance(inner, ast.stmt)][1:])


def _ours(names: Iterator[str] | list[str]) -> Iterator[str]:
    """The modules of fnnctl among these, without its name, each with the packages around it."""
    for name in names:
        first, *parts = name.split(".")
        if first == "fnnctl":
            yield from (".".join(parts[:depth]) for depth in range(1, len(parts) + 1))


@pytest.mark.parametrize("command", UNNEEDED)
def test_a_command_imports_nothing_that_it_may_not_need(command: str) -> None:
    modules: set[str] = set()
    waiting = {f"commands.{command}"}
    while waiting:
        modules |= waiting
        waiting = {imported for module in waiting for imported in imported_at_once(module)} - modules
    assert len(modules) > 10
    assert {
        module
        for module in modules
        if any(f"{module}.".startswith(f"{package}.") for package in UNNEEDED[command])
    } == set()


def test_a_check_of_a_config_without_a_search_loads_nothing_of_searches() -> None:
    config = ROOT.parent / "configs" / "iris.yaml"
    script = (
        "import sys\nfrom fnnctl.cli import run\n"
        f"code = run(['check', {str(config)!r}])\n"
        "rooms = ('search', 'trials', 'records', 'stacks', 'plots')\n"
        "rooms += ('space.dimensions', 'space.expressions')\n"
        "unneeded = [name for name in sys.modules for room in rooms if name.startswith(f'fnnctl.{room}')]\n"
        "unneeded += {'matplotlib', 'multiprocessing', 'asyncio', 'logging', 'unittest'} & set(sys.modules)\n"
        "sys.exit(f'{unneeded} {code}' if unneeded or code else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
