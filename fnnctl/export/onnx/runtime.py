"""ONNX Runtime, which computes a graph in the check. The only file that imports it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # it would send usage data, and keep an id for them

import onnxruntime


class OnnxRuntime:
    """A graph that is ready to be computed."""

    name = f"ONNX Runtime {onnxruntime.__version__}"

    def __init__(self, content: bytes) -> None:
        self._session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(self, columns: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """The outputs for columns of rows, (n, 1) each."""
        outputs: list[npt.NDArray[Any]] = self._session.run(None, dict(columns))
        return outputs
