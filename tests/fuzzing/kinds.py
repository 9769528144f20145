"""The kinds of inputs that are tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.fuzzing.configs import config_kind
from tests.fuzzing.journals import journal_kind
from tests.fuzzing.models import model_kind
from tests.fuzzing.onnx_inputs import onnx_kind
from tests.fuzzing.predictions import predictions_kind
from tests.fuzzing.tables import table_kind
from tests.fuzzing.trying import Kind

KINDS: Final[Mapping[str, Callable[[Path], Kind]]] = {
    "configs": config_kind,
    "tables": table_kind,
    "models": model_kind,
    "journals": journal_kind,
    "predictions": predictions_kind,
    "onnx": onnx_kind,
}
"""What makes each kind, by its name; it may use the folder."""
