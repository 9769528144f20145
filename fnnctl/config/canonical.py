"""The canonical form of a configuration, and the seed that it carries.

Equal configurations must train alike wherever they come from: a file, `resolved.yaml`, a search. So the
seed of weights and order is hashed from the experiment's seed and what the network's training depends
on: defaults filled in, settings that nothing reads left out, keys sorted. Left out, too, is what does not
change the training but its length, place or name: the number of epochs, threads, paths, the split's shares.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from fnnctl.config.experiment import Experiment
from fnnctl.config.resolved import active_settings

_DATA_SETTINGS = ("scaling", "imputation")
_NOT_CANONICAL = ("epochs", "threads")


def canonical_configuration(experiment: Experiment) -> dict[str, Any]:
    """What two experiments must have in common to be the same configuration."""
    settings = active_settings(experiment)
    model = settings["model"]
    inherited = {key: model.get(key) for key in ("activation", "initialization")}
    return {
        "data": {key: settings["data"][key] for key in _DATA_SETTINGS},
        "hidden": [{**inherited, **layer} for layer in model["hidden"]],
        "initialization": model["initialization"],
        "training": {key: value for key, value in settings["training"].items() if key not in _NOT_CANONICAL},
    }


def configuration_seed(experiment: Experiment) -> int:
    """The 64-bit seed of the experiment's weights and order of rows, for a resolved experiment."""
    text = json.dumps([experiment.seed, canonical_configuration(experiment)], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
