"""What can be done with the runs here: the tests try it, and `docs/upgrades.md` has it as a table.

    python -m tests.reference_pages

writes the table.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FORMER: Final = Path(__file__).parent
ORIGIN: Final = "/former"
"""What the files have in place of the folder in which they were written."""
FILES_WITH_PATHS: Final = {"resolved.yaml", "manifest.json"}
TWINS_HAVE_OTHER_BITS: Final = ("0.3.0", "0.4.0")
"""The products of plain twins had their unused columns."""
FOLDS_ARE_TRAINED_AGAIN: Final = ("0.1.0",)


def version_key(version: str) -> list[int]:
    """The numbers of a version, by which versions are sorted."""
    return [int(number) for number in version.split(".")]


VERSIONS: Final = sorted(
    (folder.name for folder in FORMER.iterdir() if (folder / "table.csv").exists()), key=version_key
)
"""Those of which there are runs."""


def copy_runs(version: str, folder: Path) -> None:
    """Copy a version's runs to a new folder, whose data are where its files say."""
    shutil.copytree(FORMER / version, folder)
    for file in folder.rglob("*"):
        if file.name in FILES_WITH_PATHS:
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace(ORIGIN, str(folder)), encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Something that a user does with a run, a model or a config."""

    command: str
    """As the page shows it."""
    happens: str
    """What happens, if it works."""
    test: str = ""
    """The function in tests/runs/test_former_runs.py that tries it with the runs of all versions."""
    calls: tuple[str, ...] = ()
    """The arguments of what such a test does not try, run one after the other in a copy of the runs."""
    is_refused: bool = False
    """Whether runs of all former versions are refused."""
    since: str = ""
    """The first version whose runs are not refused."""
    reason: str = ""
    """Why they are refused, and what to do."""
    message: str = ""
    """What the error says then."""
    needs: str = ""
    """The optional library without which the command does not work."""

    def refuses(self, version: str) -> bool:
        """Whether the runs of a version are refused."""
        if not self.since:
            return self.is_refused
        return version_key(version) < version_key(self.since)

    @property
    def tried_versions(self) -> list[str]:
        """The versions of the calls: the first and the last one, and those on both sides of a change."""
        if not self.calls:
            return []
        refused = [version for version in VERSIONS if self.refuses(version)]
        taken = [version for version in VERSIONS if not self.refuses(version)]
        return sorted({*refused[:1], *refused[-1:], *taken[:1], *taken[-1:]}, key=version_key)


REPEATS = "test_a_completed_run_repeats_and_is_as_useful_as_a_new_one"
TRAIN_AGAIN = "the model lacks it; train the run's `resolved.yaml` again"
USES: Final = (
    Use(command="`fnnctl report RUN`, `compare RUN RUN`", happens="works", test=REPEATS),
    Use(
        command="`fnnctl report` and `runs` of a search",
        happens="works",
        test="test_a_search_is_reported_but_not_continued",
        calls=("runs --runs-dir . --where kind=search",),
    ),
    Use(command="`fnnctl runs`, `runs promote`, `tag`, `note`", happens="works",
        calls=("runs --runs-dir .", "runs promote default --as champion --runs-dir .",
               "runs tag default paper --runs-dir .", "runs note default text --runs-dir .")),
    Use(command="`fnnctl report RUN --fail-under`", happens="works",
        calls=("report default --fail-under accuracy=0.1",)),
    Use(command="`fnnctl report RUN --partial-dependence`", happens="works",
        calls=("report default --partial-dependence 1",)),
    Use(command="`fnnctl predict RUN DATA`", happens="gives the same predictions as then", test=REPEATS),
    Use(command="`fnnctl predict RUN DATA --contributions`", happens="works",
        calls=("predict default table.csv --contributions 1 --output new.csv",)),
    Use(
        command="`fnnctl predict RUN DATA --coverage`", happens="works", since="0.11.0", reason=TRAIN_AGAIN,
        calls=("predict default table.csv --coverage 0.9 --output new.csv",),
        message="it was trained before version 0.11",
    ),
    Use(
        command="`fnnctl predict RUN DATA --drift FILE`, `describe DATA --against RUN`", happens="works",
        since="0.11.0", reason=TRAIN_AGAIN,
        calls=("predict default table.csv --drift drift.csv --output new.csv",
               "describe table.csv --against default"),
        message="it was trained before version 0.11",
    ),
    Use(command="`fnnctl evaluate RUN`", happens="works", calls=("evaluate default --data table.csv",)),
    Use(command="`fnnctl export RUN`", happens="works", needs="onnx",
        calls=("export default --output model.onnx",)),
    Use(command="`fnnctl check` and `train` of the run's `config.yaml`",
        happens="works; what the config does not set has the values of the present recipe",
        calls=("check default/config.yaml --set data.source=../table.csv",
               "train default/config.yaml --set data.source=../table.csv --no-figures --quiet")),
    Use(
        command="`fnnctl train` of the run's `resolved.yaml`",
        happens="gives the same bits; exceptions: runs with labels before 0.14 (other weights), and runs "
        "with plain twins of 0.3 and 0.4 (equal to rounding)",
        test=REPEATS,
    ),
    Use(
        command="`fnnctl search` of the run's `resolved.yaml`",
        happens="gives the same trials", test="test_a_search_repeats",
    ),
    Use(
        command="`fnnctl train --resume RUN`",
        happens="goes on, with a warning that results match neither version",
        test="test_an_interrupted_training_resumes",
    ),
    Use(
        command="`fnnctl evaluate --resume RUN`",
        happens="goes on, with this warning; folds that 0.1 saved are trained again",
        test="test_an_interrupted_cross_validation_resumes",
    ),
    Use(
        command="`fnnctl search --resume RUN`", happens="", is_refused=True,
        reason="trials of two versions cannot be compared; resume with that version, or search anew",
        test="test_a_search_is_reported_but_not_continued",
    ),
    Use(
        command="`search.start_from: RUN`", happens="works: its trials are the first ones",
        calls=("search search/config.yaml --set data.source=../table.csv --set search.start_from=search "
               "--max-trials 1 --no-figures --quiet",),
    ),
    Use(
        command="`fnnctl train --warm-start RUN`", happens="works", since="0.13.0",
        reason="the run does not know its training rows; train it again with this version",
        calls=("train default/config.yaml --set data.source=../table.csv --warm-start default",),
        message="0.13 and later",
    ),
)  # fmt: skip


def uses_table() -> Iterator[str]:
    """The lines of the page's table."""
    yield "| what you do | with runs of 0.1 and later |"
    for use in USES:
        if use.is_refused:
            text = f"**refused**: {use.reason}"
        elif use.since:
            since = use.since.removesuffix(".0")
            text = f"{use.happens} for runs of {since} and later; earlier ones are **refused**: {use.reason}"
        else:
            text = use.happens
        yield f"| {use.command} | {text} |"
