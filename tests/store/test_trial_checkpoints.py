"""A search's checkpoints are found by network and budget, and removed when they are not needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.errors import DataError
from fnnctl.store import trial_checkpoints
from fnnctl.store.trial_checkpoints import TrialCheckpoints, read_state
from fnnctl.store.weights import to_npz


def state(*values: float) -> dict[str, np.ndarray]:
    return {"parameters": np.array(values)[:, None]}


def values(checkpoints: TrialCheckpoints, trial: int, unit: int, budget: int) -> list[float]:
    location = checkpoints.location((trial, unit), budget)
    assert location is not None
    return [float(each) for each in read_state(location.file)["parameters"][location.rows][0]]


NETWORKS = [(0, 0, 3), (1, 0, 3), (1, 1, 3), (2, 0, 3), (1, 0, 9), (1, 1, 9), (2, 0, 9), (2, 1, 3)]


def known(checkpoints: TrialCheckpoints) -> dict[tuple[int, int, int], list[float]]:
    """What is known of `NETWORKS`: trial, unit and budget."""
    return {key: values(checkpoints, *key) for key in NETWORKS if checkpoints.location(key[:2], key[2])}


def test_each_network_is_found_again_until_it_is_released(tmp_path: Path) -> None:
    """The folds of trial 1 are in two stacks, which both start with this trial; all are released at once."""
    written = TrialCheckpoints(tmp_path)
    assert known(written) == {}
    written.write([(0, 0), (1, 0)], 3, state(0.0, 10.0))
    written.write([(1, 1), (2, 0)], 3, state(11.0, 20.0))
    written.write([(1, 0), (1, 1)], 9, state(110.0, 111.0))
    networks = {
        (0, 0, 3): [0.0], (1, 0, 3): [10.0], (1, 1, 3): [11.0], (2, 0, 3): [20.0],
        (1, 0, 9): [110.0], (1, 1, 9): [111.0],
    }  # fmt: skip
    for checkpoints in (written, TrialCheckpoints(tmp_path)):
        assert known(checkpoints) == networks
    written.release([(1, 3)])
    assert known(written) == {key: value for key, value in networks.items() if (key[0], key[2]) != (1, 3)}
    (tmp_path / "checkpoints" / "unreadable.npz").write_bytes(b"half")
    written.clear()
    assert files(tmp_path) == []
    assert known(written) == {}


def test_what_is_there_is_known(tmp_path: Path) -> None:
    """In a folder of its own, as another run of checkpoints."""
    written = TrialCheckpoints(tmp_path, "checkpoints/final")
    written.write([(0, 0)], 3, state(0.0))
    written.write([(4, 0), (7, 0)], 9, state(4.0, 7.0))
    written.release([(4, 9)])
    assert sorted(written.known()) == [(0, 3), (7, 9)]
    again = TrialCheckpoints(tmp_path, "checkpoints/final")
    assert sorted(again.known()) == [(0, 3), (4, 9), (7, 9)], "the file of trial 7 has trial 4, too"
    assert TrialCheckpoints(tmp_path).known() == []


def files(folder: Path) -> list[Path]:
    return sorted((folder / "checkpoints").iterdir())


@pytest.mark.parametrize("again", [False, True])
def test_files_that_no_one_needs_are_removed(tmp_path: Path, again: bool) -> None:
    """Those of this process, and those of the one before."""
    checkpoints = TrialCheckpoints(tmp_path)
    checkpoints.write([(0, 0), (1, 0)], 3, state(0.0, 1.0))
    checkpoints.write([(2, 0), (3, 0)], 3, state(2.0, 3.0))
    checkpoints.write([(2, 0)], 9, state(20.0))
    if again:
        checkpoints = TrialCheckpoints(tmp_path)
    checkpoints.release([(0, 3), (2, 3), (7, 3), (1, 9)])
    assert len(files(tmp_path)) == 3, "another of each stack is needed"
    assert values(checkpoints, 1, 0, 3) == [1.0]
    assert checkpoints.location((0, 0), 3) is None
    assert checkpoints.location((2, 0), 3) is None
    checkpoints.release([(3, 3), (3, 3)])
    assert len(files(tmp_path)) == 2
    assert values(checkpoints, 2, 0, 9) == [20.0]
    checkpoints.release([(1, 3), (2, 9)])
    assert files(tmp_path) == []
    checkpoints.write([(0, 0)], 3, state(5.0))
    assert values(checkpoints, 0, 0, 3) == [5.0]


def test_a_checkpoint_that_is_written_again_takes_the_place_of_the_former(tmp_path: Path) -> None:
    checkpoints = TrialCheckpoints(tmp_path)
    checkpoints.write([(0, 0), (1, 0)], 3, state(0.0, 1.0))
    checkpoints.write([(0, 0)], 3, state(0.5))
    assert values(checkpoints, 0, 0, 3) == [0.5]
    checkpoints.release([(1, 3)])
    assert len(files(tmp_path)) == 1
    checkpoints.release([(0, 3)])
    assert files(tmp_path) == []


def test_only_what_this_process_wrote_needs_no_check(tmp_path: Path) -> None:
    checkpoints = TrialCheckpoints(tmp_path)
    checkpoints.write([(0, 0), (1, 0)], 3, state(0.0, 1.0))
    asked = [((0, 0), 3), ((0, 0), 9), ((0, 1), 3), ((1, 0), 3)]
    assert [checkpoints.has_written(*network) for network in asked] == [True, False, False, True]
    assert not TrialCheckpoints(tmp_path).has_written((0, 0), 3)
    checkpoints.release([(0, 3)])
    assert [checkpoints.has_written(*network) for network in asked] == [False, False, False, True]
    checkpoints.clear()
    assert not checkpoints.has_written((1, 0), 3)


def test_a_released_state_makes_room_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room for two states of 8 bytes, which need not be read from their files."""
    monkeypatch.setattr(trial_checkpoints, "MAX_RECENT_BYTES", 16)
    checkpoints = TrialCheckpoints(tmp_path)
    for trial in range(5):
        checkpoints.write([(trial, 0)], 3, state(float(trial)))
        if trial:
            checkpoints.release([(trial, 3)])
    (file,) = files(tmp_path)
    file.write_bytes(b"not read")
    assert checkpoints.read([(0, 0)], 3)["parameters"].tolist() == [[0.0]]


