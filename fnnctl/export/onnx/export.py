"""Exports a run's network, and compares the graph with the network before the file appears."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from fnnctl.blas import set_blas_threads
from fnnctl.context import Context
from fnnctl.errors import UsageError
from fnnctl.export.format import Exported, missing_library
from fnnctl.modelling.saved_model import load_model
from fnnctl.store.atomic import refuse_output, write_output
from fnnctl.store.folder import RunFolder
from fnnctl.text import counted, printable, shown

if TYPE_CHECKING:  # they need onnx
    from fnnctl.export.onnx.check import Check, Runtime
    from fnnctl.export.onnx.model import OnnxModel

NAME = "onnx"
LARGEST = 2_000_000_000
"""The most bytes of weights: a file of this kind has at most 2 GiB."""


def export_onnx(run: RunFolder, output: str, context: Context) -> Exported:
    """Write the graph of a run's network to a file; raises `InputError` if it cannot be exported."""
    refuse_output(Path(output))
    if find_spec("onnx") is None:
        raise missing_library(NAME, "onnx")
    from fnnctl.export.onnx.check import checked
    from fnnctl.export.onnx.model import onnx_model

    model = load_model(run, context.note)
    set_blas_threads(model.threads)
    weights = sum(
        network.parameters.nbytes for part in model.predictor.parts for network in part.scorer.networks
    )
    if weights > LARGEST:
        raise UsageError(
            f"--format onnx: the network has {weights:,} bytes of weights, more than {LARGEST:,}"
        )
    exported = onnx_model(model)
    runtime = _runtime(exported.content)
    check = checked(model, runtime, context.note)
    write_output(Path(output), [exported.content])
    facts = {
        "largest_difference": check.largest_difference,
        "rows": check.rows,
        "made_up_rows": check.made_up,
        "runtime": runtime.name,
        "bytes": len(exported.content),
        "inputs": [column.name for column in exported.inputs],
        "outputs": list(exported.outputs),
    }
    lines = _lines(output, exported, check, runtime)
    return Exported(NAME, model.run.path, output, facts, tuple(lines))


def _runtime(content: bytes) -> Runtime:
    """ONNX Runtime or, if it is not installed, onnx's own evaluator."""
    if find_spec("onnxruntime") is None:
        from fnnctl.export.onnx.graph import ReferenceRuntime

        return ReferenceRuntime(content)
    from fnnctl.export.onnx.runtime import OnnxRuntime

    return OnnxRuntime(content)


def _lines(output: str, exported: OnnxModel, check: Check, runtime: Runtime) -> Iterator[str]:
    kinds = {kind: [c for c in exported.inputs if c.kind == kind] for kind in ("number", "text")}
    yield f"wrote {output} ({len(exported.content) / 1000:,.0f} kB)"
    amounts = [counted(len(columns), kind) for kind, columns in kinds.items() if columns]
    yield f"inputs: {' and '.join(amounts)}, each of shape (rows, 1); outputs: {', '.join(exported.outputs)}"
    made = [column for column in exported.inputs if column.made]
    for column in made:
        source = "" if column.source == column.name else f", of {shown(column.source)}"
        yield f"  {printable(column.name)}{source}: {column.made}"
    rows = f"{counted(check.rows, 'test row')} and " if check.rows else ""
    yield (
        f"compared on {rows}{counted(check.made_up, 'row')} that are made up, in {runtime.name}: "
        f"the largest difference is {check.largest_difference:.1g}"
    )
