"""The importance of the columns for `report --json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fnnctl.metrics.feature_importance.importances import FeatureImportances


def importance_json(importances: FeatureImportances | None) -> dict[str, Any]:
    """The keys of a run's entry; none if the importances were not measured."""
    if importances is None:
        return {}
    return {
        "feature_importance": [
            {
                "column": each.column,
                **{metric: found and asdict(found) for metric, found in each.estimates.items()},
                "correlated_with": each.correlated and each.correlated[0],
                "correlation": each.correlated and each.correlated[1],
            }
            for each in importances.columns
        ],
        "feature_importance_rows": {
            "part": importances.part,
            "rows": importances.rows,
            "repeats": importances.repeats,
        },
    }
