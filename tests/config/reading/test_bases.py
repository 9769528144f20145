from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.reading.bases import MAX_FILES
from fnnctl.config.reading.loading import LoadedConfig, load_config, read_config
from fnnctl.config.reading.overrides import Removal
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.reading.yaml_reader import MAX_BYTES
from fnnctl.config.yaml_text import block_yaml
from fnnctl.errors import ConfigError
from tests.messages import Messages

IRIS = "data: {source: iris}\n"

Load = Callable[..., LoadedConfig]
Problems = Callable[..., list[str]]


def write(**texts: str) -> None:
    """Files of these names with the ending `.yaml`."""
    for name, text in texts.items():
        Path(f"{name}.yaml").write_text(text)


@pytest.fixture
def check(load: Load, messages: Messages) -> Callable[..., None]:
    """Load a wrong config, and check what is said."""

    def check_problems(text: str, *overrides: Any) -> None:
        with pytest.raises(ConfigError) as caught:
            load(text, *overrides)
        messages.check("\n".join(map(str, caught.value.problems)))

    return check_problems


def test_a_base_gives_what_the_file_does_not(load: Load) -> None:
    write(base=f"{IRIS}seed: 3\ntraining: {{epochs: 5, optimizer: {{name: adam, beta1: 0.8}}}}\n")
    loaded = load("extends: base.yaml\ntraining: {optimizer: {learning_rate: 0.1}}\nseed: 4\n")
    experiment = loaded.experiment
    assert (experiment.name, experiment.seed, experiment.extends) == ("experiment", 4, None)
    optimizer: Any = experiment.training.optimizer
    assert (experiment.training.epochs, optimizer.beta1, optimizer.learning_rate) == (5, 0.8, 0.1)
    assert [(base.file, base.content[:5]) for base in loaded.bases] == [(Path("base.yaml"), b"data:")]
    assert loaded.text.startswith(b"extends: base.yaml")
    assert "extends" not in loaded.config
    assert "extends" not in resolved_yaml(experiment)


def test_of_several_bases_the_later_one_wins_and_bases_have_bases(load: Load) -> None:
    write(
        a=f"extends: c.yaml\nname: a\nseed: 1\n{IRIS}",
        b="name: b\ntraining: {epochs: 7}",
        c="recipe: fast\nname: c\nseed: 3\ntraining: {epochs: 9, batch_size: 8}",
    )
    loaded = load("extends:\n  - a.yaml\n  - b.yaml\n  - c.yaml\n")
    experiment = loaded.experiment
    assert (experiment.name, experiment.seed, experiment.recipe) == ("c", 3, "fast")
    assert (experiment.training.epochs, experiment.training.batch_size) == (9, 8)
    assert [base.file.name for base in loaded.bases] == ["a.yaml", "c.yaml", "b.yaml"]


def test_null_is_a_value_of_the_extending_file(load: Load) -> None:
    write(base=f"{IRIS}training: {{early_stopping: {{patience: 3}}}}\n")
    loaded = load("extends: base.yaml\ntraining: {early_stopping: null}\n")
    assert loaded.experiment.training.early_stopping is None
    assert load(f"{IRIS}extends: null\n").bases == []


def test_options_change_what_a_base_sets(load: Load) -> None:
    write(base=f"{IRIS}training: {{epochs: 5, batch_size: 8}}\nmodel: {{hidden: [5, 6]}}\n")
    text = "extends: base.yaml\n"
    loaded = load(text, "training.epochs=6", "model.hidden[1]=7", Removal("training.batch_size"))
    assert loaded.config["training"] == {"epochs": 6}
    assert loaded.config["model"] == {"hidden": [5, 7]}
    assert [*loaded.notes] == []
    (note,) = load(text, Removal("training.l2")).notes
    assert note.path == "training.l2"


def test_extends_is_no_setting_of_an_option(check: Callable[..., None]) -> None:
    write(base=IRIS)
    check("extends: base.yaml\n", "extends=base.yaml")
    check("extends: base.yaml\n", Removal("extends"))
    check(f"{IRIS}complete: true\nextends: base.yaml\n")
    check("complete: true\nextends: base.yaml\n")
    check(f"{IRIS}training: {{extends: base.yaml}}\n")


