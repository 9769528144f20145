"""The output that the documentation shows: blocks of text that begin with `$ ` and a command.

`python -m tests.reference_pages` writes into them what the commands print, and `test_readme.py` compares
their words and, roughly, their numbers, which depend on the processor. What differs from run to run is
replaced: times and the random ends of folders' names are always those below.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
DOCUMENTS: Final = (ROOT / "README.md", ROOT / "docs" / "comparisons.md")
CUT: Final = "…"
"""The last line of a block that shows only the first lines of the output; their number stays."""
BAD_CONFIG: Final = """\
data:
  source: iris
  spilt: {test: 0.3}
model:
  hidden: [64, -3]

training:
  learning_rate: 0.01
  epochs: no
"""
"""The `bad.yaml` of the README."""
_BLOCK: Final = re.compile(r"^```text\n\$ (.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_FOLDER: Final = re.compile(r"runs/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-([a-z0-9-]+)-[0-9a-f]{6}")
_STARTED: Final = re.compile(r"started \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, took .*")


def shell_commands(text: str) -> list[str]:
    """The commands of fnnctl in the shell blocks of a document."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("fnnctl ")]


def with_outputs(text: str, outputs: Mapping[str, str]) -> str:
    """The document with the outputs of those commands, by command, in its blocks; others stay."""

    def block(match: re.Match[str]) -> str:
        command, former = match[1], match[2].splitlines()
        if command not in outputs:
            return match[0]
        lines = normalized(outputs[command]).splitlines()
        if former[-1:] == [CUT]:
            lines = [*lines[: len(former) - 1], CUT]
        return "\n".join(["```text", f"$ {command}", *lines, "```"])

    return _BLOCK.sub(block, text)


def normalized(output: str) -> str:
    """The output with one time and one random end of folders, and without blanks at the ends of lines."""
    output = _FOLDER.sub(r"runs/2026-12-01T09-30-00Z-\1-3fa9c1", output)
    output = _STARTED.sub("started 2026-12-01 09:30:00 UTC, took 2 s", output)
    return "\n".join(line.rstrip() for line in output.strip("\n").splitlines())


def shown_output(out: str, err: str) -> str:
    """What a terminal shows of a command that prints its result or, without one, notes."""
    return out or err


def write_outputs() -> None:
    """Run the commands of the documents, and write what they print."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        document.write_text(with_outputs(text, _outputs(text)), encoding="utf-8")


def _outputs(text: str) -> dict[str, str]:
    outputs = {}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "configs", Path(folder) / "configs")
        (Path(folder) / "bad.yaml").write_text(BAD_CONFIG, encoding="utf-8")
        for command in dict.fromkeys([*shell_commands(text), *(match[1] for match in _BLOCK.finditer(text))]):
            words = [sys.executable, "-m", *shlex.split(command, comments=True)]
            environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
            process = subprocess.run(
                words, cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            outputs[command] = shown_output(process.stdout, process.stderr)
    return outputs
