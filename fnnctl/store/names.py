"""The names of run folders and of the files in them, defined only here."""

from __future__ import annotations

import os
import re
import unicodedata
from datetime import datetime
from pathlib import Path

CONFIG = "config.yaml"
BASES = "bases"
"""The folder of the files that the config builds on, as given."""
RESOLVED = "resolved.yaml"
DEFAULT_CONFIG = "default.yaml"
"""The complete config of what `fnnctl train` gives for the config of a search."""
MANIFEST = "manifest.json"
METRICS = "metrics.json"
HISTORY = "history.csv"
PREDICTIONS = "predictions.csv"
WORST_ROWS = "worst_rows.csv"
"""The cells of the rows that are predicted worst: the row number as in `PREDICTIONS`, then the columns."""
CONFUSION_MATRIX = "confusion_matrix.csv"
ROC_CURVE = "roc_curve.csv"
PR_CURVE = "pr_curve.csv"
CROSS_VALIDATION = "cross_validation.csv"
CALIBRATION = "calibration.csv"
COVERAGE = "coverage.csv"
GROUPS = "groups.csv"
DRIFT = "drift.csv"
DRIFT_BINS = "drift_bins.csv"
DATA_SIZE = "data_size.csv"
THRESHOLD = "threshold.csv"
FEATURE_IMPORTANCE = "feature_importance.csv"
PARTIAL_DEPENDENCE = "partial_dependence.csv"
PAIR_DEPENDENCE = "pair_dependence.csv"
WEIGHTS = "model.npz"
MODEL = "model.json"
TRAINED_ROWS = "trained_rows.npz"
"""Salted digests of the rows that the run and its ancestors were trained on."""
LOG = "log.txt"
LABELS = "labels.json"
"""The tags and the note that a user gave a run afterwards."""
JOURNAL = "journal.jsonl"
JOURNAL_TORN = "journal.torn"
"""Incomplete last lines of the journal, from searches that were killed and resumed."""
EARLY_RESULTS = ".early-results.jsonl"
"""Results of a search that are to be recorded after others which are not there yet."""
TIMELINE = "timeline.jsonl"
PROGRESS = ".progress.json"
"""Where a running training is, for lists of runs."""
LEADERBOARD = "leaderboard.csv"
BEST = "best"
"""The run folder of the refitted winner, inside the search's folder."""
NEXT_BEST = ".new-best"
"""The run folder of a resumed search's new winner, until it replaces the former one."""
FORMER_BEST = ".former-best"
"""The run folder of the former winner while it is being replaced."""
ENSEMBLE = "ensemble"
"""The run folder of the ensemble of trials, inside the search's folder."""
NEXT_ENSEMBLE = ".new-ensemble"
"""The run folder of the ensemble until it is complete."""
FORMER_ENSEMBLE = ".former-ensemble"
"""The run folder of the former ensemble while it is being replaced."""
DEFAULT = "default"
"""The run folder of what `fnnctl train` gives for the config of a search, inside the search's folder."""
NEXT_DEFAULT = ".new-default"
"""The same run folder until it is complete."""
CHECKPOINTS = "checkpoints"
"""The folder of a search's checkpoints, one file per stack."""
FINAL_WEIGHTS = f"{CHECKPOINTS}/final"
"""The folder of the final weights of a search's best trials, for its ensemble; one file per trial."""

MEASURED = (METRICS, PREDICTIONS, CROSS_VALIDATION)
"""The files that gates and comparisons rely on; the manifest has their digests."""
FIGURE_ENDING = ".png"
"""The ending of all figures, whose names their records in `report` say."""
FEATURE_IMPORTANCE_FIGURE = "feature_importance.png"
PARTIAL_DEPENDENCE_FIGURE = "partial_dependence.png"
PAIR_DEPENDENCE_FIGURE = "pair_dependence.png"
REBUILT = (
    FEATURE_IMPORTANCE, FEATURE_IMPORTANCE_FIGURE, PARTIAL_DEPENDENCE, PARTIAL_DEPENDENCE_FIGURE,
    PAIR_DEPENDENCE, PAIR_DEPENDENCE_FIGURE,
)  # fmt: skip
"""What `fnnctl report` adds to a run that has ended, from its network and its data."""
LAYOUT = (
    CONFIG, RESOLVED, DEFAULT_CONFIG, MANIFEST, METRICS, CROSS_VALIDATION, DATA_SIZE, HISTORY, PREDICTIONS,
    WORST_ROWS, CONFUSION_MATRIX, ROC_CURVE, PR_CURVE, CALIBRATION, COVERAGE, GROUPS, DRIFT, DRIFT_BINS,
    THRESHOLD, FEATURE_IMPORTANCE, PARTIAL_DEPENDENCE, PAIR_DEPENDENCE, WEIGHTS, MODEL, TRAINED_ROWS, JOURNAL,
    JOURNAL_TORN, TIMELINE, LEADERBOARD, LOG, LABELS,
)  # fmt: skip
"""All files that a run may have, but for its figures, in the order in which they are listed."""
_OWN = frozenset((*LAYOUT, BASES, BEST, ENSEMBLE, DEFAULT, CHECKPOINTS))
LAYOUT_VERSION = 1
"""Increased if an older fnnctl would misread the new folders."""

