"""The whole experiment: one value with everything that a run depends on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.evaluation import EvaluationConfig
from fnnctl.config.schema.model import ModelConfig
from fnnctl.config.schema.notes import NotesConfig
from fnnctl.config.schema.search import SearchConfig
from fnnctl.config.schema.section import LARGEST_SEED, Section, Shorthand
from fnnctl.config.schema.training import TrainingConfig

NAME_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]{1,200}$"

Recipe = Literal["default", "classic", "fast"]


class Experiment(Section):
    """An experiment. Every setting except `data.source` has a default."""

    name: Annotated[str, Field(pattern=NAME_PATTERN)] | None = None
    """The experiment's name, which is part of the names of its run folders (default: the config file's name;
    for fnnctl.yaml, the data source's)."""
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = 0
    """The seed of all random numbers: initial weights, order of rows, splits."""
    recipe: Recipe = "default"
    """What unset settings are: `default` is the most accurate network in the time that a user waits, `fast` a
    quick one, and `classic` leaves settings at the defaults that are listed here. A recipe fills in groups of
    settings; a group with a setting that is given or searched stays classic."""
    notes: Annotated[NotesConfig, Shorthand("text")] | None = None
    """What readers of a report should know; it changes no result."""
    data: DataConfig
    """The rows, their preprocessing and their split."""
    model: ModelConfig = ModelConfig.model_construct()
    """The network."""
    training: TrainingConfig = TrainingConfig.model_construct()
    """The optimizer, its schedule, regularization, and when to stop."""
    evaluation: EvaluationConfig = EvaluationConfig.model_construct()
    """How the experiment is cross-validated."""
    search: SearchConfig | None = None
    """The settings that `fnnctl search` varies; training does not read this."""

    @property
    def split_seed(self) -> int:
        """The seed that divides the rows into parts, folds, bags and draws."""
        return self.seed if self.data.split.seed is None else self.data.split.seed
