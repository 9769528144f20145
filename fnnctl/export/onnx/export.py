"""Exports a run's network, and checks the graph against the network before the file appears."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fnnctl.context import Context
from fnnctl.errors import UsageError
from fnnctl.export.format import Exported, missing_library
from fnnctl.modelling.saved_model import load_model
from fnnctl.store.atomic import refuse_output
from fnnctl.store.folder import RunFolder


def export_onnx(run: RunFolder, output: str, context: Context) -> Exported:
    """Write the graph of a run's network to a file; raises `InputError` if it cannot be exported."""
    refuse_output(Path(output))
    if find_spec("onnx") is None:
        raise missing_library("onnx", "onnx")
    load_model(run, context.note)
    raise UsageError("--format onnx is not complete")
