"""How trials are trained, measured and used, in a module per validation scheme.

To add a scheme, write its record in `config.schema.validation_schemes`, and a module of its name here that
defines `SCHEME`.
"""

from __future__ import annotations

from importlib import import_module

from fnnctl.config.schema.validation_schemes import ValidationScheme
from fnnctl.trials.schemes.base import TrialScheme


def trial_scheme(facts: ValidationScheme) -> TrialScheme:
    """What a search does by the scheme with this record."""
    scheme: TrialScheme = import_module(f"{__name__}.{facts.name}").SCHEME
    return scheme
