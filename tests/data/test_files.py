from __future__ import annotations

import os
from pathlib import Path

import pytest

from fnnctl.data.files import file_sha256, find_file
from fnnctl.errors import DataError, MachineError


def refusal(source: str, folder: Path, *builtin: str) -> str:
    with pytest.raises(DataError) as caught:
        find_file(source, folder, setting="data.source", builtin=builtin)
    (problem,) = caught.value.problems
    assert problem.path == "data.source"
    assert problem.file is None
    return problem.message


def test_a_relative_path_starts_at_the_folder(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("")
    assert find_file("rows.csv", tmp_path, setting="data.source") == tmp_path / "rows.csv"
    absolute = str(tmp_path / "rows.csv")
    assert find_file(absolute, Path("elsewhere"), setting="data.source") == Path(absolute)


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "rows.csv").write_text("")
    assert find_file("~/rows.csv", Path("elsewhere"), setting="data.source") == tmp_path / "rows.csv"


def test_a_missing_file_gets_close_names_offered(tmp_path: Path) -> None:
    (tmp_path / "Measures.csv").write_text("")
    message = refusal("measure.csv", tmp_path)
    assert message == f"there is no file 'measure.csv' in {tmp_path} (did you mean 'Measures.csv'?)"
    assert refusal("Irsi", tmp_path, "iris", "wine").endswith(
        "and no built-in data set of this name (did you mean 'iris'?)"
    )


def test_a_long_path_is_shown_to_its_end(tmp_path: Path) -> None:
    assert f"'/{'some/where/' * 20}rows.csv'" in refusal(f"/{'some/where/' * 20}rows.csv", tmp_path)
    assert "where/rows.csv'" in refusal(f"/{'some/where/' * 90}rows.csv", tmp_path)
    assert len(refusal("x" * 5000, Path())) < 400


@pytest.mark.parametrize(
    "source", ["no\0name", "x" * 5000, "~no-such-user-here/x.csv", "rows.csv/x", "a/b/c"]
)
def test_a_name_that_cannot_be_a_file_is_a_missing_file(tmp_path: Path, source: str) -> None:
    (tmp_path / "rows.csv").write_text("")
    assert refusal(source, tmp_path).startswith("there is no file '")


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(".", tmp_path) == f"{tmp_path} is a folder, not a file"
    assert refusal("pipe", tmp_path) == f"{tmp_path / 'pipe'} is not a regular file"


def test_an_unreadable_file_is_the_machines_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,y\n")

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    monkeypatch.setattr(Path, "stat", denied)
    for attempt in (
        lambda: file_sha256(path),
        lambda: find_file("rows.csv", tmp_path, setting="data.source"),
    ):
        with pytest.raises(MachineError, match=r"rows\.csv cannot be read: Permission denied") as caught:
            attempt()
        assert caught.value.exit_code == 3


def test_the_digest_is_that_of_the_bytes_on_disk(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
