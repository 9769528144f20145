from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fnnctl.config.reading.loading import STANDARD_INPUT, LoadedConfig, load_config
from fnnctl.config.reading.yaml_reader import MAX_BYTES
from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError, DataError, MachineError, Problem
from tests.messages import Messages

Load = Callable[..., LoadedConfig]
Problems = Callable[..., list[str]]

EXAMPLES = sorted(Path(__file__).parents[3].joinpath("configs").glob("*.yaml"))
IRIS = "data: {source: iris}\n"


HOW_TO_START = (
    "`fnnctl init` writes an example, and `fnnctl init --data TABLE.csv --target COLUMN` an experiment for a "
    "table of your own"
)


def refusal(file: Path) -> Problem:
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert caught.value.exit_code == 2
    (problem,) = caught.value.problems
    return problem


def test_the_smallest_config_has_every_default(load: Load) -> None:
    experiment = Experiment(name="experiment", data=DataConfig(source="iris"))
    assert load(IRIS).experiment == experiment


def test_the_text_is_kept_byte_for_byte_and_the_path_is_absolute(load: Load, tmp_path: Path) -> None:
    text = b"\xef\xbb\xbfdata: {source: iris} # \xc3\xbc\r\n"
    loaded = load(text)
    assert (loaded.text, loaded.file) == (text, tmp_path / "experiment.yaml")


def test_overrides_come_in_order_and_before_name_and_seed(load: Load) -> None:
    loaded = load(IRIS, "seed=1", "training.epochs=5", "training.epochs=6", name="b", seed=2)
    assert (loaded.experiment.name, loaded.experiment.seed, loaded.experiment.training.epochs) == ("b", 2, 6)


@pytest.mark.parametrize(
    ("file", "source", "name"),
    [
        ("digits-mlp.yaml", "digits", "digits-mlp"),
        ("fnnctl.yaml", "digits", "digits"),
        ("fnnctl.yaml", "data/fruit.harvest.csv.gz", "fruit.harvest"),
        ("fnnctl.yaml", "/", "experiment"),
        ("a\nb\udcff.yaml", "iris", "a-b-"),
        ("é" * 120 + ".yaml", "iris", "é" * 120),
    ],
)
def test_the_name_is_the_files_and_of_a_starter_the_datas(
    tmp_path: Path, file: str, source: str, name: str
) -> None:
    path = tmp_path / file
    path.write_text(f"name: null\ndata: {{source: {source}}}")
    assert load_config(path).experiment.name == name


@pytest.mark.parametrize("kind", [ConfigError, DataError])
def test_problems_of_lower_packages_get_the_line_of_their_setting(
    load: Load, kind: type[ConfigError | DataError]
) -> None:
    loaded = load(
        "data:\n  source: iris\nsearch:\n  space:\n    training.l2: {uniform: [0, 1]}\n",
        "model.hidden=[5, 6]",
    )
    raised = [
        Problem("no b", path="data.columns.ignore"),
        Problem("too wide", path="model.hidden[1].units"),
        Problem("never holds", path="search.space.training.l2.when"),
        Problem("not UTF-8", file="rows.csv", path="data.encoding"),
        Problem("no rows"),
    ]
    with pytest.raises(kind) as caught, loaded.add_locations():
        raise kind(*raised)
    assert str(caught.value).splitlines() == [
        "experiment.yaml:1: data.columns.ignore: no b",
        "--set: model.hidden[1].units: too wide",
        "experiment.yaml:5: search.space.training.l2.when: never holds",
        "rows.csv: data.encoding: not UTF-8",
        "no rows",
    ]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_is_refused(problems: Problems, text: str) -> None:
    assert problems(text) == [f"1: is empty; {HOW_TO_START}"]


def test_bytes_that_are_no_text_are_refused(problems: Problems) -> None:
    assert problems(b"data: \xff") == ["1: byte 0xff is not UTF-8; save the file as UTF-8"]


def test_an_override_replaces_a_wrong_value_of_the_file(load: Load) -> None:
    assert load("data: {source: iris}\nseed: x\n", "seed=3").experiment.seed == 3


