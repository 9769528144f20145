from __future__ import annotations

from fnnctl.console.help_pages import setting_lines, word_lines
from fnnctl.reference.settings import setting_help, setting_path
from fnnctl.reference.words import AboutWord, Entry, about_word


def page(setting: str, width: int = 100) -> list[str]:
    path = setting_path(setting)
    assert path
    return [*setting_lines(setting_help(path), width)]


def test_a_setting_is_described_and_its_facts_are_listed() -> None:
    assert page("training.l2") == [
        "training.l2",
        "",
        "The λ of the structural risk: ½·λ times the squared Frobenius norm of all weights is added to the",
        "mean loss. Biases are not penalized. (scikit-learn's alpha is λ times the batch size.)",
        "",
        "  values       a number from 0 to 1000000",
        "  default      0.0001",
        "  search       a domain such as {log_uniform: [1.0e-06, 0.01]}",
        "  other tools  alpha, l2_lambda, l2_reg, weight_decay",
        "  related      training.optimizer.weight_decay",
        "  more         fnnctl help settings, section training",
    ]


def test_the_recipes_values_are_listed_by_task_and_rows() -> None:
    lines = page("training.epochs", 300)
    many = "20 up to 20,000 rows, 16 up to 50,000 rows, 11 up to 100,000 rows, then 8"
    assert (
        f"  recipe default  in a classification 22 up to 9,999 rows, {many}; in a regression 32 up to 9,999 "
        f"rows, {many} (it depends on numeric columns, too)"
    ) in lines
    assert f"  recipe fast     32 up to 9,999 rows, {many}" in lines
    assert "  recipe default, fast  in a classification the default; in a regression true" in page(
        "model.clip_outputs"
    )


def test_a_setting_of_choices_says_what_differs_between_them() -> None:
    lines = page("training.optimizer.epsilon", 200)
    assert "  only with    adagrad, rmsprop, adadelta, adam, adamw, nadam" in lines
    assert "  values       a number above 0 and at most 1" in lines
    assert (
        "  default      1.0e-10 (adagrad); 1.0e-08 (rmsprop, adam, adamw, nadam); 1.0e-06 (adadelta)" in lines
    )


def test_a_setting_that_is_not_always_searched_says_when() -> None:
    text = " ".join(line.strip() for line in page("training.epochs"))
    assert (
        "a domain such as {log_integer: [50, 800]} if trials are measured on bags; otherwise it cannot be "
        "varied: search.budget sets the number of epochs"
    ) in text
    assert "it cannot be varied: all trials predict the same" in "\n".join(page("data.target"))
    assert not any("search " in line for line in page("training.max_norm"))


def test_what_a_setting_depends_on_is_listed_in_a_sentence() -> None:
    batch_size = [" ".join(line.split()) for line in page("training.batch_size", 200)]
    assert "no effect with lbfgs, which uses all rows at once" in batch_size
    mixup = [" ".join(line.split()) for line in page("training.mixup", 200)]
    assert (
        "invalid with lbfgs, unless it is 0; with an embedding of numbers, whose bins are found before "
        "training, unless it is 0"
    ) in mixup


def test_names_of_other_tools_for_values_are_told_apart() -> None:
    assert any("sigmoid for logistic" in line for line in page("model.activation"))


def test_the_settings_outside_all_sections_are_at_the_beginning() -> None:
    assert page("seed")[-1].endswith("fnnctl help settings, at the beginning")
    assert "  more     fnnctl help settings, section notes" in page("notes")


def test_a_page_is_as_wide_as_the_terminal() -> None:
    for setting in ("training.optimizer", "model.hidden", "model.threshold", "search.method"):
        assert max(map(len, page(setting, 60))) <= 60


def test_a_name_that_is_too_long_has_its_text_below() -> None:
    lines = page("model.activation")
    long = lines.index(
        "  identity, logistic, tanh, hard_logistic, hard_tanh, relu, softplus, selu, gelu, mish"
    )
    assert lines[long + 1] == "              An activation without hyperparameters."
    assert "  leaky_relu  max(0, x) + slope·min(0, x). Its settings: slope." in lines


def test_what_a_word_is_about_stands_below_headings() -> None:
    found = AboutWord("x", (Entry("x", "A term."),), (), (), (Entry("train", "Train."),), ())
    assert [*word_lines(found, 100)] == [
        "Terms:",
        "  x  A term.",
        "",
        "Commands (`fnnctl help COMMAND`):",
        "  train  Train.",
    ]
    assert max(map(len, word_lines(about_word("a", {}), 60))) <= 60
