from __future__ import annotations

import re
from pathlib import Path

from fnnctl.report.comparison.comparison import compare_runs
from fnnctl.report.comparison_report import comparison_report
from tests.report.comparison.written import write_folds, write_part

GOOD = [1] * 97 + [0] * 3
FAIR = [1] * 88 + [0] * 12


def test_the_verdict_comes_first_and_the_figure_stands_in_the_page(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, name, hits) for name, hits in (("a", FAIR), ("b", GOOD))]
    page = comparison_report(compare_runs(runs)).text("html")
    headings = re.findall(r"<h2>([^<]*)</h2>", page)
    assert headings[:4] == ["Verdict", "Runs", "Differences", "Figure"]
    assert page.count("<svg") == 1
    assert "B is better than A by 9.0 points" in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!#)', page)


def test_warnings_and_scores_without_a_spread(tmp_path: Path) -> None:
    runs = [
        write_folds(tmp_path, "a", [0.8, 0.9, 0.7]),
        write_folds(tmp_path, "b", [0.8, 0.9, 0.7], data={"sha256": "f" * 64}),
        write_folds(tmp_path, "c", [0.8, 0.8, 0.8]),
    ]
    page = comparison_report(compare_runs(runs)).text("html")
    assert '<section id="1-accuracy-of-3-runs-1-warnings" class="warning">' in page
    assert page.count("<svg") == 1
