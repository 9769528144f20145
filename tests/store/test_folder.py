from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import DataError
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun


def test_what_is_not_there_reads_as_none(run: OpenRun) -> None:
    folder = RunFolder(run.path)
    assert folder.read_metrics() is None
    assert folder.read_history() is None
    assert folder.read_predictions() is None
    assert folder.read_confusion_matrix() is None
    assert folder.read_roc_curves() is None
    assert folder.read_pr_curves() is None
    assert folder.read_calibration() is None
    assert folder.files() == ("config.yaml", "resolved.yaml", "manifest.json")


def test_a_run_without_a_model_says_so(run: OpenRun) -> None:
    with pytest.raises(DataError, match=r"model\.json: is missing: the run has no model"):
        run.read_model()


def test_a_folder_without_a_manifest_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.json: is missing: this is not a run's folder"):
        RunFolder(tmp_path).read_manifest()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label,a,b\na,1,2\nb,3,4.5\n", "invalid literal"),
        ("label,a,b\na,1,2\n", "not the same classes"),
        ("label\n", "not the same classes"),
        ("label,a,b\nb,1,2\na,3,4\n", "not the same classes"),
    ],
)
def test_a_damaged_confusion_matrix(run: OpenRun, content: str, message: str) -> None:
    (run.path / "confusion_matrix.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        run.read_confusion_matrix()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("kind,class,x,y\n", "5 columns were expected"),
        ("kind,class,x,y,threshold\nsome,a,0,0,1\n", "'some' is no kind of curve"),
        ("kind,class,x,y,threshold\nclass,a,zero,0,1\n", "zero"),
    ],
)
def test_a_damaged_curve(run: OpenRun, content: str, message: str) -> None:
    (run.path / "roc_curve.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        run.read_roc_curves()


CALIBRATION_HEADER = "low,high,rows,confidence,accuracy,accuracy_low,accuracy_high"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("low,high,rows\n0,1,5\n", f"its columns are not {', '.join(CALIBRATION_HEADER.split(','))}"),
        (f"{CALIBRATION_HEADER}\n0,1,,,,,\n", "a bin lacks its ends or its rows"),
        (f"{CALIBRATION_HEADER}\n0,1,many,,,,\n", "many"),
    ],
)
def test_a_damaged_calibration(run: OpenRun, content: str, message: str) -> None:
    (run.path / "calibration.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        run.read_calibration()


def test_a_file_that_is_a_link_is_not_followed(run: OpenRun, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (run.path / "metrics.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(DataError, match=r"metrics\.json: is a link"):
        run.read_metrics()


def test_a_figure_may_be_drawn_again(run: OpenRun) -> None:
    folder = RunFolder(run.path)
    folder.write_figure("roc_curve.png", b"first")
    folder.write_figure("roc_curve.png", b"second")
    assert (run.path / "roc_curve.png").read_bytes() == b"second"
    assert folder.files()[-1] == "roc_curve.png"
