from __future__ import annotations

from tests.store.conftest import hostile_classes, run, start_run

__all__ = ["hostile_classes", "run", "start_run"]
