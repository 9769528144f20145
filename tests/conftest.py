"""What all tests have in common."""

from __future__ import annotations

from hypothesis import settings

# A machine may be busy: how long an example takes says nothing about the code.
settings.register_profile("fnnctl", deadline=None)
settings.load_profile("fnnctl")

pytest_plugins = ["tests.program"]
