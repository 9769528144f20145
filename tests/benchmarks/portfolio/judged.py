"""Runs fnnctl with the portfolio that was selected without a table, to judge the search on that table.

    python -m tests.benchmarks.portfolio.judged FILE TABLE search CONFIG …

FILE is what `python -m tests.benchmarks.portfolio select --folds FILE` has written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from fnnctl.cli import run
from fnnctl.config.recipes import search
from fnnctl.config.recipes.portfolio import Change


def main(words: Sequence[str]) -> int:
    file, table, *command = words
    portfolios = json.loads(Path(file).read_text(encoding="utf-8"))
    portfolio = tuple(Change(**fields) for fields in portfolios[table])
    # Their names are final, and nothing else than this benchmark replaces them.
    vars(search).update(PORTFOLIO=portfolio, MANY_ROWS_PORTFOLIO=portfolio)
    return run(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
