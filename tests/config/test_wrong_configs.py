"""What is said about wrong configs: the sentences stand in one table, `wrong_configs.txt`.

A case is a config, `--set` and `--unset` options, and what is wrong (`=> valid` if nothing is), until the
next empty line.
Lists that every new thing would change have a name in angle brackets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.overrides import Removal
from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.losses import LOSS_RECORDS
from fnnctl.config.schema.methods import SCHEDULERS
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.errors import ConfigError
from fnnctl.metrics.registry import objectives

TOPICS = Path(__file__).with_name("wrong_configs.txt").read_text(encoding="utf-8").split("## ")[1:]


LISTS = {
    "<metrics>": objectives(),
    "<schedulers>": SCHEDULERS,
    "<training>": TrainingConfig.model_fields,
    "<data>": DataConfig.model_fields,
    "<outputs>": ["auto", *LOSS_RECORDS],
}


def cases(topic: str) -> Iterator[tuple[str, list[str | Removal], list[str]]]:
    """The config, the options and the expected lines of each case."""
    for case in topic.partition("\n")[2].strip("\n").split("\n\n"):
        lines = case.split("\n")
        changes = [change(line) for line in lines if line.startswith(("--set ", "--unset "))]
        expected = [in_full(line.removeprefix("=> ")) for line in lines if line.startswith("=> ")]
        config = [line for line in lines if not line.startswith(("--set ", "--unset ", "=> "))]
        yield "\n".join(config) + "\n", changes, expected


def change(line: str) -> str | Removal:
    """The option of a line."""
    option, _, value = line.partition(" ")
    return Removal(value) if option == "--unset" else value


def in_full(line: str) -> str:
    """The line with the names of `LISTS`."""
    for name, values in LISTS.items():
        line = line.replace(name, ", ".join(values))
    return line


@pytest.mark.parametrize("topic", TOPICS, ids=[topic.partition("\n")[0] for topic in TOPICS])
def test_what_is_wrong_is_said_in_one_sentence_per_setting(
    load: Callable[..., LoadedConfig], topic: str
) -> None:
    for config, changes, expected in cases(topic):
        try:
            problems = load(config, *changes).search_problems()
        except ConfigError as error:
            problems = list(error.problems)
        lines = [str(problem).removeprefix("experiment.yaml:") for problem in problems]
        assert (lines or ["valid"]) == expected, config
