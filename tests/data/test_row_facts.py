"""What is wrong with the exposures of rows."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.data.problems import Problems
from fnnctl.data.row_facts import note_wrong_exposures
from tests.messages import Messages


def test_wrong_exposures(messages: Messages) -> None:
    for exposures in ([1.0, np.nan, np.nan], [1.0, 0.0, -2.0], [1e-40, 1.0, 1.0]):
        for lines in ([2, 3, 4], None):
            problems = Problems("t.csv")
            note_wrong_exposures(np.array(exposures), "years", problems, lines=lines, first=10)
            messages.check(str(problems.error()))


@pytest.mark.parametrize("exposures", [[1e-9, 1.0, 1e9], []])
def test_exposures_in_any_unit(exposures: list[float]) -> None:
    problems = Problems("t.csv")
    note_wrong_exposures(np.array(exposures), "years", problems, lines=None)
    assert not problems
