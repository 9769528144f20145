"""Validates plain values against the schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from fnnctl.config.messages.schema_errors import schema_messages, unknown_settings
from fnnctl.config.paths import ConfigPath, Messages, problem_at
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError


class RefusedConfigurationError(ConfigError):
    """A configuration violates the schema or the rules; its problems have paths but no file."""

    def __init__(
        self,
        messages: Messages,
        experiment: Experiment | None = None,
        *,
        unknown: Sequence[ConfigPath] = (),
    ) -> None:
        """`experiment` is what the rules refuse; None if the schema refuses the values.

        `unknown` are the settings that do not exist, whatever values the others have.
        """
        super().__init__(*(problem_at(path, message) for path, message in messages.items()))
        self.messages = messages
        self.experiment = experiment
        self.unknown = unknown


def validated(config: Any) -> Experiment:
    """The experiment of plain values; raises `RefusedConfigurationError` if the schema refuses them."""
    try:
        return Experiment.model_validate(config)
    except ValidationError as error:
        messages, unknown = schema_messages(error, config), unknown_settings(error, config)
        raise RefusedConfigurationError(messages, unknown=unknown) from None
