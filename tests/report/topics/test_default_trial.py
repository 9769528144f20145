from __future__ import annotations

import pytest

from fnnctl.report.topics.default_trial import ties_text
from fnnctl.store.manifest import DefaultTrialFacts


@pytest.mark.parametrize(("ties", "words"), [(None, None), (0, None), (2, "2 other trials cannot be told")])
def test_ties_are_counted(ties: int | None, words: str | None) -> None:
    text = ties_text(DefaultTrialFacts(winner=1, ties=ties))
    assert text is None if words is None else text is not None and text.startswith(words)
