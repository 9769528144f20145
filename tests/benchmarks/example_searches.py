"""The searches of configs/ beside `fnnctl train` with the plain example of the same data.

    python -m tests.benchmarks.example_searches run --cache FILE [--only digits-bayes,wine-grid] [--seeds 0-9]
        [--held-out] [--workers 1]
    python -m tests.benchmarks.example_searches report --cache FILE [--seeds 0-9] [--held-out]

Each seed is a `data.split.seed`. The search and the training get the same test rows; the search is scored by
what it stands for afterwards: its ensemble, or its winner, trained again. FILE has a line per result, which
counts as long as the config does not change; an interrupted run goes on where it was.

The settings of an example are chosen with `--held-out` and seeds from 100 on: the table is then what is left
outside the test part of the seed, and is divided once more. They are judged without it, on seeds 0 to 9.
`report` prints the differences in points with the interval of the corrected resampled t-test, the upper 95 %
limit of the loss (one-sided), and whether this is at most half a point.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from fnnctl.data.builtin import BUILTIN, builtin_path
from fnnctl.metrics.paired import PairedTest, paired_test
from fnnctl.metrics.resampling import corrected_deviation, student_quantile
from fnnctl.modelling.loading import load_experiment
from tests.benchmarks.measuring import processor_seconds

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"
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
    held_out: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One search or training."""

    key: Key
    metric: str
    score: float
    """On the test part."""
    test_share: float
    """Test rows per row outside the test part."""
    seconds: float
    """Of a processor, for the whole command: what it takes with one worker on an idle machine."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A search beside the plain training on the same splits."""

    example: str
    metric: str
    searched: tuple[float, ...]
    trained: tuple[float, ...]
    test_share: float
    seconds: float
    """The median of the searches."""

    @property
    def test(self) -> PairedTest:
        """Of the differences in points, search minus training."""
        searched, trained = ([100 * score for score in scores] for scores in (self.searched, self.trained))
        return paired_test(searched, trained, test_share=self.test_share)

    @property
    def loss_limit(self) -> float:
        """The one-sided upper 95 % limit of the points that the search loses; negative if it surely gains."""
        losses = [
            100 * (trained - searched) for searched, trained in zip(self.searched, self.trained, strict=True)
        ]
        half_width = student_quantile(0.95, len(losses) - 1) * corrected_deviation(losses, self.test_share)
        return statistics.fmean(losses) + half_width


def digest_of(example: str) -> str:
    settings = yaml.safe_load((CONFIGS / f"{example}.yaml").read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]


def read_results(cache: Path) -> dict[Key, Result]:
    lines = cache.read_text(encoding="utf-8").splitlines() if cache.exists() else []
    results = (Result(**{**entry, "key": Key(*entry["key"])}) for entry in map(json.loads, lines))
    return {result.key: result for result in results}


def measure(key: Key, workers: int) -> Result:
    """Run the command as a user would, in a folder that is deleted afterwards."""
    config = CONFIGS / f"{key.example}.yaml"
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        words = [key.command, str(config), "--quiet", "--no-figures", "--runs-dir", str(runs)]
        words += ["--workers", str(workers)] if key.command == "search" else []
        settings = [f"data.split.seed={key.seed}"]
        if key.held_out:
            settings += write_outside_test(config, key.seed, Path(folder) / "outside.csv")
        for setting in settings:
            words += ["--set", setting]
        begun = processor_seconds()
        command = [sys.executable, "-m", "fnnctl", *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        seconds = processor_seconds() - begun
        (run,) = runs.glob("*/manifest.json")
        return read_run(run.parent, key, seconds)


def write_outside_test(config: Path, seed: int, path: Path) -> list[str]:
    """Write the rows outside the test part of the seed; return the settings that read them."""
    loaded = load_experiment(config, [f"data.split.seed={seed}"])
    source = loaded.experiment.data.source
    with builtin_path(source) as table:
        text = (gzip.decompress if table.suffix == ".gz" else bytes)(table.read_bytes()).decode()
    header, *rows = csv.reader(text.splitlines())
    if len(rows) != len(loaded.data):
        raise ValueError(f"{source}: {len(loaded.data)} of {len(rows)} rows have a target")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *(rows[row] for row in loaded.split().non_test)])
    return [f"data.source={path}", f"data.target={BUILTIN[source].target}"]


def read_run(folder: Path, key: Key, seconds: float) -> Result:
    parts = (folder / "ensemble", folder / "best", folder)
    model = next(part for part in parts if (part / "metrics.json").exists())
    test = json.loads((model / "metrics.json").read_text(encoding="utf-8"))["test"]
    metric = next(name for name in COUNTED if name in test)
    rows = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["data"]["rows"]
    return Result(key, metric, test[metric], test["support"] / (rows - test["support"]), seconds)


def keys(examples: Iterable[str], seeds: Sequence[int], held_out: bool) -> Iterator[tuple[Key, Key]]:
    """The search and the training of each example and seed."""
    for example in examples:
        for seed in seeds:
            plain = PLAIN[example]
            yield (
                Key("search", example, digest_of(example), seed, held_out),
                Key("train", plain, digest_of(plain), seed, held_out),
            )


def compare(results: Mapping[Key, Result], seeds: Sequence[int], held_out: bool) -> list[Comparison]:
    """One per example of which two seeds or more are measured."""
    comparisons = []
    for example in PLAIN:
        pairs = [
            (results[search], results[train])
            for search, train in keys([example], seeds, held_out)
            if search in results and train in results
        ]
        if len(pairs) < 2:
            continue
        comparisons.append(
            Comparison(
                example,
                pairs[0][0].metric,
                tuple(search.score for search, _ in pairs),
                tuple(train.score for _, train in pairs),
                pairs[0][0].test_share,
                statistics.median(search.seconds for search, _ in pairs),
            )
        )
    return comparisons


def report(comparisons: Sequence[Comparison]) -> list[str]:
    """A Markdown table, one row per example."""
    lines = [
        "| example | splits | metric | `train` | search | difference in points | loses at most"
        f" | at most {MAX_LOSS} | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for comparison in comparisons:
        test = comparison.test
        interval = f" [{test.ci95[0]:+.2f}, {test.ci95[1]:+.2f}]" if test.ci95 else ""
        verdict = "yes" if comparison.loss_limit <= MAX_LOSS else "no"
        lines.append(
            f"| {comparison.example} | {len(comparison.searched)} | {COUNTED[comparison.metric]}"
            f" | {statistics.fmean(comparison.trained):.4f} | {statistics.fmean(comparison.searched):.4f}"
            f" | {test.difference:+.2f}{interval} | {comparison.loss_limit:.2f} | {verdict}"
            f" | {comparison.seconds:.0f} |"
        )
    return lines


def _run(options: argparse.Namespace) -> None:
    results = read_results(options.cache)
    for pair in keys(options.only, options.seeds, options.held_out):
        for key in pair:
            if key in results:
                continue
            results[key] = result = measure(key, options.workers)
            with options.cache.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(asdict(result))}\n")
            print(
                f"{key.command} {key.example}, seed {key.seed}: {result.score:.4f}, {result.seconds:.1f} s",
                file=sys.stderr,
                flush=True,
            )


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
    parser.add_argument("--held-out", action="store_true", help="leave the test rows out of the table")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(words)
    if options.what == "run":
        _run(options)
    print("\n".join(report(compare(read_results(options.cache), options.seeds, options.held_out))))


if __name__ == "__main__":
    main()
