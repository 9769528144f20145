"""Validates plain values against the schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from fnnctl.config.messages.schema_errors import schema_problems
from fnnctl.config.paths import format_path
from fnnctl.config.problems import Problems
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError


class InvalidConfigurationError(ConfigError):
    """A configuration violates the schema or the rules; its problems have paths but no file."""

    def __init__(self, problems: Problems, experiment: Experiment | None = None) -> None:
        """`experiment` is what the rules refuse; None if the schema refuses the values."""
        super().__init__(
            *(replace(problem, path=format_path(path) or None) for path, problem in problems.items())
        )
        self.by_path = problems
        self.experiment = experiment


def validated(config: Any) -> Experiment:
    """The experiment of plain values; raises `InvalidConfigurationError` if the schema refuses them."""
    try:
        return Experiment.model_validate(config)
    except ValidationError as error:
        raise InvalidConfigurationError(schema_problems(error, config)) from None
