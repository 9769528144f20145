"""A search as a whole: its method, objective, trials and epochs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import islice
from typing import Any, Final

from rich.cells import cell_len

from fnnctl.config.yaml_text import flow_yaml
from fnnctl.records.history import SearchHistory
from fnnctl.records.journal import COMPLETE
from fnnctl.records.standings import can_go_on, leaderboard_table
from fnnctl.records.timeline import Timeline
from fnnctl.records.trials import Result, Status
from fnnctl.report.searched_settings import brief, importances, paths_by_importance, short_names
from fnnctl.report.sections import Command, Excerpt, FactList, Notes, Section, TableSection
from fnnctl.report.summary import Summary
from fnnctl.report.topics.architecture import best_model, reward_facts
from fnnctl.report.topics.audit import audit_json, audit_sections
from fnnctl.report.topics.confirmation import confirmation_json, confirmation_sections
from fnnctl.report.topics.default_trial import own_settings_sentence, recorded_own_settings, ties_sentence
from fnnctl.report.topics.ensemble import ensemble_json
from fnnctl.report.topics.rungs import rungs_json, rungs_table, stops_table
from fnnctl.report.topics.workers import workers_table, workers_words
from fnnctl.report.words import NOTHING, number
from fnnctl.space.layers import UNITS
from fnnctl.store import names
from fnnctl.store.manifest import SearchFacts
from fnnctl.text import bound_prefix, capitalized, counted

TOP: Final = 10
"""The number of leaderboard rows in a report."""
TABLE_WIDTH: Final = 76
"""The leaderboard's width in characters; settings that do not fit are only in leaderboard.csv."""
LAYER_PARTS: Final = (None, (UNITS, "activation"), (UNITS,))
"""The settings of a layer in the leaderboard: all, or the first of these selections that fits."""
GAP: Final = 3


@dataclass(frozen=True, slots=True)
class SearchSections:
    """The sections of a search, by what they are about, in the order in which they are listed.

    Some may be empty.
    """

    overview: tuple[Section, ...]
    winner: tuple[Section, ...]
    command: tuple[Section, ...]
    architecture: tuple[Section, ...]
    confirmation: tuple[Section, ...]
    own_settings: tuple[Section, ...]
    leaderboard: tuple[Section, ...]
    rungs: tuple[Section, ...]
    audit: tuple[Section, ...]
    importance: tuple[Section, ...]
    workers: tuple[Section, ...]


def search_sections(summary: Summary) -> list[Section]:
    """Sections from the journal, the timeline and the manifest's facts; some may be empty."""
    found = grouped_sections(summary)
    return [section for group in fields(found) for section in getattr(found, group.name)] if found else []


def grouped_sections(summary: Summary, *, table_width: int | None = TABLE_WIDTH) -> SearchSections | None:
    """The sections of a search; None for another run.

    The leaderboard is at most `table_width` characters wide; if that is None, it has all settings.
    """
    search, facts = summary.search, summary.manifest.search
    if search is None:
        return None
    best = search.winner
    architecture = tuple(model.lines()) if (model := best_model(summary)) else ()
    return SearchSections(
        overview=(FactList("Search", tuple(_search_facts(search, facts, summary.timeline))),),
        winner=(FactList("Best trial", tuple(_best_facts(summary, search, best)) if best else ()),),
        command=(
            Command("Train it alone", tuple(_command(summary, best)) if best else ()),
            Notes(
                "The weights that it keeps alone", tuple(_kept_alone(best, facts)) if best and facts else ()
            ),
        ),
        architecture=(Excerpt("Its architecture in a config", architecture),),
        confirmation=tuple(confirmation_sections(search)),
        own_settings=(Notes("Against the default settings", tuple(_against_own(summary, search, best))),),
        leaderboard=(
            _leaderboard(search, table_width),
            Notes(
                "Better values after fewer epochs", tuple(_with_fewer_epochs(search, best)) if best else ()
            ),
        ),
        rungs=(rungs_table(search), stops_table(search)),
        audit=tuple(audit_sections(search)),
        importance=(_importance_table(search),),
        workers=(workers_table(summary.timeline),) if summary.timeline else (),
    )


def search_json(summary: Summary) -> dict[str, Any]:
    """The part of `search --json` and `report --json` about the search; empty for other runs.

    `epochs` is the number that the manifest says is planned, or the number granted so far if that is larger.
    """
    search, facts = summary.search, summary.manifest.search
    if search is None:
        return {}
    planned = (facts.epochs if facts else None) or 0
    found = importances(search)
    columns, rows = leaderboard_table(search.trials, search.standings, ())
    return {
        "method": search.method,
        "sampler": search.sampler,
        "objective": {"metric": search.metric, "on": search.part, "direction": search.direction},
        "end": search.end,
        "trials": len(search.trials),
        "trials_by_status": search.statuses,
        "epochs": max(planned, search.granted),
        "epochs_trained": search.trained,
        "epochs_repeated": search.repeated,
        "epochs_saved": sum(each.saved or 0 for each in search.stops),
        "stopped_because": search.stopped_because,
        "best": _best_json(summary, search),
        "own_settings": facts and facts.own_settings and facts.own_settings.model_dump(mode="json"),
        "confirmed": confirmation_json(search),
        "ensemble": ensemble_json(summary),
        "leaderboard": [
            {**row, "configuration": dict(search.trials[row["trial"]].assignment)}
            for row in (dict[str, Any](zip(columns, values, strict=True)) for values in islice(rows, TOP))
        ],
        "rungs": rungs_json(search),
        "stops": [asdict(each) for each in search.stops],
        "audit": audit_json(search),
        "importance": found
        and {
            "epochs": found[0],
            "settings": {name: each and asdict(each) for name, each in found[1].items()},
        },
    }


