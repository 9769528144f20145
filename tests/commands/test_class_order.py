"""Classes are in natural order, but runs that began with another order keep it."""

from __future__ import annotations

import csv
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.program import AtEpoch, Program, only_run, read_json
from tests.runs.searching import write_config

NATURAL, AS_TEXT = ["class 2", "class 10", "class 100"], ["class 10", "class 100", "class 2"]


@pytest.fixture
def config(tmp_path: Path) -> str:
    """An experiment on three classes of 40 rows."""
    rng = np.random.default_rng(0)
    rows = [
        f"{rng.normal() + k},{rng.normal() - k},{name}" for _ in range(40) for k, name in enumerate(NATURAL)
    ]
    (tmp_path / "x.csv").write_text("a,b,y\n" + "\n".join(rows) + "\n")
    return str(write_config(tmp_path / "x.yaml", data={"source": str(tmp_path / "x.csv"), "target": "y"}))


@contextmanager
def older() -> Iterator[None]:
    """Within the context, classes are sorted as texts, as in older versions."""
    with pytest.MonkeyPatch.context() as patch:
        encoding = "fnnctl.tasks.classification.encoding.natural_order"
        patch.setattr(encoding, lambda texts: tuple(sorted(texts)))
        yield


def test_every_file_and_the_report_have_the_natural_order(
    program: Program, config: str, tmp_path: Path
) -> None:
    done = program("train", config, "--verbose")
    run = only_run(tmp_path)
    assert read_json(run / "manifest.json")["data"]["classes"] == NATURAL
    assert read_json(run / "model.json")["classes"] == NATURAL
    assert list(read_json(run / "metrics.json")["test"]["per_class"]) == NATURAL
    with (run / "confusion_matrix.csv").open(newline="") as file:
        assert next(csv.reader(file)) == ["label", *NATURAL]
    with (run / "predictions.csv").open(newline="") as file:
        assert next(csv.reader(file))[3:] == [f"p_{name}" for name in NATURAL]
    lines = [line.strip() for line in done.out.splitlines()]
    shown = [line[:9].strip() for line in lines[lines.index("Classes on the test part") + 3 :][:3]]
    assert shown == NATURAL


@pytest.mark.usefixtures("keep_all", "no_figures")
def test_an_older_training_is_resumed_and_scored(program: Program, config: str, at_epoch: AtEpoch) -> None:
    """The order of the classes decides which rows the test part has."""
    with older():
        whole = Path(program("train", config, "--quiet").out.strip())
        at_epoch(4, lambda: signal.raise_signal(signal.SIGTERM))
        assert program("train", config, "--quiet").code == 143
    resumed = Path(program("train", "--resume", "latest", "--quiet").out.strip())
    assert resumed != whole
    for name in ("model.npz", "history.csv", "predictions.csv", "metrics.json"):
        assert (resumed / name).read_bytes() == (whole / name).read_bytes()
    done = program("evaluate", "--json")
    assert done.err.endswith("the metrics equal those in metrics.json, to the last digit\n")
    assert list(done.json["metrics"]["test"]["per_class"]) == AS_TEXT
