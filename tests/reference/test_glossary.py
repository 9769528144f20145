from __future__ import annotations

import re

from fnnctl.config.paths import parse_path
from fnnctl.config.schema.lookups import is_setting
from fnnctl.reference.glossary import TERMS


def test_every_term_is_explained_in_one_sentence() -> None:
    assert list(TERMS) == sorted(TERMS)
    for term, sentence in TERMS.items():
        assert sentence[0].isupper(), term
        assert sentence.endswith("."), term
        assert ". " not in sentence, term


def test_the_settings_that_a_sentence_names_exist() -> None:
    named = re.findall(r"`(\w+(?:\.\w+)+)`", " ".join(TERMS.values()))
    assert named
    assert [name for name in named if not is_setting(parse_path(name))] == []