def _search_facts(
    search: SearchHistory, facts: SearchFacts | None, timeline: Timeline | None
) -> Iterable[tuple[str, str]]:
    if search.method:
        yield "method", search.method + (f" ({search.sampler})" if search.sampler else "")
    place = "over the folds" if search.part == "cross_validation" else f"on the {search.part} part"
    yield "objective", f"{search.metric} {place}, {search.direction}d"
    # Of an unfinished search nobody knows which trials would be trained further.
    words = {} if search.end == COMPLETE else {Status.COMPLETED.value: "with a result so far"}
    counts = ", ".join(f"{count:,} {words.get(status, status)}" for status, count in search.statuses.items())
    yield "trials", f"{len(search.trials):,}" + (f": {counts}" if counts else "")
    if facts and facts.only_configurations is not None:
        yield (
            "space",
            f"only {counted(facts.only_configurations, 'configuration')}, so there are no more trials",
        )
    if facts and facts.saved:
        yield "skipped", f"{counted(facts.saved, 'configuration')} equal to an earlier one"
    planned = ""
    if facts and facts.epochs is not None:
        planned = f"{bound_prefix(facts.epochs_bound)}{facts.epochs:,} planned, "
    unit = "fold-epoch" if search.part == "cross_validation" else "epoch"
    again = f", {counted(search.repeated, unit)} again" if search.repeated else ""
    yield "epochs", f"{planned}{search.granted:,} granted, {search.trained:,} trained{again}"
    if saved := [each.saved for each in search.stops if each.saved is not None]:
        trials = counted(len(saved), "trial")
        yield "stopped by curve", f"{trials}, which saved {counted(sum(saved), 'epoch')}"
    yield from reward_facts(search)
    if timeline:
        yield "workers", workers_words(timeline)
    if search.end:
        stopped = search.stopped_because if search.end == COMPLETE else None
        yield "ended", stopped or search.end


def _best_facts(summary: Summary, search: SearchHistory, best: Result) -> Iterable[tuple[str, str]]:
    yield "trial", f"{best.trial}, after {counted(search.epochs_of(best), 'epoch')}"
    yield search.metric, number(best.objective)
    found = search.confirmation
    refitted = "refitted"
    if names.BEST not in summary.files or summary.has_former_winner:
        refitted = "to be refitted"
    if found and found.chosen:
        kept, seeds = counted(found.chosen.epochs, "epoch"), counted(found.compared_seeds, "seed")
        yield "confirmed", f"{number(found.chosen.mean)} on average over {seeds}"
        yield f"{refitted} for", f"{kept}, the median of the epochs that its networks kept"
    if search.members > 1:
        yield f"{refitted} as", f"an ensemble of {search.members:,} networks"
    if (count := len(search.standings.latest)) > 1 and best is search.standings.incumbent:
        score = "score over the folds" if search.part == "cross_validation" else f"{search.part} score"
        yield "best of", f"{count:,} trials, so its {score} is optimistic"
        own = recorded_own_settings(summary.manifest.search, best)
        if own and (ties := ties_sentence(own)):
            yield "ties", ties
    if summary.has_former_winner:
        known = f"{names.BEST}/ and the metrics below are those of trial {summary.refitted}"
        yield "refitted", f"not yet: {known}"
    if (test := _test_score(summary, search)) is not None:
        yield "on the test part", f"{number(test)} after the refit, not optimistic"
    for path, value in search.trials[best.trial].assignment.items():
        yield path, flow_yaml(value)


def _command(summary: Summary, best: Result) -> Iterable[str]:
    """The command that trains the best trial alone.

    It uses the complete config in the run folder, because the original config may have changed since and the
    search may have had overrides.
    """
    yield f"fnnctl train {shlex.quote(str(summary.path / names.RESOLVED))}"
    for word in summary.set_words(best.trial):
        yield f"--set {shlex.quote(word)}"


def _kept_alone(best: Result, facts: SearchFacts) -> Iterable[str]:
    """Why the command's scores can differ from the objective."""
    kept = facts.kept_alone
    if kept is not None and kept.trial == best.trial:
        epoch = "another epoch may have been" if kept.kept is None else f"epoch {kept.kept:,} was"
        yield (
            f"The objective was measured after epoch {kept.objective_of:,}, but {epoch} the best by what "
            "early stopping monitors. The command restores the weights of the best epoch "
            "(early_stopping.restore_best), so its scores can differ from the objective."
        )


