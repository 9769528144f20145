"""A network is restored from its two files, or the damaged one is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnctl.modelling.saved_model import load_model
from fnnctl.store.folder import RunFolder
from tests.commands.tables import HEADER, ROW
from tests.modelling.tampering import predicts_or_refuses, tamper
from tests.program import Program, only_run, read_json


def test_a_run_without_a_network(trained: Path, program: Program, tmp_path: Path) -> None:
    run = Path(shutil.copytree(only_run(trained), tmp_path / "copy"))
    (tmp_path / "new.csv").write_text(HEADER + ROW)
    manifest = read_json(run / "manifest.json")
    (run / "manifest.json").write_text(json.dumps({**manifest, "status": "interrupted"}))
    done = program("predict", str(run), "new.csv")
    assert done.code == 0
    assert done.err == f"note: {run} is interrupted: using the network as trained until then\n"
    (run / "model.npz").rename(run / "elsewhere")
    assert "model.npz: is missing" in program("predict", str(run), "new.csv").err
    (run / "model.json").unlink()
    done = program("predict", str(run), "new.csv")
    assert (done.code, done.err) == (2, f"{run} has no network (interrupted): model.json does not exist\n")


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_model_that_was_tampered_with_never_crashes(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    """Any value of model.json replaced or removed: an error that names the file, or predictions."""
    run = tmp_path / "tampered"
    if not run.exists():
        shutil.copytree(only_run(trained), run)
    model = read_json(only_run(trained) / "model.json")
    tamper(model, data)
    predicts_or_refuses(run, model, capsys)


def test_subnormal_weights_of_earlier_versions_are_zero_in_memory_only(trained: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(only_run(trained), tmp_path / "copy"))
    with np.load(run / "model.npz") as stored:
        arrays = dict(stored)
    arrays["weights_1"][0, :2] = 1e-40, -1e-39
    np.savez(run / "model.npz", **arrays)
    before = (run / "model.npz").read_bytes()
    predictor = load_model(RunFolder(run), lambda text: None).predictor
    (network,) = predictor.parts[0].scorer.networks
    assert network.layers[0].W[0, 0, :2].tolist() == [0.0, 0.0]
    assert network.layers[0].W[0, 0, 2] == arrays["weights_1"][0, 2]
    assert (run / "model.npz").read_bytes() == before
