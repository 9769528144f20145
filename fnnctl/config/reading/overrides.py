"""Puts values of the command line into a config before it is checked: `--set model.hidden[0].units=50`."""

from __future__ import annotations

from typing import Any

from fnnctl.config.messages.schema_tree import forms_of, free_mapping_of, has_free_keys, schema_at
from fnnctl.config.messages.wording import shown
from fnnctl.config.paths import SPACE, ConfigPath, FindingError, Location, Locations, format_path, parse_path
from fnnctl.config.reading.yaml_reader import Document, read_yaml
from fnnctl.config.schema.section import written_out


def read_override(text: str) -> tuple[ConfigPath, Document]:
    """Split `a.b=value` into path and value; raise `FindingError` where it has another form."""
    written_path, equals, written_value = text.partition("=")
    path = _with_names(parse_path(written_path))
    if not equals or "" in path or not written_path.isprintable():
        raise FindingError(f"{text!r} sets nothing; write PATH=VALUE, such as training.epochs=100")
    try:
        document = read_yaml(written_value)
    except FindingError as error:
        raise FindingError(error.finding.message, path=path) from None
    for finding in document.findings:
        raise FindingError(finding.message, path=path + finding.path)
    return path, document


def override(config: Any, path: ConfigPath, value: Any) -> Any:
    """Return `config` with one value set.

    Sections on the way are made where they are missing or null, short forms are written out, and a
    missing list starts from its default; one past a list's end adds an entry. Where `config` has a value
    that can be neither section nor list, it stays: that value is then what is wrong. Raises
    `FindingError` where the path goes into what is no section or no list.
    """
    for depth, part in enumerate(path):
        _refuse_wrong_step(config, path[:depth], part)
    return with_value(config, path, value)


def with_value(config: Any, path: ConfigPath, value: Any) -> Any:
    """Return `config` with one value set at a path that `override` has once let pass."""
    return _with_value(config, path, 0, value)


def note_override(locations: Locations, path: ConfigPath, document: Document, option: str) -> None:
    """Take note that everything at a path now comes from an option of the command line."""
    for replaced in [known for known in locations if known[: len(path)] == path]:
        del locations[replaced]
    for depth in range(1, len(path)):
        locations.setdefault(path[:depth], Location(option))
    locations.update({path + inner: Location(option) for inner in document.lines})


def _with_names(path: ConfigPath) -> ConfigPath:
    """The path with digits as text where they are a name, such as a class's; a searched path is one name."""
    if path[:2] == SPACE and path[2:]:
        return (*SPACE, format_path(path[2:]))
    named: ConfigPath = ()
    for part in path:
        named = (*named, str(part) if _has_free_keys(named) else part)
    return named


def _has_free_keys(path: ConfigPath) -> bool:
    try:
        return free_mapping_of(schema_at(path, {})) is not None
    except LookupError:
        return False


def _refuse_wrong_step(config: Any, here: ConfigPath, part: str | int) -> None:
    """Refuse a key into a list or a single value, and an index into a section."""
    try:
        forms = forms_of(schema_at(here, config))
    except LookupError:
        return
    is_section = any("properties" in form or has_free_keys(form) for form in forms)
    is_list = any("items" in form for form in forms)
    if is_list if isinstance(part, int) else is_section:
        return
    if is_section:
        raise FindingError("is a section, not a list", path=here)
    if is_list:
        raise FindingError(f"is a list; write {format_path((*here, 0))} for its first entry", path=here)
    raise FindingError(f"is a single value; write {format_path(here)}=VALUE", path=here)


def _with_value(node: Any, path: ConfigPath, depth: int, value: Any) -> Any:
    if depth == len(path):
        return value
    here, part = path[:depth], path[depth]
    if isinstance(part, int):
        entries = _default_entries(here) if node is None else node
        if not isinstance(entries, list):
            return node
        if part > len(entries):
            raise FindingError(f"there is no such entry; {format_path(here)} has {len(entries)}", path=path)
        inner = entries[part] if part < len(entries) else None
        return [*entries[:part], _with_value(inner, path, depth + 1, value), *entries[part + 1 :]]
    section = _section(node, here)
    if section is None:
        return node
    return {**section, part: _with_value(section.get(part), path, depth + 1, value)}


def _section(node: Any, here: ConfigPath) -> dict[str, Any] | None:
    """The mapping that the next step goes into, or None where the node cannot be one."""
    if isinstance(node, dict):
        return node
    if isinstance(node, str | int | float) and _has_free_keys(here):
        raise FindingError(
            f"is {shown(node)}, which has no entries; write {format_path(here)}={{NAME: VALUE}}", path=here
        )
    section: Any = {} if node is None else written_out(node)
    if not isinstance(section, dict):
        return None
    try:
        known = {key for form in forms_of(schema_at(here, {})) for key in form.get("properties", ())}
    except LookupError:
        known = set()
    return section if section.keys() <= known else None


def _default_entries(path: ConfigPath) -> list[Any]:
    try:
        default = schema_at(path, {}).get("default")
    except LookupError:
        return []
    return default if isinstance(default, list) else []
