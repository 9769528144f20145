"""The facts needed to repeat a run: command, versions, machine, git commit.

Unknown facts are None, never errors, and finding them takes little time.
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import numpy as np

from fnnctl.blas import blas_function
from fnnctl.plugins import current
from fnnctl.processors import processor_model, usable_processors
from fnnctl.version import __version__

PACKAGES = ("numpy", "typer", "pydantic", "pyyaml", "rich", "matplotlib")
GIT_SECONDS = 3.0

_CORE_NAMES = (
    "scipy_openblas_get_corename64_",
    "scipy_openblas_get_corename",
    "openblas_get_corename64_",
    "openblas_get_corename",
)


def environment(command: str | None, *, blas_threads: int | None) -> dict[str, Any]:
    """The manifest's facts about command, versions and machine.

    `command` is the command line, if there is one; `blas_threads` is the number of threads for matrix
    products.
    """
    return {
        "command": command,
        "directory": os.path.realpath("."),
        **machine(blas_threads=blas_threads),
        "plugins": [plugin.facts for plugin in current().used],
        "git": git_state(),
    }


def machine(*, blas_threads: int | None) -> dict[str, Any]:
    """The manifest's facts about versions and machine."""
    return {
        "fnnctl": __version__,
        "python": platform.python_version(),
        "packages": {package: package_version(package) for package in PACKAGES},
        "platform": platform.platform(),
        "processor": {
            "model": processor_model(),
            "usable": usable_processors(),
            "features": processor_features(),
        },
        "blas": {**blas_library(), "core": blas_core(), "threads": blas_threads},
    }


@cache
def package_version(package: str) -> str | None:
    """The installed version; None if the package is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def blas_library() -> dict[str, str | None]:
    """Name and version of the BLAS that NumPy was built with."""
    config = cast("dict[str, Any]", np.show_config(mode="dicts"))
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return {"name": blas.get("name"), "version": blas.get("version")}


def blas_core() -> str | None:
    """The processor type that OpenBLAS chose its kernels for; None for any other BLAS."""
    core_name = blas_function(_CORE_NAMES, takes=(), gives=ctypes.c_char_p)
    name = core_name() if core_name else None
    return name.decode("ascii", "replace") if name else None


def processor_features() -> list[str]:
    """The instruction sets that NumPy's own loops use: its baseline, and those that it found at run time."""
    simd = cast("dict[str, Any]", np.show_config(mode="dicts")).get("SIMD Extensions", {})
    return [*simd.get("baseline", ()), *simd.get("found", ())]


def git_state(directory: Path | None = None) -> dict[str, Any] | None:
    """Commit and dirty flag of the repository that contains a folder (default: the working directory).

    None if there is no repository, no commit or no git, or if git does not answer in time.
    """
    command = ["git", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    # `git status` must not lock the index, which another git command may need.
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        answer = subprocess.run(
            command,
            cwd=directory,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = answer.stdout.decode("utf-8", "replace").splitlines()
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), "(initial)")
    if commit == "(initial)":
        return None
    return {"commit": commit, "dirty": any(not line.startswith("#") for line in lines)}
