"""Input that nobody writes on purpose, as the commands meet it: a code, a line for each, no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import Program

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
