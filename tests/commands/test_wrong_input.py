"""Input that nobody writes on purpose, as the commands meet it: a code, a line for each, no traceback."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.program import Program, read_json

ZEROS = "0" * 5000


@pytest.mark.parametrize(
    ("text", "override", "told"),
    [
        (
            "search: {space: {training.l2: {log_uniform: [0.1]}}}",
            "search.space.training.l2={log_uniform: [0.1]}",
            "search.space.training.l2.log_uniform: must be a list of 2 numbers, not a list of length 1",
        ),
        (
            "search: {space: {training.l2: {normal: [0, 1], within: [1]}}}",
            "search.space.training.l2={normal: [0, 1], within: [1]}",
            "search.space.training.l2.within: must be a list of 2 numbers, or null, not a list of length 1",
        ),
        (
            "training: {optimizer: {name: [adam]}}",
            "training.optimizer.name=[adam]",
            "training.optimizer.name: cannot be a list of length 1; it must be one of sgd, momentum",
        ),
        (
            "training: {optimizer: {name: {a: 1}}}",
            "training.optimizer.name={a: 1}",
            "training.optimizer.name: cannot be a mapping; it must be one of sgd, momentum",
        ),
        (
            f"seed: 1{ZEROS[:400]}",
            f"seed=1{ZEROS[:400]}",
            "seed: must be a whole number from 0 to 18446744073709551615, not 10000000000",
        ),
        (
            f"seed: 0x1{ZEROS}",
            f"seed=0x1{ZEROS}",
            "seed: must be a whole number from 0 to 18446744073709551615, not '0x10000000",
        ),
    ],
)
@pytest.mark.parametrize("command", ["check", "train", "search"])
def test_a_wrong_value_is_told_with_its_place(
    program: Program, tmp_path: Path, command: str, text: str, override: str, told: str
) -> None:
    bare = "data: {source: iris}\n"
    if "optimizer" in text:  # searched as well
        bare += "search: {space: {training.optimizer.name: {choice: [adam, sgd]}}}\n"
    (tmp_path / "bare.yaml").write_text(bare)
    (tmp_path / "wrong.yaml").write_text(bare + text)
    place = f"wrong.yaml:{bare.count(chr(10)) + 1}"
    for arguments, at in ((["wrong.yaml"], place), (["bare.yaml", "--set", override], "--set")):
        done = program(command, *arguments)
        assert done.code == 2
        (line,) = (done.out + done.err).splitlines()
        assert line.startswith(f"{at}: {told}")
    assert not (tmp_path / "runs").exists()


NASTY = "x\x1b[31m\u202e"
"""A name that would change a terminal's colour, and the order of letters."""
WRITTEN_OUT = "x\\x1b[31m\\u202e"


@pytest.mark.parametrize(
    "arguments",
    [
        (NASTY,),
        ("train", f"--{NASTY}"),
        ("check", f"{NASTY}.yaml"),
        ("check", "iris.yaml", "--set", f"{NASTY}=1"),
        ("check", "iris.yaml", "--set", f"data.target={NASTY[-1]}"),
        ("report", NASTY),
        ("runs", "--runs-dir", f"{NASTY}/none", "--verbose"),
        ("report", "--format", NASTY),
        ("report", "--fail-under", f"{NASTY}=1"),
        ("predict", "latest", NASTY),
        ("search", "iris.yaml", "--executor", NASTY),
        ("init", f"{NASTY}/new.yaml"),
    ],
)
def test_an_argument_is_shown_as_it_is_written(
    program: Program, iris: Path, arguments: tuple[str, ...]
) -> None:
    done = program(*arguments)
    told = done.out + done.err
    assert told
    assert told.replace("\n", "").isprintable()


@pytest.mark.parametrize("file", ["model.npz", "model.json"])
def test_names_in_someone_elses_model_are_shown_as_they_are_written(
    trained: Path, tmp_path: Path, program: Program, file: str
) -> None:
    shutil.copytree(trained / "runs", tmp_path / "runs")
    (folder,) = (tmp_path / "runs").iterdir()
    if file == "model.npz":
        with zipfile.ZipFile(folder / file, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{NASTY}.npy", b"x")
    else:
        (folder / file).write_text(json.dumps({**read_json(folder / file), NASTY: 1}))
    done = program("predict", "latest", str(trained / "penguins.csv"))
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.isprintable()
    assert WRITTEN_OUT in line


def test_class_names_are_shown_as_they_are_written(program: Program, tmp_path: Path) -> None:
    names = [NASTY, f"{NASTY}a", f"{NASTY}b"]
    rows = "".join(f"{k * k % 7},{names[k % 3]}\n" for k in range(60))
    (tmp_path / "rows.csv").write_text(f"x,label\n{rows}", encoding="utf-8")
    (tmp_path / "c.yaml").write_text(
        "data: {source: rows.csv, target: label}\ntraining: {epochs: 2, class_weights: {q: 1}}\n"
    )
    done = program("check", "c.yaml")
    assert (done.code, done.out) == (
        2,
        "c.yaml:2: training.class_weights.q: there is no class 'q'; the classes are "
        f"'{WRITTEN_OUT}', '{WRITTEN_OUT}a', '{WRITTEN_OUT}b'\n",
    )
    for arguments in (("train", "c.yaml", "--set", "training.class_weights=null"), ("report",)):
        done = program(*arguments)
        assert done.code == 0, done
        assert (done.out + done.err).replace("\n", "").isprintable()
