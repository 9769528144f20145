from __future__ import annotations

import numpy as np

from fnnctl.plots.errors import errors_figure
from tests.plots.drawn import texts_of


def test_each_correlation_is_written_and_an_unknown_one_is_a_dash() -> None:
    figure = errors_figure(np.array([[1.0, -0.25], [-0.25, np.nan]]), ["price", "days"], title="t")
    texts = texts_of(figure)
    assert texts.count("-0.25") == 2
    assert {"1.00", "–", "price", "days", "t"} <= {*texts}


def test_long_names_still_differ() -> None:
    names = [f"the label number {index} of all labels" for index in (1, 2)]
    texts = texts_of(errors_figure(np.eye(2), names, title="t"))
    assert len({text for text in texts if "label" in text}) == 2
