"""Imports go down only, siblings do not import one another, and some libraries are imported in one file."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable
from functools import cache

import pytest

from fnnctl.tasks.reports import TASK_REPORTS
from tests import sources

LEVELS = {
    "sklearn": 16,
    "cli": 15, "api": 15,
    "commands": 14,
    "runs": 13, "export": 13,
    "trials": 12,
    "stacks": 11, "console": 11,
    "search": 10, "report": 10,
    "modelling": 9, "executors": 9, "records": 9,
    "context": 8,
    "training": 7, "plots": 7,
    "tasks": 6, "doctor": 6,
    "nn": 5, "data": 5, "store": 5, "reference": 5,
    "config": 4,
    "metrics": 3,
    "space": 2, "plugins": 2,
    "errors": 1, "progress": 1,
    "arrays": 0, "blas": 0, "forks": 0, "memory": 0, "messages": 0, "processors": 0, "text": 0, "seeds": 0,
    "version": 0,
}  # fmt: skip
"""A package imports only packages of lower levels; packages of one level are siblings."""
REQUIRED = {"numpy", "typer", "pydantic", "pydantic_core", "yaml", "rich", "matplotlib"}
"""The dependencies of pyproject.toml by import name; pydantic_core is part of pydantic."""
READ_STORED_TABLES = {
    "report/figures/mean_figure.py",
    "report/figures/quantile_figure.py",
    "report/figures/run_figures.py",
    "report/summary.py",
    "report/target_views.py",
}
"""Modules that may import a task's own package: all draw figures from tables that the task wrote."""
TASK_PACKAGES = [[name] for name in TASK_REPORTS]
NO_CONFIG_FILES = {
    "executors",
    "records",
    "stacks",
    "trials",
    "training",
    "nn",
    "data",
    "metrics",
    "store",
    "plots",
}
"""Packages that get an experiment, never its file."""
FILES = [file for file in sources.FILES if file != "__main__.py"]
ORDERS = {
    "metrics": (
        "conformal", "shapley", "homogeneity", "confusion", "ranks", "ranking", "association",
        "calibration", "rows", "metric", "class_metrics", "number_metrics", "label_metrics",
        "plugin_metrics", "stored", "registry", "bootstrap", "classification", "regression", "resampling",
        "paired", "drift", "mean_calibration", "comparison", "curves", "decisions", "guessing",
        "feature_importance", "hyperparameter_importance", "partial_dependence",
    ),
    "tasks": (
        "estimate_columns", "stored_estimates", "regions", "stored_coverage", "decisions", "detection",
        "class_orders", "mixture", "one_column", "warnings", "worst_rows", "shares", "target_transforms",
        "decoding", "temperature", "decoder", "epoch_metrics", "task", "folds", "group_metrics",
        "post_training", "checks", "comparison", "reports", "regression", "classification", "joint",
        "coverage", "registry",
    ),
    "config": (
        "paths", "problems", "sources", "yaml_text", "table_files", "table_kinds", "other_files", "schema",
        "installed_plugins", "provenance", "messages", "rules", "recipes", "reading",
    ),
    "data": (
        "files", "problems", "builtin", "comparable_numbers", "matrix", "columns", "tables", "row_facts",
        "stored_arrays", "feature_array", "dataset", "row_digests", "row_texts", "axis_values", "in_memory",
        "settings", "groupings", "preprocessing", "histograms", "fitting", "splits",
        "warnings", "row_encoder", "known_columns", "labels", "new_rows", "unseen_values",
        "labelled_rows", "loading", "profile",
    ),
    "doctor": ("subprocesses", "packages", "kernels", "facts", "problems"),
    "report": (
        "words", "verdicts", "blocks", "document", "plan", "machine", "summary", "target_views",
        "stored_importances", "stored_dependence", "searched_settings", "best_model", "side_by_side",
        "gated_values", "measured_groups", "figures", "comparison", "topics", "gates", "listing",
        "html", "formats", "description",
    ),
    "store": (
        "names", "times", "volumes", "atomic", "lock", "disk", "documents", "tables", "weights",
        "trained_rows", "metrics_shape", "former_sentences", "former_facts", "facts", "manifest",
        "manifest_file", "journal", "trial_checkpoints", "labels", "listing_cache", "listing", "provenance",
        "promotions", "removal", "folder", "drift_tables", "catalogue", "run",
    ),
    "trials": (
        "selection", "fits", "measures", "results", "bags", "ensemble", "bagged_ensemble", "schemes",
        "weights", "fit_queue", "stack_runner", "source", "confirmation_source", "memory", "recipe",
        "preparation", "estimate", "forecast",
    ),
}  # fmt: skip
"""The parts of a package, modules or folders, from the lowest: a part imports only parts before it."""


