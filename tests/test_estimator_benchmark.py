"""The benchmark of the estimators on a small table of each kind: every contender has a score and a time."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest


@pytest.mark.extra
def test_every_contender_has_a_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pandas = pytest.importorskip("pandas")
    from tests.benchmarks import estimators

    monkeypatch.setattr(estimators, "FOLDS", 2)
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b"], 60)
    number = rng.normal(size=60) + 3 * (kind == "a")
    for name, target in (("glass", np.where(number > 1.5, "yes", "no")), ("boston", number)):
        frame = pandas.DataFrame({"kind": kind, "number": number, "y": target})
        frame.to_csv(tmp_path / f"{name}.csv.gz", index=False)
    estimators.main([str(tmp_path), "--tables", "glass", "boston", "--recipes", "classic"])
    header, _, *rows = capsys.readouterr().out.splitlines()
    assert header == "| table | rows | classic | MLP | HistGradientBoosting |"
    pattern = r"\| \w+ \| 60 \|( -?\d\.\d{3} \(\d+\.\d s\) \|){3}"
    assert [bool(re.fullmatch(pattern, row)) for row in rows] == [True, True], rows
