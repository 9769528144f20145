"""`fnnctl schema`: the config's JSON Schema, for editors that complete and check YAML."""

from __future__ import annotations

from fnnctl.commands.output import Output
from fnnctl.config.json_schema import json_schema


def schema(output: Output) -> None:
    """Print the schema."""
    output.json_object(json_schema())
