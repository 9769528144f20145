"""The format `onnx`: its record, which loads nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fnnctl.errors import UsageError
from fnnctl.export.format import Exported, ExportFormat

if TYPE_CHECKING:
    from fnnctl.context import Context
    from fnnctl.store.folder import RunFolder


def _takes(run: RunFolder) -> bool:
    from fnnctl.modelling.saved_model import has_network

    return has_network(run)


def _export(run: RunFolder, output: str | None, context: Context) -> Exported:
    from fnnctl.export.onnx.export import export_onnx

    if output is None:
        raise UsageError("name the file: --output model.onnx")
    return export_onnx(run, output, context)


ONNX: Final = ExportFormat(
    name="onnx", label="an ONNX model", endings=(".onnx",), takes=_takes, export=_export
)
