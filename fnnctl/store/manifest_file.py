"""Reads a manifest, whose version of fnnctl may be another one.

What it says of the metrics of plug-ins is kept: reports then have their labels without importing them.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from fnnctl.config.messages.document_errors import first_problem
from fnnctl.plugins import current
from fnnctl.store.atomic import damaged
from fnnctl.store.documents import read_mapping
from fnnctl.store.former_facts import in_present_form
from fnnctl.store.manifest import Manifest
from fnnctl.store.names import LAYOUT_VERSION


def read_manifest(content: bytes, path: Path) -> Manifest:
    """The manifest in a file's content; raises `DataError`, which names `path`, if it is damaged."""
    mapping = read_mapping(content, path)
    try:
        manifest = Manifest.model_validate(in_present_form(mapping))
    except ValidationError as error:
        raise damaged(path, f"is damaged: {first_problem(error)}") from error
    if manifest.plugins:
        current().describe(manifest.plugin_facts)
    if manifest.layout > LAYOUT_VERSION:
        raise damaged(
            path,
            f"was written by a newer fnnctl (layout {manifest.layout}; this one reads {LAYOUT_VERSION})",
        )
    return manifest
