"""A network is restored from its two files, or the damaged one is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnctl.cli import run as run_program
from tests.commands.tables import HEADER, ROW
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


VALUES: list[Any] = [
    None, -1, 0, 1, 2.5, 10**12, 10**400, 1e308, "", "a", "relu", "maxout", True, [], {}, [1], ["a", "a"],
]  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key)))]
    if isinstance(value, list):
        return [path, *(leaf for key, inner in enumerate(value) for leaf in leaves(inner, (*path, key)))]
    return [path]


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_model_that_was_tampered_with_never_crashes(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    """Any value of model.json replaced or removed: an error that names the file, or predictions."""
    run = tmp_path / "tampered"
    if not run.exists():
        shutil.copytree(only_run(trained), run)
        (tmp_path / "new.csv").write_text(HEADER + ROW)
    model = read_json(only_run(trained) / "model.json")
    *path, key = data.draw(st.sampled_from(leaves(model)[1:]))
    holder: Any = model
    for step in path:
        holder = holder[step]
    if data.draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = data.draw(st.sampled_from(VALUES))
    (run / "model.json").write_text(json.dumps(model))
    capsys.readouterr()
    code = run_program(["predict", str(run), str(tmp_path / "new.csv")])
    told = capsys.readouterr().err
    assert code in {0, 2}, told
    if code == 2:
        assert "model." in told or "new.csv" in told or "encoding" in told, told
        assert "Traceback" not in told
