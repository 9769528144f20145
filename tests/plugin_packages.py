"""Installs packages with plug-ins into a folder, as pip would: modules beside the metadata of a package."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

PAGE: Final = (Path(__file__).parent.parent / "docs" / "plugins.md").read_text(encoding="utf-8")
EXAMPLE: Final = "fnnctl_extras"
"""The module of the package on the page."""
ALLOW: Final = ("--allow-plugin", "cauchy", "--allow-plugin", "ltsv", "--allow-plugin", "within_10_percent")
"""What a run with all its plug-ins needs."""

Install = Callable[..., Path]


def page_block(language: str, number: int = 0) -> str:
    """A block of code of the page on plug-ins."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return blocks[number]


def write_package(
    folder: Path,
    module: str,
    text: str,
    *,
    name: str,
    version: str,
    entry_points: Mapping[str, Mapping[str, str]],
) -> Path:
    """Write a module and the metadata of its package into a folder."""
    folder.mkdir(exist_ok=True)
    (folder / f"{module}.py").write_text(text)
    metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    groups = (
        "\n".join([f"[{group}]", *(f"{entry} = {value}" for entry, value in entries.items())])
        for group, entries in entry_points.items()
    )
    (metadata / "entry_points.txt").write_text("\n".join(groups))
    return folder


def write_example(folder: Path, version: str | None = None) -> Path:
    """Write the package of the page, by default with its own version."""
    project: dict[str, Any] = tomllib.loads(page_block("toml"))["project"]
    return write_package(
        folder,
        EXAMPLE,
        page_block("python"),
        name=project["name"],
        version=version or project["version"],
        entry_points=project["entry-points"],
    )


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path | None], None]]:
    """`installed(folder)`: this process has the packages of the folder, and those of no folder before."""
    before = list(sys.path)

    def use(folder: Path | None) -> None:
        monkeypatch.setattr(sys, "path", before if folder is None else [str(folder), *before])
        importlib.invalidate_caches()
        for name in {EXAMPLE, "made_plugins"} & {*sys.modules}:
            del sys.modules[name]

    yield use
    use(None)
