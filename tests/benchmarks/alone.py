"""One network at a time against scikit-learn's MLPClassifier: the same data, epochs, batches and optimizer.

    python -m tests.benchmarks.alone

float32, hidden 100, Adam, batch 200, one BLAS thread, runs interleaved. Prints medians and ratios. More
networks, data sets and libraries are in tests/benchmarks/engine; here is what it costs to record the
gradient's norm and the units' activity.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from tests.benchmarks.engine import ours
from tests.benchmarks.engine.contest import present
from tests.benchmarks.engine.trained import seconds_of
from tests.benchmarks.engine.work import cell
from tests.benchmarks.measuring import interleaved

STEPS, RUNS = 400, 7


def main() -> None:
    peers = present(("scikit-learn",))
    if not peers:
        raise SystemExit("there is nothing to compare with: pip install '.[test]'")
    print(
        f"{'data':8} {'steps':>6} {'scikit-learn':>13} {'fnnctl':>8} {'ratio':>6} {'watched':>8} {'ratio':>6}"
    )
    print(f"{'':8} {'':>6} {'µs a step':>13} {'':>8} {'':>6} {'':>8}")
    for source in ("iris", "digits"):
        work = cell(source, "100", steps=STEPS)
        trainers = {
            "theirs": peers["scikit-learn"].trainers(work, 1)[""],
            "ours": ours.trainer(work, 1),
            "diagnosed": ours.trainer(work, 1, diagnose=True),
        }
        medians = interleaved({name: seconds_of(train) for name, train in trainers.items()}, RUNS)
        theirs, own, watched = (seconds / work.steps * 1e6 for seconds in medians.values())
        print(
            f"{source:8} {work.steps:6} {theirs:13.0f} {own:8.0f} {theirs / own:6.1f}"
            f" {watched:8.0f} {theirs / watched:6.1f}"
        )


if __name__ == "__main__":
    main()
