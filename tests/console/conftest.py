"""Commands draw no figures in these tests, unless a test is marked `figures`."""

from __future__ import annotations

from tests.commands.conftest import figures_only_if_marked

__all__ = ["figures_only_if_marked"]
