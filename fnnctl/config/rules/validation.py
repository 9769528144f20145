"""Validates plain values against the schema."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from fnnctl.config.messages.schema_errors import schema_messages
from fnnctl.config.paths import Messages, problem_at
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError


class RefusedConfigurationError(ConfigError):
    """A configuration violates the schema or the rules; its problems have paths but no file."""

    def __init__(self, messages: Messages, experiment: Experiment | None = None) -> None:
        """`experiment` is what the rules refuse; None if the schema refuses the values."""
        super().__init__(*(problem_at(path, message) for path, message in messages.items()))
        self.messages = messages
        self.experiment = experiment


def validated(config: Any) -> Experiment:
    """The experiment of plain values; raises `RefusedConfigurationError` if the schema refuses them."""
    try:
        return Experiment.model_validate(config)
    except ValidationError as error:
        raise RefusedConfigurationError(schema_messages(error, config)) from None
