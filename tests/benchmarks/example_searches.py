"""The searches of configs/ beside `fnnctl train` with the plain example of the same data.

    python -m tests.benchmarks.example_searches run --cache FILE [--only digits-bayes,wine-grid] [--seeds 0-9]
        [--workers 1]
    python -m tests.benchmarks.example_searches report --cache FILE [--seeds 0-9]

Each seed is a `data.split.seed`. The search and the training get the same test rows; the search is scored by
what it stands for afterwards: its ensemble, or its winner, trained again. FILE has a line per result, which
counts as long as the config does not change; an interrupted run goes on where it was.

The settings of an example are chosen on seeds from 100 on, and judged on seeds 0 to 9.
`report` prints the differences in points with the interval of the corrected resampled t-test, the upper 95 %
limit of the loss (one-sided), and whether this is at most half a point.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import yaml

from fnnctl.metrics.paired import PairedTest, paired_test
from fnnctl.metrics.resampling import corrected_deviation, student_quantile
from tests.benchmarks.commands import CONFIGS, fnnctl
from tests.benchmarks.kept_lines import append_line, read_lines

PLAIN = {
    "diabetes": "diabetes",
    "digits-bayes": "digits",
    "digits-bohb": "digits",
    "digits-ensemble": "digits",
    "digits-evolution": "digits",
    "digits-halving": "digits",
    "digits-hyperband": "digits",
    "digits-nas": "digits",
    "penguins-random": "penguins",
    "wine-confirm": "wine",
    "wine-grid": "wine",
}
"""The plain example of each search; grid-2520 trains 35,000 networks and is not measured."""
MAX_LOSS = 0.5
"""How much worse than the plain training a search may be, in points."""
SEEDS = range(10)
COUNTED = {"accuracy": "accuracy", "r2": "R²"}
"""The metric that is compared, by its name in metrics.json."""


class Key(NamedTuple):
    """What is measured once."""

    command: str
    """`search` or `train`."""
    example: str
    digest: str
    """Of the config's settings, without its comments."""
    seed: int


class Result(NamedTuple):
    """One search or training."""

    metric: str
    score: float
    """On the test part."""
    test_share: float
    """Test rows per row outside the test part."""
    seconds: float
    """Of a processor, for the whole command: what it takes with one worker on an idle machine."""


def read_results(cache: Path) -> dict[Key, Result]:
    return {Key(*entry["key"]): Result(*entry["result"]) for entry in read_lines(cache)}


def pair_of(example: str, seed: int) -> tuple[Key, Key]:
    """The search and the training of an example and a split."""
    search, train = (
        Key(command, name, _digest(name), seed)
        for command, name in (("search", example), ("train", PLAIN[example]))
    )
    return search, train


def _digest(example: str) -> str:
    settings = yaml.safe_load((CONFIGS / f"{example}.yaml").read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]


def measure(key: Key, workers: int) -> Result:
    """Run the command as a user would, in a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        words = [key.command, str(CONFIGS / f"{key.example}.yaml"), "--quiet", "--no-figures"]
        words += ["--workers", str(workers)] if key.command == "search" else []
        ended = fnnctl(*words, "--runs-dir", folder, "--set", f"data.split.seed={key.seed}")
        (manifest,) = Path(folder).glob("*/manifest.json")
        parts = (manifest.parent / name for name in ("ensemble", "best", ""))
        model = next(part for part in parts if (part / "metrics.json").exists())
        test = json.loads((model / "metrics.json").read_text(encoding="utf-8"))["test"]
        rows = json.loads(manifest.read_text(encoding="utf-8"))["data"]["rows"]
    metric = next(name for name in COUNTED if name in test)
    test_share = test["support"] / (rows - test["support"])
    return Result(metric, test[metric], test_share, ended.processor_seconds)


def compare(
    searched: Sequence[float], trained: Sequence[float], test_share: float
) -> tuple[PairedTest, float]:
    """The test of scores on the same splits, in points, and how many points the search loses at most.

    The latter is the one-sided upper 95 % limit; it is negative if the search surely gains.
    """
    points = [[100 * score for score in scores] for scores in (searched, trained)]
    losses = [train - search for search, train in zip(*points, strict=True)]
    half_width = student_quantile(0.95, len(losses) - 1) * corrected_deviation(losses, test_share)
    return paired_test(*points, test_share=test_share), statistics.fmean(losses) + half_width


def report(results: Mapping[Key, Result], seeds: Sequence[int]) -> list[str]:
    """A Markdown table, one row per example of which two seeds or more are measured."""
    lines = [
        "| example | splits | metric | `train` | search | difference in points | loses at most"
        f" | at most {MAX_LOSS} | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for example in PLAIN:
        keys = [pair for pair in (pair_of(example, seed) for seed in seeds) if set(pair) <= results.keys()]
        if len(keys) < 2:
            continue
        searches, trainings = ([results[key] for key in side] for side in zip(*keys, strict=True))
        searched, trained = ([result.score for result in side] for side in (searches, trainings))
        test, loss_limit = compare(searched, trained, searches[0].test_share)
        interval = f" [{test.ci95[0]:+.2f}, {test.ci95[1]:+.2f}]" if test.ci95 else ""
        lines.append(
            f"| {example} | {len(keys)} | {COUNTED[searches[0].metric]}"
            f" | {statistics.fmean(trained):.4f} | {statistics.fmean(searched):.4f}"
            f" | {test.difference:+.2f}{interval} | {loss_limit:.2f}"
            f" | {'yes' if loss_limit <= MAX_LOSS else 'no'}"
            f" | {statistics.median(result.seconds for result in searches):.0f} |"
        )
    return lines


def _run(options: argparse.Namespace) -> None:
    results = read_results(options.cache)
    for example, seed in product(options.only, options.seeds):
        for key in pair_of(example, seed):
            if key not in results:
                results[key] = result = measure(key, options.workers)
                append_line(options.cache, {"key": key, "result": result})
                told = f"{result.score:.4f}, {result.seconds:.1f} s"
                print(f"{key.command} {key.example}, seed {key.seed}: {told}", file=sys.stderr, flush=True)


def _seeds(text: str) -> Sequence[int]:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _examples(text: str) -> list[str]:
    if unknown := set(names := text.split(",")) - set(PLAIN):
        raise argparse.ArgumentTypeError(f"no example {min(unknown)!r}; there are {', '.join(PLAIN)}")
    return names


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "report"])
    parser.add_argument("--cache", type=Path, required=True, help="the file that gets the results")
    parser.add_argument("--only", type=_examples, default=list(PLAIN), help="names of examples")
    parser.add_argument("--seeds", type=_seeds, default=SEEDS, help="split seeds, as in 0-9")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(words)
    if options.what == "run":
        _run(options)
    print("\n".join(report(read_results(options.cache), options.seeds)))


if __name__ == "__main__":
    main()
