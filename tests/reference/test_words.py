from __future__ import annotations

import pytest

from fnnctl.reference.pages import headings
from fnnctl.reference.words import AboutWord, about_word, known_words

COMMANDS = {"predict": "Predict new rows and write the predictions as CSV.", "runs prune": "Remove runs."}


def about(word: str) -> AboutWord:
    return about_word(word, COMMANDS)


def test_a_word_is_looked_for_everywhere() -> None:
    threshold = about("threshold")
    assert [term.name for term in threshold.terms] == ["threshold"]
    assert [setting.name for setting in threshold.settings] == ["model.threshold"]
    assert ("predictions", "What a threshold changes") in {
        (page.name, page.text) for page in threshold.headings
    }
    assert [command.name for command in about("CSV").commands] == ["predict"]
    assert [metric.name for metric in about("rmse").metrics] == ["rmse"]


@pytest.mark.parametrize("word", ["early stopping", "Early_Stopping", "early-stop"])
def test_case_and_the_marks_between_words_do_not_matter(word: str) -> None:
    assert about(word).settings[0].name == "training.early_stopping"
    assert about(word).terms[0].name == "early stopping"


def test_the_setting_of_this_name_comes_first() -> None:
    assert [setting.name for setting in about("seed").settings][:2] == ["seed", "data.split.seed"]


def test_a_choice_is_found_by_its_name_and_by_that_of_other_tools() -> None:
    (optimizer,) = about("adam").settings
    assert optimizer.name == "training.optimizer"
    assert optimizer.text == "The optimizer. (its values include adam, adamw)"
    sigmoid = {setting.name: setting.text for setting in about("sigmoid").settings}
    assert sigmoid["model.output"].endswith("(sigmoid is called logistic here)")
    assert "model.activation" in sigmoid
    assert "called" not in about("label_smoothing").settings[0].text


def test_a_words_beginning_is_enough_but_not_its_end() -> None:
    assert "model.dropout" in {setting.name for setting in about("drop").settings}
    assert about("ropout").is_empty


def test_one_or_two_letters_are_a_whole_word() -> None:
    assert [metric.name for metric in about("r2").metrics] == ["r2"]
    assert [setting.name for setting in about("l1").settings] == ["training.l1", "model.output"]


@pytest.mark.parametrize("word", ["", "  ", "!?", "no such word", "{x}"])
def test_nothing_is_known_of_other_words(word: str) -> None:
    assert about(word).is_empty


def test_known_words_are_those_that_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    read = tuple(headings())  # once, instead of for each of hundreds of words
    monkeypatch.setattr("fnnctl.reference.words.headings", lambda: read)
    words = known_words()
    assert {"bracket", "dropout", "rmse"} <= {*words}
    assert [word for word in words if word != "name" and about(word).is_empty] == []
