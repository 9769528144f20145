from __future__ import annotations

import pytest

from fnnctl.config.paths import ConfigPath, format_path, parse_path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("seed",), "seed"),
        (("training", "optimizer", "name"), "training.optimizer.name"),
        (("model", "hidden", 1, "units"), "model.hidden[1].units"),
        (("a", 0, 12), "a[0][12]"),
    ],
)
def test_paths_are_written_with_dots_and_indices(path: ConfigPath, text: str) -> None:
    assert format_path(path) == text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("seed", ("seed",)),
        (" training.epochs ", ("training", "epochs")),
        ("model.hidden[1].units", ("model", "hidden", 1, "units")),
        ("model.hidden.1.units", ("model", "hidden", 1, "units")),
        ("model.hidden[-1]", ("model", "hidden[-1]")),
        ("model.²", ("model", "²")),
        ("a..b", ("a", "", "b")),
    ],
)
def test_an_index_may_stand_in_brackets_or_after_a_dot(text: str, path: ConfigPath) -> None:
    assert parse_path(text) == path