@cache
def import_names(file: str) -> list[str]:
    """The full names of the modules and names that a file imports anywhere."""
    names: list[str] = []
    for node in sources.nodes(file):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def package(module: str) -> str | None:
    """The package of fnnctl, or the module beside the packages, that a module belongs to; None outside."""
    parts = module.split(".")
    return parts[1] if parts[0] == "fnnctl" and len(parts) > 1 and parts[1] in LEVELS else None


def package_of_file(file: str) -> str:
    return file.split("/", maxsplit=1)[0].removesuffix(".py")


def test_imports_go_down() -> None:
    assert {package_of_file(file) for file in FILES} - {"__init__"} <= set(LEVELS)
    upward = [
        f"{file} imports {module}"
        for file in FILES
        for module in import_names(file)
        if (here := package_of_file(file)) != "__init__"
        and (there := package(module)) not in (None, here)
        and LEVELS[there] >= LEVELS[here]
    ]
    assert upward == []


def test_the_public_names_are_for_other_programs() -> None:
    """The package's own modules import each name from its module, and its version from `version`."""
    users = [
        f"{file}:{node.lineno}"
        for file in FILES
        for node in sources.nodes(file)
        if (isinstance(node, ast.Import) and any(alias.name == "fnnctl" for alias in node.names))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "fnnctl"
            and not {alias.name for alias in node.names} <= set(LEVELS)
        )
    ]
    assert users == []


def test_a_terminal_is_known_to_the_command_line_alone() -> None:
    """A Python program gets no output: what it calls is given a `Context`."""
    users = {
        package_of_file(file)
        for file in FILES
        if any(package(module) == "console" for module in import_names(file))
    }
    assert users == {"cli", "commands", "console"}


def test_imports_go_down_inside_packages() -> None:
    upward = []
    for file in FILES:
        here, *inner = file.removesuffix(".py").split("/")
        if here not in ORDERS or inner == ["__init__"]:
            continue
        below = ORDERS[here][: ORDERS[here].index(inner[0]) + 1]
        for module in import_names(file):
            if module.startswith(f"fnnctl.{here}.") and module.split(".")[2] not in below:
                upward.append(f"{file} imports {module}")
    assert upward == []


def test_libraries_and_tasks_stay_in_their_packages() -> None:
    """What is above the tasks knows none of them: a task is looked up and used through `tasks.task.Task`."""
    misplaced, optional, knowing = [], dict[str, set[str]](), set()
    for file in FILES:
        here = package_of_file(file)
        for module in import_names(file):
            library = module.split(".")[0]
            is_misplaced = (
                library in {"click", "scipy", "pandas", "pickle"}
                or (library == "sklearn" and here != "sklearn")
                or (library == "matplotlib" and here != "plots")
                or (here == "nn" and library not in {"numpy", "fnnctl", *sys.stdlib_module_names})
                or (here == "nn" and package(module) not in {None, "nn", "errors", "arrays", "plugins"})
                or (here in NO_CONFIG_FILES and module.startswith("fnnctl.config.reading"))
            )
            if is_misplaced:
                misplaced.append(f"{file} imports {module}")
            if library not in {"fnnctl", *REQUIRED, *sys.stdlib_module_names}:
                optional.setdefault(library, set()).add(here if here == library else file)
            if here != "tasks" and package(module) == "tasks" and module.split(".")[2:3] in TASK_PACKAGES:
                knowing.add(file)
    assert misplaced == []
    assert {library: files for library, files in optional.items() if len(files) > 1} == {}
    assert knowing == READ_STORED_TABLES


