"""Exports a run's network, and compares the graph with the network before the file appears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from fnnctl.blas import restored_blas_threads
from fnnctl.context import Context
from fnnctl.errors import UsageError
from fnnctl.export.format import Exported, missing_library
from fnnctl.modelling.saved_model import load_model
from fnnctl.store.atomic import refuse_output, write_output
from fnnctl.store.folder import RunFolder
from fnnctl.text import counted, printable, quoted

if TYPE_CHECKING:  # they need onnx
    from fnnctl.export.onnx.check import Agreement, Runtime
    from fnnctl.export.onnx.model import OnnxModel

NAME = "onnx"
LARGEST = 2_000_000_000
"""The most bytes of weights: a file of this kind has at most 2 GiB."""


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """A graph whose predictions are those of its run."""

    run: RunFolder
    """The run whose network it is; of a search, that of its winner."""
    onnx: OnnxModel
    agreement: Agreement
    runtime: str
    """The name of what computed the graph in the check."""


def export_onnx(run: RunFolder, output: str, context: Context) -> Exported:
    """Write the graph of a run's network to a file; raises `InputError` if it cannot be exported."""
    refuse_output(Path(output))
    checked = checked_onnx(run, context)
    write_output(Path(output), [checked.onnx.content])
    facts = {
        "rows": checked.agreement.rows,
        "synthetic_rows": checked.agreement.synthetic_rows,
        "runtime": checked.runtime,
        "bytes": len(checked.onnx.content),
        "inputs": [column.name for column in checked.onnx.inputs],
        "outputs": list(checked.onnx.outputs),
    }
    difference, lines = checked.agreement.largest_difference, tuple(_lines(output, checked))
    return Exported(NAME, checked.run.path, output, difference, facts, lines)


def checked_onnx(run: RunFolder, context: Context) -> CheckedModel:
    """The graph of a run's network, compared with the run; raises `InputError` if it cannot be exported."""
    if find_spec("onnx") is None:
        raise missing_library(NAME, "onnx")
    from fnnctl.export.onnx.check import compare_with_network
    from fnnctl.export.onnx.model import onnx_model

    model = load_model(run, context.labelled_note)
    networks = [network for part in model.predictor.parts for network in part.scorer.networks]
    size = sum(network.parameters.nbytes for network in networks)
    if size > LARGEST:
        raise UsageError(f"--format onnx: the network has {size:,} bytes of weights, more than {LARGEST:,}")
    onnx = onnx_model(model)
    runtime = _runtime(onnx.content)
    with restored_blas_threads(model.threads):  # as the run's predictions, to the bit
        agreement = compare_with_network(model, runtime, context.labelled_note)
    return CheckedModel(model.run, onnx, agreement, runtime.name)


def _runtime(content: bytes) -> Runtime:
    """ONNX Runtime or, if it is not installed, onnx's own evaluator."""
    if find_spec("onnxruntime") is None:
        from fnnctl.export.onnx.graph import ReferenceRuntime

        return ReferenceRuntime(content)
    from fnnctl.export.onnx.runtime import OnnxRuntime

    return OnnxRuntime(content)


def _lines(output: str, checked: CheckedModel) -> Iterator[str]:
    onnx, agreement = checked.onnx, checked.agreement
    yield f"wrote {output} ({len(onnx.content) / 1000:,.0f} kB)"
    kinds = [column.kind for column in onnx.inputs]
    amounts = [counted(kinds.count(kind), kind) for kind in dict.fromkeys(kinds)]
    yield f"inputs: {' and '.join(amounts)}, each of shape (rows, 1); outputs: {', '.join(onnx.outputs)}"
    for column in onnx.inputs:
        if column.description is not None:
            source = "" if column.source == column.name else f", of {quoted(column.source)}"
            yield f"  {printable(column.name)}{source}: {column.description}"
    if "text" in kinds:
        yield "texts go in without the blanks around them; a number among categories as 1 or 1.0"
    rows = f"{counted(agreement.rows, 'test row')} and " if agreement.rows else ""
    yield (
        f"compared on {rows}{counted(agreement.synthetic_rows, 'synthetic row')}, in {checked.runtime}: "
        f"the largest difference is {agreement.largest_difference:.1g}"
    )
