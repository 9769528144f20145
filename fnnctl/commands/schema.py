"""`fnnctl schema`: the config's JSON Schema, for editors that complete and check YAML."""

from __future__ import annotations

from fnnctl.config.installed_plugins import use_installed
from fnnctl.config.schema.json_schema import json_schema
from fnnctl.console.output import Output


def schema(output: Output) -> None:
    """Print the schema, with the plug-ins of all installed packages."""
    use_installed(output.note)
    output.json_object(json_schema())
