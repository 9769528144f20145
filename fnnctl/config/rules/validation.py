"""Plain values against the schema."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from fnnctl.config.messages.schema_errors import schema_messages
from fnnctl.config.paths import Messages, format_path
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError, Problem


class RefusedConfigurationError(ConfigError):
    """A configuration breaks the schema or the rules; its problems have paths and no file."""

    def __init__(self, messages: Messages) -> None:
        problems = (Problem(message, path=format_path(path)) for path, message in messages.items())
        super().__init__(*problems)
        self.messages = messages


def validated(config: Any) -> Experiment:
    """The experiment of plain values; raises `RefusedConfigurationError` if the schema refuses them."""
    try:
        return Experiment.model_validate(config)
    except ValidationError as error:
        raise RefusedConfigurationError(schema_messages(error, config)) from None
