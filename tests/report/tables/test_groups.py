from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.report.content import sections
from fnnctl.report.sections import TableSection
from fnnctl.report.summary import summarize
from fnnctl.store.run import OpenRun


@pytest.mark.parametrize(("brief", "most", "worst"), [(False, 50, 20), (True, 12, 10)])
def test_of_many_classes_the_worst_are_shown(
    start_run: Callable[..., OpenRun], brief: bool, most: int, worst: int
) -> None:
    for count in (most, most + 1):
        run = start_run()
        of_classes: dict[str, dict[str, float | None]] = {
            f"c{k}": {"f1": k / 100, "support": 1} for k in reversed(range(count))
        }
        of_classes["c3"] = {"f1": None, "support": 0}  # no row of this class is found
        run.write_metrics({"train": None, "validation": None, "test": {"per_class": of_classes}})
        found = sections(summarize(run), brief=brief)
        tables = [section for section in found if isinstance(section, TableSection)]
        (classes,) = (table for table in tables if table.title.startswith("Classes on the test part"))
        shown = [row[0] for row in classes.rows]
        if count == most:
            assert shown == list(of_classes)
        else:
            assert classes.title.endswith(f": the {worst} lowest F1 of {count}; metrics.json has all")
            assert shown == [f"c{k}" for k in range(worst + 1) if k != 3]
