from __future__ import annotations

import pytest

from fnnctl.config.paths import format_path
from fnnctl.config.schema.records import records_by_path
from fnnctl.reference.settings import ChoiceText, setting_help, setting_path


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


def described(text: str) -> dict[str, object]:
    path = setting_path(text)
    assert path
    page = setting_help(path)
    return {name: getattr(page, name) for name in page.__slots__}


def test_what_is_known_of_a_number() -> None:
    page = described("training.l2")
    assert page["values"] == (ChoiceText("a number from 0 to 1000000", ()),)
    assert page["default"] == (ChoiceText("0.0001", ()),)
    assert page["not_searched"] is None
    assert page["domain"] == {"log_uniform": [1e-6, 1e-2]}
    assert page["names_elsewhere"] == {"l2": ("alpha", "l2_lambda", "l2_reg", "weight_decay")}
    assert page["related"] == ("training.optimizer.weight_decay",)  # and none whose example it is in


def test_a_setting_of_some_choices_says_which() -> None:
    assert described("training.optimizer.momentum")["choices"] == ("momentum", "nesterov")
    rate = described("training.optimizer.learning_rate")
    assert rate["default"] == (
        ChoiceText("0.1", ("sgd",)),
        ChoiceText("0.01", ("momentum", "nesterov", "adagrad")),
        ChoiceText("0.001", ("rmsprop", "adam", "adamw", "nadam")),
        ChoiceText("1.0", ("adadelta",)),
    )
    assert rate["domain"] == {"log_uniform": [0.0001, 0.01]}  # around that of the default optimizer


def test_a_union_lists_its_choices_and_a_section_its_settings() -> None:
    optimizer = setting_help(("training", "optimizer"))
    names = [part.name for part in optimizer.parts]
    assert names[:2] == ["sgd", "momentum"]
    assert optimizer.parts[1].text == "Gradient descent with momentum. Its settings: learning_rate, momentum."
    assert optimizer.names_elsewhere["lbfgs"] == ("bfgs", "l-bfgs", "l_bfgs")
    assert [part.name for part in setting_help(("data", "split")).parts][:2] == ["validation", "test"]
    assert setting_help(("model", "hidden")).parts[0].name == "units"
    assert setting_help(("training", "l2")).parts == ()


def test_a_setting_that_is_not_searched_says_why() -> None:
    assert described("data.source")["not_searched"] == "all trials are evaluated on the same rows"
    assert described("training.epochs")["not_searched"] == "search.budget sets the number of epochs"
    assert described("training.epochs")["not_searched_on_bags"] is None


def test_a_setting_says_when_it_has_no_effect_and_when_it_is_wrong() -> None:
    batch_size = described("training.batch_size")
    assert batch_size["no_effect"] == ("With lbfgs, which uses all rows at once.",)
    assert batch_size["contradictions"] == ("If it is 1, with batch normalization or mixup.",)
    assert described("training.mixup")["contradictions"] == (
        "With lbfgs, unless it is 0.",
        "With an embedding of numbers, whose bins are found before training, unless it is 0.",
    )
    assert described("search.batch")["no_effect"] == ("With a sampler that does not learn from results.",)
    assert described("search.confirm")["contradictions"]  # those in a search alone
    assert described("training.l2")["no_effect"] == ()
    assert described("training.label_smoothing")["contradictions"] == (
        "In a regression, which has no classes.",
    )
    assert described("model.threshold")["contradictions"] == (
        "Unless the target has two classes.",
        "Without validation rows, unless it is a number.",
    )
    assert described("model.clip_outputs")["contradictions"] == (
        "In a classification: probabilities need no limits.",
    )


@pytest.mark.parametrize(
    ("path", "default"),
    [
        ("data.source", "required"),
        ("training.optimizer", "adam"),
        ("model.hidden", "[100]"),
        ("data.columns.ignore", "[]"),
        ("training.early_stopping", "those of its settings"),
        ("search", "null"),
        ("training.shuffle", "true"),
    ],
)
def test_a_default_is_written_as_in_a_config(path: str, default: str) -> None:
    assert described(path)["default"] == (ChoiceText(default, ()),)
