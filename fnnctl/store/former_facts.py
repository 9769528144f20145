"""Facts that manifests of versions before 0.7 have under other names or in another form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnnctl.store.former_sentences import warning_kinds


def in_present_form(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facts of a manifest under their present names.

    Parts that are damaged stay as they are: the manifest's validation says what is wrong with them.
    """
    present = dict(manifest)
    for name, convert in (("search", _search), ("selection", _selection)):
        if isinstance(part := manifest.get(name), Mapping):
            present[name] = convert(part)
    warnings, kinds = (manifest.get(name, []) for name in ("warnings", "warning_kinds"))
    if isinstance(warnings, list) and isinstance(kinds, list) and len(warnings) != len(kinds):
        present["warning_kinds"] = warning_kinds(warnings)
    return present


def _search(search: Mapping[str, Any]) -> Mapping[str, Any]:
    present = dict(search)
    if "kept_alone" in present:
        present["restored_weights"] = present.pop("kept_alone")
    if "own_settings" in present:
        present["default_trial"] = _at_end(present.pop("own_settings"), search.get("best"))
    return present


def _at_end(comparison: Any, best: Any) -> Any:
    """The comparison of the `best` trial with the default trial, without objectives of before its end.

    A confirmation compares the two after equal numbers of epochs; its p is corrected for no other trials.
    """
    match comparison, best:
        case (
            {"objectives": [objective, _], "budget": int(budget), "compared": int(compared)},
            {"objective": objective_at_end, "epochs": int(epochs)},
        ) if compared and (budget < epochs or objective != objective_at_end):
            return {**comparison, "objectives": None, "budget": None, "p": None, "compared": 0}
    return comparison


def _selection(selection: Mapping[str, Any]) -> Mapping[str, Any]:
    """The selection of an ensemble on bags: its comparison with the default trial was among its facts.

    One with a default trial of other epochs than those of the config is left out.
    """
    match selection:
        case {"default": {"metrics": [*metrics], "epochs": None} as comparison, **others}:
            return {
                **others,
                "compared_with_default": {
                    "outcome": "compared" if comparison.get("at_end", True) else "no_time",
                    "trial": comparison.get("trial"),
                    "rows": comparison.get("rows"),
                    "metrics": [_metric(metric) for metric in metrics],
                },
            }
        case {"default": _, **others}:
            return others
    return selection


def _metric(metric: Any) -> Any:
    match metric:
        case {"ensemble": value, **others}:
            return {**others, "search": value}
    return metric