def test_name_and_seed_are_checked_as_options(problems: Problems) -> None:
    assert problems(IRIS, name="", seed=-1) == [
        "--name: name: must be a single line of 1 to 200 characters, or null, not ''",
        "--seed: seed: must be a whole number from 0 to 18446744073709551615, not -1",
    ]


def test_what_is_no_config_is_refused_with_a_way_to_get_one(tmp_path: Path, messages: Messages) -> None:
    digits = tmp_path / "digits.yaml"

    def check(path: str) -> None:
        problem = refusal(tmp_path / path)
        assert problem.file == str(tmp_path / path)
        messages.check(problem)

    check("a" * 300)
    check("digts.yaml")
    digits.write_text(IRIS)
    check("digts.yaml")
    check("digits.yaml/x.yaml")
    (tmp_path / "fnnct.yaml").write_text("")
    check("fnnctl.yaml")
    check("")
    digits.unlink()
    (tmp_path / "my trees.csv").write_text("a,b\n1,2\n")
    check("my trees.csv")
    check("fnnctl.yaml")
    check("my tree.csv")
    (tmp_path / "second.csv").touch()
    check("fnnctl.yaml")
    (tmp_path / "X.npy").touch()
    check("")
    os.mkfifo(tmp_path / "pipe.yaml")
    check("pipe.yaml")
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    check("binary.yaml")
    (tmp_path / "large.yaml").touch()
    os.truncate(tmp_path / "large.yaml", 10**12)
    check("large.yaml")


def test_a_built_in_data_set_is_no_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    monkeypatch.chdir(tmp_path)
    messages.check(refusal(Path("iris")))
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "iris.yaml").touch()
    messages.check(refusal(Path("iris")))
    (tmp_path / "iris.yaml").touch()
    messages.check(refusal(Path("iris")))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX")
def test_a_file_that_cannot_be_read_is_the_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / "experiment.yaml").write_text(IRIS)
    monkeypatch.setattr(Path, "open", failing)
    with pytest.raises(MachineError, match=r"experiment\.yaml cannot be read: Input/output error"):
        load_config(tmp_path / "experiment.yaml")


class Failing(io.RawIOBase):
    """A stream whose device fails."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_standard_input_that_cannot_be_read_is_the_machines_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Failing())))
    with pytest.raises(MachineError, match=r"^standard input cannot be read: Input/output error$"):
        load_config(STANDARD_INPUT)


@pytest.mark.parametrize("size", [MAX_BYTES, MAX_BYTES + 1, 2 * MAX_BYTES])
def test_standard_input_has_the_limit_of_a_file(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    text = IRIS.encode().ljust(size, b"#")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    if size <= MAX_BYTES:
        assert load_config(STANDARD_INPUT).text == text
        return
    problem = refusal(STANDARD_INPUT)
    assert (problem.file, problem.message) == (
        "<stdin>",
        "is larger than 1,000,000 bytes, the limit for a config",
    )


def test_a_device_is_no_config() -> None:
    assert refusal(Path("/dev/zero")).message == "is a pipe or a device, not a config file"


@pytest.mark.parametrize("file", EXAMPLES, ids=[file.stem for file in EXAMPLES])
def test_every_example_loads_and_is_named_after_its_file(file: Path) -> None:
    assert load_config(file).experiment.name == file.stem


def test_there_is_an_example_for_every_built_in_data_set_for_an_own_file_and_the_baseline() -> None:
    assert " ".join(file.stem for file in EXAMPLES) == (
        "breast_cancer diabetes-ensemble diabetes digits-bayes digits-bohb digits-ensemble digits-evolution "
        "digits-halving digits-hyperband digits-nas digits grid-2520 iris mlp-baseline own-csv "
        "penguins-random penguins wine-confirm wine-grid wine"
    )


def test_loading_needs_neither_numpy_nor_matplotlib() -> None:
    code = (
        "import sys, fnnctl.config.reading.loading\n"
        "print([m for m in ('numpy', 'matplotlib') if m in sys.modules])"
    )
    folder = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True
    )
    assert done.stdout == "[]\n"