def test_relative_paths_start_in_the_folder_of_the_file_that_sets_them(load: Load, tmp_path: Path) -> None:
    def source(text: str, **bases: str) -> tuple[str, str | None]:
        for name, base in bases.items():
            tmp_path.joinpath("common", "deep", f"{name}.yaml").write_text(base)
        data = load(text).experiment.data
        return data.source, data.test_source

    tmp_path.joinpath("common", "deep").mkdir(parents=True)
    data = "data: {source: rows.csv, target: y}"
    write(**{"common/middle": "extends: deep/base.yaml\n"})
    text = "extends: common/middle.yaml\n"
    assert source(text, base=data) == ("common/deep/rows.csv", None)
    assert source(f"{text}data: {{test_source: new.csv}}\n") == ("common/deep/rows.csv", "new.csv")
    assert source(f"{text}{data}\n") == ("rows.csv", None)
    assert source(f"extends: {tmp_path}/common/middle.yaml\n") == (f"{tmp_path}/common/deep/rows.csv", None)
    assert source(text, base="data: {source: ../../rows.csv}") == ("common/deep/../../rows.csv", None)
    for unchanged in ("iris", "/rows.csv", "~/rows.csv"):
        assert source(text, base=f"data: {{source: {unchanged}}}") == (unchanged, None)


def test_a_home_folder_and_a_link_may_lead_to_a_base(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "base.yaml").write_text(IRIS)
    Path("link.yaml").symlink_to("home/base.yaml")
    for name in ("~/base.yaml", "link.yaml"):
        assert load(f"extends: {name}\n").experiment.data.source == "iris"


def test_a_file_that_cannot_be_a_base_is_refused_where_it_is_named(
    check: Callable[..., None], tmp_path: Path
) -> None:
    for value in ("3", "[]", "''", "{a: 1}", "[a.yaml, 3]", "[missing.yaml, bse.yaml]"):
        write(base=IRIS)
        check(f"seed: 1\nextends: {value}\n")
    write(table="", list="- 1\n", empty="# nothing\n", syntax="seed: 1\n\tname: x\n", nested="a: " + "[" * 60)
    Path("table.yaml").rename("table.csv")
    Path("self.yaml").symlink_to("self.yaml")
    Path("folder").mkdir()
    os.mkfifo("pipe.yaml")
    Path("binary.yaml").write_bytes(bytes(range(256)))
    Path("settings.toml").write_text("[a]\nb = 1\n")
    Path("huge.yaml").touch()
    os.truncate("huge.yaml", 10**12)
    names = (
        "table.csv list.yaml empty.yaml syntax.yaml nested.yaml self.yaml folder pipe.yaml binary.yaml "
        f"settings.toml huge.yaml /dev/zero base.yaml/x {'x' * 300}"
    )
    for name in names.split():
        check(f"extends: {name}\n")


def test_circles_are_refused_with_their_files(check: Callable[..., None]) -> None:
    check("extends: experiment.yaml\n")
    write(a="extends: b.yaml\n", b=f"{IRIS}extends:\n- ./a.yaml\n", c="extends: c.yaml\n")
    check("extends: a.yaml\n")
    check("extends: [c.yaml, a.yaml]\n")
    os.link("a.yaml", "hard.yaml")
    check("extends: hard.yaml\n")


def test_the_number_of_files_has_a_bound(load: Load, check: Callable[..., None]) -> None:
    write(**{f"f{i}": f"extends: f{i + 1}.yaml\n" for i in range(1, MAX_FILES)}, **{f"f{MAX_FILES}": IRIS})
    assert len(load("extends: f1.yaml\n").bases) == MAX_FILES
    check("extends: [f1.yaml, f1.yaml]\n")
    write(f20="extends: f21.yaml\n", f21=IRIS)
    check("extends: f1.yaml\n")
    write(**{f"g{i}": f"extends: [g{i + 1}.yaml, g{i + 1}.yaml]\n" for i in range(30)})
    check("extends: g0.yaml\n")
    check(f"extends: [{'f21.yaml, ' * 30}]\n")


def test_the_bytes_of_all_files_have_a_bound(load: Load, check: Callable[..., None]) -> None:
    half = f"{IRIS}#{'x' * (MAX_BYTES // 2 - 50)}\n"
    write(a=half, b=half.replace("iris", "wine"))
    loaded = load("extends: [a.yaml, a.yaml, a.yaml]\n")
    assert len(loaded.bases) == 1
    assert load("extends: [a.yaml, b.yaml]\n").experiment.data.source == "wine"
    check(f"# {'y' * 200}\nextends: [a.yaml, b.yaml]\n")


