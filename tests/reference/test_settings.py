from __future__ import annotations

import pytest

from fnnctl.config.paths import format_path
from fnnctl.config.schema.records import records_by_path
from fnnctl.reference.settings import setting_help, setting_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("training.l2", "training.l2"),
        ("seed", "seed"),
        ("model.hidden[3].units", "model.hidden[0].units"),
        ("model.hidden.units", "model.hidden[0].units"),
        ("model.hidden.2", "model.hidden"),
        ("training.optimizer.name", "training.optimizer"),
        ("training.class_weights.setosa", "training.class_weights"),
        ("search.space.training.l2", None),
        ("l2", None),
        ("training.l3", None),
        ("", None),
        ("..", None),
    ],
)
def test_a_text_names_a_setting(text: str, path: str | None) -> None:
    found = setting_path(text)
    assert (found and format_path(found)) == path


def test_every_setting_has_a_page() -> None:
    for path in {setting_path(format_path(path)) for path in records_by_path()}:
        assert path
        page = setting_help(path)
        for parts in (page.description, page.values, page.default):
            assert all(part.text for part in parts), path
            assert all(part.choices for part in parts) or len(parts) == 1, path
