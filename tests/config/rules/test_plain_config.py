from __future__ import annotations

from fnnctl.config.rules.plain_config import is_set, override, value_at, without


def test_values_and_settings_by_their_paths() -> None:
    config = {"a": [{"b": 1, "c": 2}, 3]}
    assert value_at(config, ("a", 0, "b")) == 1
    assert value_at(config, ()) == config
    assert value_at(config, ("a", 2)) is value_at(config, ("a", "b")) is value_at(config, ("x", "y")) is None
    assert without(config, [("a", 0, "b"), ("a", 0, "x")]) == {"a": [{"c": 2}, 3]}


def test_given_settings() -> None:
    config = {"a": {"b": None, "c": [{"d": 1}]}, "e": "short"}
    assert is_set(config, ("a",))
    assert is_set(config, ("a", "b"))
    assert is_set(config, ("a", "c", 0, "d"))
    assert not is_set(config, ("a", "x"))
    assert not is_set(config, ("e", "name"))
    assert not is_set(config, ("x", "y", "z"))


def test_a_number_is_written_out_as_what_its_section_means() -> None:
    config = {"model": {"hidden": [5], "ensemble": 4}}
    layer = override(config, ("model", "hidden", 0, "activation"), "tanh")
    assert layer == {"model": {"hidden": [{"units": 5, "activation": "tanh"}], "ensemble": 4}}
    ensemble = override(config, ("model", "ensemble", "bags"), True)
    assert ensemble == {"model": {"hidden": [5], "ensemble": {"members": 4, "bags": True}}}