def test_problems_stand_where_the_wrong_value_stands(check: Callable[..., None]) -> None:
    write(
        base="seed: x\ndata:\n  source: iris\n  source: iris\ntraining:\n  epochs: 0\n  momentum: 1\n",
        other="training:\n  l2: -1\n",
    )
    check("extends:\n- base.yaml\n- other.yaml\nname: ''\nmodel: {hidden: x}\n")


def test_two_settings_of_different_files_are_both_named(check: Callable[..., None]) -> None:
    write(base=f"{IRIS}training:\n  optimizer: lbfgs\n")
    check("extends: base.yaml\ntraining: {mixup: 0.2}\n")
    write(base=f"{IRIS}training:\n  mixup: 0.2\n")
    check("extends: base.yaml\ntraining:\n  optimizer:\n    name: lbfgs\n")
    check(f"{IRIS}training: {{optimizer: lbfgs, mixup: 0.2}}\n")


def test_a_wrong_value_names_its_variable(
    check: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPOCHS", "ten")
    check(f"{IRIS}training:\n  epochs: ${{EPOCHS}}\nseed: ${{NO_SUCH_SEED}}\n")
    write(base=f"{IRIS}seed: ${{NO_SUCH_SEED}}\n")
    check("extends: [base.yaml, missing.yaml]\nname: ${NO_SUCH_NAME}")
    check("extends: ${NO_SUCH_BASE}\n")


def test_variables_are_in_bases_and_in_their_names(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHICH", "base")
    write(base="data: {source: '${DATA:-iris}'}\ntraining:\n  epochs: ${EPOCHS:-7}\n")
    experiment = load("extends: ${WHICH}.yaml\nnotes: $${x} and $y\n").experiment
    assert (experiment.data.source, experiment.training.epochs) == ("iris", 7)
    assert experiment.notes is not None
    assert experiment.notes.text == "${x} and $y"


def test_options_and_complete_configs_have_no_variables(load: Load) -> None:
    assert load(IRIS, "name=${HOME}").experiment.name == "${HOME}"
    experiment = load(f"{IRIS}recipe: classic\nnotes: $${{HOME}} $$${{HOME}}\n").experiment
    again = load(resolved_yaml(experiment)).experiment
    assert again.notes == experiment.notes
    assert experiment.notes is not None
    assert experiment.notes.text == "${HOME} $${HOME}"


def test_a_complete_base_stays_complete_and_literal(load: Load) -> None:
    experiment = load(f"{IRIS}recipe: classic\nnotes: $${{HOME}}\nseed: 3\n").experiment
    write(resolved=resolved_yaml(experiment))
    built = load("extends: resolved.yaml\nseed: 4\n").experiment
    assert built == experiment.model_copy(update={"seed": 4, "complete": True, "name": "experiment"})


def test_a_base_is_read_once_and_a_text_keeps_what_was_read(load: Load) -> None:
    write(base=f"{IRIS}seed: 3\n")
    load("extends: base.yaml\n")
    kept = read_config(Path("experiment.yaml")).with_bases()
    Path("base.yaml").unlink()
    assert load_config(kept).experiment.seed == 3
    assert kept.settings() == {"data": {"source": "iris"}, "seed": 3}
    with pytest.raises(ConfigError):
        load_config(Path("experiment.yaml"))


@given(data=st.data())
def test_a_config_that_only_extends_another_is_the_same(
    data: st.DataObject, raw_configs: st.SearchStrategy[dict[str, Any]], tmp_path_factory: Any
) -> None:
    raw = {key: value for key, value in data.draw(raw_configs).items() if key != "extends"}
    folder = tmp_path_factory.mktemp("same")
    text = block_yaml(raw).replace("${", "$${")
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    (folder / "b.yaml").write_text("extends: a.yaml\nname: x\n", encoding="utf-8")
    (folder / "c.yaml").write_text(f"extends: [a.yaml, a.yaml]\n{text}", encoding="utf-8")
    expected = load_config(folder / "a.yaml").experiment.model_copy(update={"name": "x"})
    for name in ("b.yaml", "c.yaml"):
        experiment = load_config(folder / name).experiment
        assert experiment.model_copy(update={"name": "x"}) == expected


def test_a_list_of_bases_without_brackets_is_one_name(check: Callable[..., None]) -> None:
    write(base=IRIS, more="seed: 1\n")
    check("extends: base.yaml, more.yaml\n")
