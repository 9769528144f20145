"""scikit-learn's cross-validation in a process of its own: its threads would keep ours from forking workers.

python -m tests.benchmarks.engine.their_folds EPOCHS

For each line that comes in it cross-validates once, and answers with a line: the seconds and the accuracies.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.benchmarks.engine import folds


@contextmanager
def apart(scores: folds.Scores, *, epochs: int) -> Iterator[Callable[[], float]]:
    """What gives the seconds of a cross-validation in a process that lives as long as the block."""
    command = [sys.executable, "-m", "tests.benchmarks.engine.their_folds", str(epochs)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=folds.ROOT) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process has no pipes")
        stdin, stdout = process.stdin, process.stdout

        def measure() -> float:
            print(file=stdin, flush=True)
            answer = json.loads(stdout.readline())
            scores.accuracies = answer["accuracies"]
            return float(answer["seconds"])

        try:
            yield measure
        finally:
            stdin.close()


def main() -> None:
    scores = folds.Scores()
    validation = folds.prepared(int(sys.argv[1]))
    measure = folds.their_cross_validation(validation, scores)
    for _ in sys.stdin:
        seconds = measure()
        print(json.dumps({"seconds": seconds, "accuracies": scores.accuracies}), flush=True)


if __name__ == "__main__":
    main()
