from __future__ import annotations

import pytest

from fnnctl.console.help_pages import setting_lines, word_lines
from fnnctl.reference.settings import setting_help, setting_path
from fnnctl.reference.words import AboutWord, Entry, about_word
from tests.messages import Messages


def page(setting: str, width: int) -> list[str]:
    path = setting_path(setting)
    assert path
    return [*setting_lines(setting_help(path), width)]


@pytest.mark.parametrize(
    "setting",
    [
        "seed",
        "notes",
        "data.source",
        "data.target",
        "data.split",
        "data.columns.ignore",
        "model.activation",
        "model.clip_outputs",
        "model.ensemble",
        "model.hidden",
        "model.threshold",
        "training.batch_size",
        "training.early_stopping",
        "training.epochs",
        "training.l2",
        "training.label_smoothing",
        "training.lr_schedule",
        "training.max_norm",
        "training.mixup",
        "training.optimizer",
        "training.optimizer.epsilon",
        "training.optimizer.learning_rate",
        "training.optimizer.momentum",
        "training.shuffle",
        "search",
        "search.batch",
        "search.confirm",
    ],
)
def test_a_setting_is_described_and_its_facts_are_listed(setting: str, messages: Messages) -> None:
    messages.check("\n".join(page(setting, 100)))


def test_a_page_is_as_wide_as_the_terminal() -> None:
    for setting in ("training.optimizer", "model.hidden", "model.threshold", "search.method"):
        assert max(map(len, page(setting, 60))) <= 60
    assert max(map(len, word_lines(about_word("a", {}), 60))) <= 60


def test_what_a_word_is_about_stands_below_headings() -> None:
    about = AboutWord("x", (Entry("x", "A term."),), (), (), (Entry("train", "Train."),), ())
    assert [*word_lines(about, 100)] == [
        "Terms:",
        "  x  A term.",
        "",
        "Commands (`fnnctl help COMMAND`):",
        "  train  Train.",
    ]
