from __future__ import annotations

import os
from pathlib import Path

import pytest

from fnnctl.data.files import file_sha256, find_file
from fnnctl.errors import DataError, MachineError
from tests.messages import Messages


def refusal(source: str, folder: Path, *builtin: str) -> str:
    with pytest.raises(DataError) as caught:
        find_file(source, folder, setting="data.source", builtin=builtin)
    (problem,) = caught.value.problems
    assert problem.path == "data.source"
    assert problem.file is None
    return problem.message


@pytest.mark.parametrize("source", ["rows.csv", "~/rows.csv", "{folder}/rows.csv"])
def test_a_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """A relative path starts at the folder, and a tilde is the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "rows.csv").write_text("")
    folder = tmp_path if source == "rows.csv" else Path("elsewhere")
    path = find_file(source.format(folder=tmp_path), folder, setting="data.source")
    assert path == tmp_path / "rows.csv"


def test_what_is_no_file_is_named(tmp_path: Path, messages: Messages) -> None:
    (tmp_path / "Measures.csv").write_text("")
    os.mkfifo(tmp_path / "pipe")
    sources = ["measure.csv", "Irsi", ".", "pipe", "no\0name", "~no-such-user-here/x.csv", "Measures.csv/x"]
    for source in (*sources, f"/{'some/where/' * 20}rows.csv", f"/{'some/where/' * 90}rows.csv", "x" * 5000):
        messages.check(refusal(source, tmp_path, "iris", "wine"))


def test_an_unreadable_file_is_the_machines_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "rows.csv"
    path.write_text("a,y\n")
    monkeypatch.setattr(Path, "open", denied)
    monkeypatch.setattr(Path, "stat", denied)
    words = r"rows\.csv cannot be read: Permission denied"
    with pytest.raises(MachineError, match=words) as error:
        file_sha256(path)
    assert error.value.exit_code == 3
    with pytest.raises(MachineError, match=words):
        find_file("rows.csv", tmp_path, setting="data.source")


def test_the_digest_is_that_of_the_bytes_on_disk(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
