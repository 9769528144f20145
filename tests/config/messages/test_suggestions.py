from __future__ import annotations

from fnnctl.config.messages.suggestions import synonyms
from fnnctl.config.schema.lookups import settings_named, settings_with_word

ALSO_ELSEWHERE = {"alpha", "weight_decay", "max_epochs", "scheduler", "loss", "mae", "standard", "linear"}
"""They are also settings or choices, but with only one meaning where they are translated."""


def test_every_translation_leads_to_a_setting_or_choice_and_none_hides_one() -> None:
    for name, usual in synonyms().items():
        assert name == name.lower()
        assert settings_named(usual) or settings_with_word(usual), usual
        assert name in ALSO_ELSEWHERE or settings_named(name) + settings_with_word(name) == [], name
