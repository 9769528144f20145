"""Commands draw no figures in these tests, unless a test is marked `figures`."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def figures_only_if_marked(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("figures") is None:
        request.getfixturevalue("no_figures")
