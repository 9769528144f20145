from __future__ import annotations

import errno
import hashlib
import tracemalloc
from pathlib import Path

import pytest

from fnnctl.errors import DataError
from fnnctl.store import folder, names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from tests.store.faults import failing


def test_what_is_not_there_reads_as_none(run: OpenRun) -> None:
    read = RunFolder(run.path)
    assert read.read_metrics() is None
    assert read.read_history() is None
    assert read.read_table(names.PREDICTIONS) is None
    assert read.read_rows(names.ROC_CURVE) is None
    assert read.files() == ("config.yaml", "resolved.yaml", "manifest.json")


def test_what_must_be_there_is_missing(run: OpenRun, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"model\.json: is missing: the run has no model"):
        RunFolder(run.path).read_model()
    with pytest.raises(DataError, match=r"manifest\.json: is missing: this is not a run folder"):
        RunFolder(tmp_path).read_manifest()
    assert RunFolder(tmp_path / "nowhere").files() == ()


def test_a_folder_that_cannot_be_listed_has_no_files(run: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "files_in", failing(errno.EACCES))
    assert RunFolder(run.path).files() == ()


def test_digests_do_not_hold_the_files_in_memory(run: OpenRun) -> None:
    content = bytes(8_000_000)
    (run.path / names.PREDICTIONS).write_bytes(content)
    tracemalloc.start()
    digests = RunFolder(run.path).measured_sha256()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert digests == {names.PREDICTIONS: hashlib.sha256(content).hexdigest()}
    assert peak < 1_000_000


def test_the_folder_of_a_target_is_made_for_what_is_measured(run: OpenRun) -> None:
    of_target = RunFolder(run.path / "targets" / "1-price")
    of_target.write_rebuilt(names.PARTIAL_DEPENDENCE, ["a\n"])
    assert of_target.files() == (names.PARTIAL_DEPENDENCE,)


def test_a_figure_may_be_drawn_again(run: OpenRun) -> None:
    read = RunFolder(run.path)
    read.write_figure("roc_curve.png", b"first")
    read.write_figure("roc_curve.png", b"second")
    assert (run.path / "roc_curve.png").read_bytes() == b"second"
    assert read.files()[-1] == "roc_curve.png"