LISTED_FACTS = ".listed-facts"
"""In the folder of all runs: a cache of the facts that lists show."""
LISTED_SETTINGS = ".listed-settings"
"""In the folder of all runs: a cache of complete configs for lists."""
PROMOTED = "promoted.json"
"""In the folder of all runs: which runs were promoted, under which names, and when."""
PROMOTED_LOCK = ".promoted.lock"
"""In the folder of all runs: held while `PROMOTED` is written."""
LABELS_LOCK = ".labels.lock"
"""Held while `LABELS` is written, also in a run that is still running."""
LOCK = ".lock"
CHECKPOINT = ".checkpoint.npz"
"""The resumable training state; deleted when the run is complete."""
KEPT_FOLDS = ".folds"
"""The folder with the results of a cross-validation's folds; deleted when the run is complete."""
TEMPORARY_PATTERN = ".*.tmp"
"""Matches the names from `temporary_file_name`."""
LATEST = "latest"
"""Refers to the most recently started run that a command can use."""


def is_name_of_run(name: str) -> bool:
    """Whether fnnctl uses this name in a run folder, on any file system: upper case counts as lower case."""
    folded = name.casefold()
    return name.startswith(".") or folded in _OWN or folded.endswith(FIGURE_ENDING)


SLUG_LENGTH = 48
NAMELESS = "experiment"


def slug(name: str) -> str:
    """The name as lower-case ASCII letters, digits and single hyphens, at most `SLUG_LENGTH` of them.

    Accents are dropped and compatibility forms resolved (Unicode's NFKD). If nothing is left, as with
    a name in Chinese characters, the slug is `experiment`.
    """
    resolved = unicodedata.normalize("NFKD", name.casefold())
    without_accents = "".join(character for character in resolved if not unicodedata.combining(character))
    hyphenated = re.sub(r"[^a-z0-9]+", "-", without_accents.lower())
    return hyphenated.strip("-")[:SLUG_LENGTH].rstrip("-") or NAMELESS


def run_folder_name(name: str, started: datetime) -> str:
    """A new folder name, `2026-11-24T13-24-05Z-digits-mlp-3fa9c1`; `started` is in UTC.

    The six hex digits come from the operating system's random source, so that simultaneous starts differ.
    """
    return f"{started:%Y-%m-%dT%H-%M-%SZ}-{slug(name)}-{_random_hex(3)}"


def started_by_name(folder_name: str) -> str | None:
    """The start of a run to the second, from its folder name: `2026-11-24T13:24:05`."""
    match = re.match(r"(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d)Z-", folder_name)
    return f"{match[1]}{match[2]}:{match[3]}:{match[4]}" if match else None


def slug_by_name(folder_name: str) -> str | None:
    """The slug in a name from `run_folder_name`; None for any other name."""
    match = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-(.+)-[0-9a-f]{6}", folder_name)
    return match[1] if match else None


def hidden_folder_name() -> str:
    """The temporary name of a run folder, before it appears under its own."""
    return f".new-{_random_hex(8)}"


HIDDEN_FOLDER_PATTERN = ".new-*"
"""Matches the names from `hidden_folder_name`, `NEXT_BEST`, `NEXT_ENSEMBLE` and `NEXT_DEFAULT`."""


def removed_folder_name() -> str:
    """The name of a run folder while it is removed."""
    return f".removed-{_random_hex(8)}"


REMOVED_FOLDER_PATTERN = ".removed-*"
"""Matches the names from `removed_folder_name`."""


def trial_checkpoint_name(budget: int, first_trial: int) -> str:
    """A new file name for the checkpoints of a stack of trials at this budget; contains its first trial."""
    return f"{budget}-{first_trial}-{_random_hex(4)}.npz"


def base_file_name(number: int, name: str) -> str:
    """The name in `BASES` of the file of this name that a config builds on: `1-base.yaml`."""
    return f"{number}-{slug(Path(name).stem)}.yaml"


def target_folder_name(number: int, name: str) -> str:
    """The folder in a run of the files of one of several targets: `targets/1-price`."""
    return f"targets/{number}-{slug(name)}"


def fold_file_name(first_fold: int) -> str:
    """A new file name for the results of a stack of folds; contains its first fold."""
    return f"{first_fold}-{_random_hex(4)}.npz"


def temporary_file_name(name: str) -> str:
    """The temporary name under which a file is written."""
    return f".{name}.{_random_hex(4)}.tmp"


def _random_hex(count: int) -> str:
    """`count` random bytes as hexadecimal digits; `secrets` would import `hashlib` into every command."""
    return os.urandom(count).hex()
