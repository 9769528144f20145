from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.yaml_text import CoreLoader, block_yaml, flow_yaml

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text("a \u202e\u2066\x1b\x85\xa0\u2028\ufeff\U0001f600\t\n\\\"'", max_size=20),
)


@given(text=TEXTS)
def test_what_is_written_prints_and_is_read_back(text: str) -> None:
    """Direction controls too, which can make a pasted command look like another one, are escaped."""
    value = {"name": text, "list": [text]}
    written = flow_yaml(value)
    assert written.isprintable()
    assert all(map(str.isprintable, block_yaml(value).split("\n")))
    for each in (written, block_yaml(value)):
        assert yaml.load(each, CoreLoader) == value
        assert yaml.safe_load(each) == value


def test_words_of_any_language_need_no_quotes() -> None:
    assert flow_yaml({"Güte %": "naïve", "b": "yes: [", "c": "1e3"}) == (
        "{Güte %: naïve, b: 'yes: [', c: \"1e3\"}"
    )
    assert block_yaml({"größe": ["température", "no"]}) == "größe:\n- température\n- 'no'\n"