# Functions that change files, by their last name; for those of `os`, the module's name is checked too.
WRITERS = {
    "write_text", "write_bytes", "mkdir", "makedirs", "touch", "unlink", "rmdir", "rmtree", "rename",
    "symlink_to", "hardlink_to", "chmod", "tofile", "save", "savez", "savez_compressed", "savetxt", "memmap",
}  # fmt: skip
OS_WRITERS = {
    "open", "replace", "rename", "renames", "remove", "unlink", "mkdir", "makedirs", "rmdir", "removedirs",
    "link", "symlink", "truncate", "ftruncate", "utime", "chmod", "mkfifo", "fdopen",
}  # fmt: skip


def writes(nodes: Iterable[ast.AST]) -> list[int]:
    """The lines that open a file for writing, or call a function that writes, moves or deletes files."""
    return [node.lineno for node in nodes if isinstance(node, ast.stmt | ast.expr) and is_writing(node)]


def is_writing(node: ast.stmt | ast.expr) -> bool:
    match node:
        case ast.ImportFrom(module="os", names=names):
            return bool({alias.name for alias in names} & OS_WRITERS)
        case ast.ImportFrom(module="shutil" | "tempfile" | "os.path") | ast.Import():
            modules = (
                [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            )
            return bool({"shutil", "tempfile"} & set(modules))
        case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr="open"), args=[file, *_]):
            return ast.unparse(file) != "os.devnull"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr=attribute)):
            return attribute in OS_WRITERS
        case ast.Call(func=ast.Attribute(attr="replace"), args=[_], keywords=[]):
            return True  # of a path; that of a text has two arguments
        case ast.Call(func=ast.Name(id="open") | ast.Attribute(attr="open")):
            return opens_to_write(node)
        case ast.Call(func=ast.Attribute(attr=attribute)):
            return attribute in WRITERS
    return False


def opens_to_write(call: ast.Call) -> bool:
    """Whether a file may be opened for writing: its mode is not a literal for reading."""
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    if isinstance(call.func, ast.Name):
        modes += call.args[1:2]
    else:  # the mode is the first argument of Path.open and the second of gzip.open
        modes += [argument for argument in call.args[:2] if isinstance(argument, ast.Constant)]
    return any(not (isinstance(mode, ast.Constant) and set(str(mode.value)) <= set("rbtU")) for mode in modes)


def test_files_are_written_by_the_store_alone() -> None:
    written = {
        file: lines
        for file in FILES
        if package_of_file(file) != "store" and (lines := writes(sources.nodes(file)))
    }
    assert written == {}


@pytest.mark.parametrize(
    "code",
    [
        "open(path, 'w')",
        "open(path, mode='ab')",
        "open(path, mode)",
        "path.open('w')",
        "path.open('r+b')",
        "path.open(mode='x')",
        "path.open(mode=mode)",
        "gzip.open(path, 'wb')",
        "path.write_text('a')",
        "(folder / 'a').write_bytes(b'a')",
        "path.replace(other)",
        "path.mkdir(parents=True)",
        "os.open(path, flags)",
        "os.replace(a, b)",
        "os.remove(path)",
        "from os import replace",
        "import shutil",
        "from shutil import move",
        "import tempfile",
        "np.save(path, X)",
    ],
)
def test_what_writes_is_seen(code: str) -> None:
    assert writes(ast.walk(ast.parse(code))) == [1]


@pytest.mark.parametrize(
    "code",
    [
        "open(path)",
        "open(path, 'rb')",
        "path.open()",
        "path.open('r', encoding='utf-8')",
        "gzip.open(path, 'rb')",
        "path.read_text()",
        "text.replace('a', 'b')",
        "replace(settings, seed=1)",
        "moment.replace(tzinfo=UTC)",
        "os.environ['HOME']",
        "import os",
        "os.open(os.devnull, os.O_WRONLY)",
        "sys.stdout.write('a')",
    ],
)
def test_what_only_reads_is_let_through(code: str) -> None:
    assert writes(ast.walk(ast.parse(code))) == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom fnnctl.cli import run\n"
        f"code = run({arguments!r})\n"
        "heavy = {'ctypes', 'numpy', 'matplotlib', 'yaml', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'{heavy} {code}' if heavy or code else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
