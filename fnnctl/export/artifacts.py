"""The files that a tracker keeps with a run: its own, its page and, if onnx is installed, its ONNX model."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

from fnnctl.context import Context
from fnnctl.errors import InputError
from fnnctl.export.onnx.format import ONNX
from fnnctl.modelling.saved_model import has_network
from fnnctl.report.figures.drawing import draw_missing_figures
from fnnctl.report.formats.registry import HTML, runs_report
from fnnctl.report.summary import summarize
from fnnctl.store import names
from fnnctl.store.atomic import write_text
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import save_run

ArtifactFile: TypeAlias = tuple[Path, str]
"""A file, and the folder of the tracker that it belongs to; empty for none."""
FIGURES: Final = "figures"
MODEL: Final = "model"


def artifacts(run: RunFolder, scratch: Path, context: Context) -> Iterator[ArtifactFile]:
    """The files, of which some are made in `scratch`, or all for a run in memory; figures are drawn first."""
    stored = save_run(run, scratch / run.path.name) if run.named is None else run
    winner, result_run = stored.winner(), stored.result_run()
    folders = [(stored, ""), *([] if winner is None else [(winner, names.BEST)])]
    if result_run is not None and result_run.read_manifest().selection:
        folders.append((result_run, names.ENSEMBLE))
    for folder, inside in folders:
        if not stored.is_alive():
            draw_missing_figures(folder)
        for name in folder.files():
            kind = FIGURES if name.endswith(names.FIGURE_ENDING) else ""
            kind = MODEL if name in {names.MODEL, names.WEIGHTS} else kind
            yield folder.path / name, "/".join(filter(None, (inside, kind)))
    page = scratch / "report.html"
    write_text(page, runs_report([summarize(run)]).text(HTML, scratch))
    yield page, ""
    if find_spec("onnx") is not None and has_network(run):
        model = scratch / "model.onnx"
        try:
            ONNX.export(run, str(model), Context())  # what it would say is said by the export of ONNX
        except InputError as error:
            context.note(f"without an ONNX model: {error}")
        else:
            yield model, MODEL