def test_states_of_several_files_are_read_as_one_stack(tmp_path: Path) -> None:
    checkpoints = TrialCheckpoints(tmp_path)
    checkpoints.write([(0, 0), (1, 0)], 3, state(0.0, 1.0))
    checkpoints.write([(2, 0), (2, 1)], 3, state(2.0, 2.5))
    checkpoints.write([(2, 0)], 9, state(20.0))
    found = checkpoints.read([(2, 1), (0, 0), (2, 0)], 3)
    assert found["parameters"].tolist() == [[2.5], [0.0], [2.0]]
    with pytest.raises(DataError, match="lacks a checkpoint after epoch 9"):
        checkpoints.read([(2, 0), (0, 0)], 9)


def test_states_that_do_not_match_are_damaged(tmp_path: Path) -> None:
    checkpoints = TrialCheckpoints(tmp_path)
    checkpoints.write([(0, 0)], 3, state(0.0))
    checkpoints.write([(1, 0)], 3, {"parameters": np.zeros((1, 2))})
    checkpoints.write([(2, 0)], 3, {"moments": np.zeros((1, 1))})
    for other in (1, 2):
        with pytest.raises(DataError, match="does not match the other checkpoints"):
            checkpoints.read([(0, 0), (other, 0)], 3)


def test_what_cannot_be_read_is_lost(tmp_path: Path) -> None:
    written = TrialCheckpoints(tmp_path)
    written.write([(0, 0)], 1, state(0.0))
    location = written.location((0, 0), 1)
    assert location is not None
    folder = tmp_path / "checkpoints"
    location.file.write_bytes(location.file.read_bytes()[:-50])
    np.savez(folder / "another.npz", parameters=np.zeros(3))
    odd = {"checkpoint.networks": np.zeros(3), "checkpoint.budget": np.zeros(2)}
    (folder / "odd.npz").write_bytes(to_npz(odd))
    (folder / ".1-0-aa.npz.0123abcd.tmp").write_bytes(b"half")
    assert TrialCheckpoints(tmp_path).location((0, 0), 1) is None
    assert list(folder.glob(".*")) == []
    with pytest.raises(DataError, match="is damaged"):
        read_state(location.file)
    location.file.unlink()
    with pytest.raises(DataError):
        read_state(location.file)