def _against_own(summary: Summary, search: SearchHistory, best: Result | None) -> Iterable[str]:
    """Whether the best trial is better than the default settings."""
    found = recorded_own_settings(summary.manifest.search, best)
    if found is not None:
        sentence = own_settings_sentence(found, search.metric)
        yield f"{capitalized(sentence)}."


def _leaderboard(search: SearchHistory, table_width: int | None) -> TableSection:
    """The best trials, with as many settings as fit, the most important ones first.

    Layers with more settings than fit are shortened, because the architecture is what a search over layers is
    about.
    """
    top, count = search.standings.ranked()[:TOP], len(search.standings.latest)
    columns = [
        ("trial", [str(result.trial) for result in top]),
        (search.metric, [_result_text(result) for result in top]),
        ("epochs", [f"{search.standings.epochs[result.trial]:,}" for result in top]),
    ]
    assignments = [search.trials[result.trial].assignment for result in top]
    width = sum(map(_width, columns))
    paths, settings, is_short = paths_by_importance(search), [], False
    for path, name in zip(paths, short_names(paths), strict=True):
        for parts in LAYER_PARTS:
            texts = [brief(each[path], parts) if path in each else NOTHING for each in assignments]
            if table_width is None or width + _width((name, texts)) <= table_width:
                settings.append((name, texts))
                width += _width((name, texts))
                is_short |= parts is not None
                break
    columns += settings
    rows = tuple(zip(*(texts for _, texts in columns), strict=True))
    title = f"Best of {count:,} trials" if count > TOP else "Leaderboard"
    if left := len(paths) - len(settings):
        title += f"; {counted(left, 'more setting')} in {names.LEADERBOARD}"
    elif is_short:
        title += f"; all settings of the layers are in {names.LEADERBOARD}"
    is_text = [not all(map(_is_number, texts)) for _, texts in columns]
    places = (place for place in range(3, len(columns)) if is_text[place])
    return TableSection(title, tuple(name for name, _ in columns), rows, texts=(0, *places))


def _with_fewer_epochs(search: SearchHistory, best: Result) -> Iterable[str]:
    """Why trials whose objective is better than the best trial's are not the best."""
    loss, standings = search.loss_of(best), search.standings
    contenders = {result.trial for result in standings.contenders()}
    results = [
        result
        for result in standings.ranked()
        if can_go_on(result) and result.trial not in contenders and search.loss_of(result) < loss
    ]
    if results:
        first, count = results[0], len(results)
        trials, verb = counted(count, "trial"), "has" if count == 1 else "have"
        example = f"trial {first.trial}: {number(first.objective)} after {counted(first.budget, 'epoch')}"
        yield (
            f"{trials} {verb} a better {search.metric} than trial {best.trial}, but with fewer epochs "
            f"({example}). The best trial is chosen among those with the most epochs."
        )


def _importance_table(search: SearchHistory) -> TableSection:
    found = importances(search)
    budget, of_settings = found or (0, {})
    known = {name: each for name, each in of_settings.items() if each}
    rows = (
        (name, f"{each.share:.1%}", f"{each.chance:.1%}", f"{each.trials:,}")
        for name, each in sorted(known.items(), key=lambda item: -item[1].share)
    )
    title = f"Importance of the settings after {counted(budget, 'epoch')}"
    return TableSection(title, ("setting", "share", "chance level", "trials"), tuple(rows))


def _best_json(summary: Summary, search: SearchHistory) -> dict[str, Any] | None:
    best = search.winner
    if best is None:
        return None
    return {
        "trial": best.trial,
        "objective": best.objective,
        "best_of": len(search.standings.latest),
        "test_objective": _test_score(summary, search),
        "epochs": search.standings.epochs[best.trial],
        "configuration": dict(search.trials[best.trial].assignment),
        "config": str(summary.path / names.RESOLVED),
        "set": summary.set_words(best.trial),
        "metrics": None if summary.has_former_winner else summary.metrics,
    }


def _test_score(summary: Summary, search: SearchHistory) -> float | None:
    """The objective's metric of the refitted winner on the test part; unlike the objective not optimistic.

    None if there is none, or if another trial is refitted.
    """
    if summary.has_former_winner:
        return None
    score = (summary.part_metrics("test") or {}).get(search.metric)
    return score if isinstance(score, float) else None


def _result_text(result: Result) -> str:
    """The objective, or the status if there is none."""
    return result.status.value if result.objective is None else number(result.objective)


def _is_number(text: str) -> bool:
    """Whether the text of a setting is a number, or stands for none."""
    try:
        float(text)
    except ValueError:
        return text == NOTHING
    return True


def _width(column: tuple[str, Sequence[str]]) -> int:
    name, texts = column
    return GAP + max(map(cell_len, (name, *texts)))
