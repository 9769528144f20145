"""Event files: bytes worked out by hand, and what TensorBoard reads in them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from fnnctl.export.event_file import crc32c, event_file
from fnnctl.export.tracked_run import tracked_run
from fnnctl.store.folder import RunFolder
from tests.program import Program


def test_a_checksum() -> None:
    """Those of RFC 3720, appendix B.4, and the usual check value."""
    sums = [crc32c(content) for content in (b"123456789", bytes(32), bytes(range(32)))]
    assert sums == [0xE3069283, 0x8A9136AA, 0x46DD794E]


def test_messages() -> None:
    """Two values of one step are in one message; a step above 127 has two bytes."""
    version, event = event_file({"a": [(300, 0.5)], "b": [(300, -2.0)]}, {}, time=1.5)
    time = b"\x09" + struct.pack("<d", 1.5)
    assert version[12:-4] == time + b"\x1a\x0dbrain.Event:2"
    values = [b"\x0a\x01" + name + b"\x15" + struct.pack("<f", x) for name, x in ((b"a", 0.5), (b"b", -2.0))]
    summary = b"".join(b"\x0a\x08" + value for value in values)
    assert event[12:-4] == time + b"\x10\xac\x02" + b"\x2a\x14" + summary
    assert event[:8] == struct.pack("<Q", len(event) - 16)


def test_a_folder_per_trial(searched: RunFolder, program: Program) -> None:
    run, folder = str(searched.path), Path("logs") / searched.path.name
    export = ("export", run, "--format", "tensorboard")
    done = program(*export, "--output", "logs", "--json").json
    facts = {"largest_difference": None, "files": 5}
    assert done == {"run": run, "format": "tensorboard", "output": str(folder), **facts}
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {f"trial-{n}" for n in range(4)}
    again = program(*export, "--output", "logs")
    refused = f"'{folder}' already exists and is not overwritten; name another folder\n"
    assert (again.code, again.err) == (2, refused)
    assert program(*export).err == "name the log directory: --output logs\n"
    assert "is a file of the run" in program(*export, "--output", f"{run}/checkpoints").err


@pytest.mark.extra
@pytest.mark.filterwarnings("ignore")  # TensorBoard's and those of its libraries
def test_tensorboard_reads_them(searched: RunFolder, program: Program) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    program("export", str(searched.path), "--format", "tensorboard", "--output", "logs")
    tracked = tracked_run(searched)
    folder = Path("logs") / tracked.name
    for run, path in ((tracked, folder), (tracked.children[1], folder / "trial-1")):
        events = reader.EventAccumulator(str(path)).Reload()
        written = {name: points for name, points in run.metrics.items() if points}
        assert set(events.Tags()["scalars"]) == set(written)
        for name, points in written.items():
            read = [(event.step, event.value) for event in events.Scalars(name)]
            assert read == [(step, pytest.approx(value, rel=1e-6)) for step, value in points]
        (settings,) = events.Tensors("settings")
        lines = settings.tensor_proto.string_val[0].decode().splitlines()
        assert len(lines) == len(run.parameters) + 2
        assert f"| training.l2 | {run.parameters['training.l2']} |" in lines
