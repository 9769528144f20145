from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.extra
def test_onnx_runtime_keeps_no_id_of_the_machine(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    hidden = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "ORT_DISABLE_TELEMETRY")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    subprocess.run(
        [sys.executable, "-c", "import fnnctl.export.onnx.runtime"],
        env={**environment, "HOME": str(tmp_path)},
        check=True,
    )
    assert list(tmp_path.iterdir()) == []
