"""Validates plain values against the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from fnnctl.config.messages.schema_errors import certainly_wrong, schema_messages, without_effect
from fnnctl.config.paths import ConfigPath, Messages, problem_at
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError


class InvalidConfigurationError(ConfigError):
    """A configuration violates the schema or the rules; its problems have paths but no file."""

    def __init__(
        self,
        messages: Messages,
        experiment: Experiment | None = None,
        *,
        certain: Sequence[ConfigPath] = (),
        causes: Mapping[ConfigPath, Sequence[ConfigPath]] | None = None,
    ) -> None:
        """`experiment` is what the rules refuse; None if the schema refuses the values.

        `certain` are settings that are wrong whatever values the others have. `causes` has the settings
        without effect, each with those whose values are the reason.
        """
        super().__init__(*(problem_at(path, message) for path, message in messages.items()))
        self.messages = messages
        self.experiment = experiment
        self.certain = certain
        self.causes = causes or {}


def validated(config: Any) -> Experiment:
    """The experiment of plain values; raises `InvalidConfigurationError` if the schema refuses them."""
    try:
        return Experiment.model_validate(config)
    except ValidationError as error:
        messages, certain = schema_messages(error, config), certainly_wrong(error, config)
        causes = without_effect(error, config)
        raise InvalidConfigurationError(messages, certain=certain, causes=causes) from None
