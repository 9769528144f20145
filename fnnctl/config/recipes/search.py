"""The recipe of the `search` section: what is searched, and how, in a search without a space.

It varies what the config leaves to the recipe, around the values that `fnnctl train` would use. Its ranges
suit only such a start: a factor of the default is a good value on any table, a number is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.config.paths import MAX_ROWS, ConfigPath, format_path, parse_path
from fnnctl.config.recipes.portfolio import (
    ACTIVATION,
    BATCH_SIZE,
    CATEGORY_ENCODING,
    DROPOUT,
    EMBEDDING,
    EPOCHS,
    HIDDEN,
    L2,
    LEARNING_RATE,
    MANY_ROWS_PORTFOLIO,
    NO_EMBEDDING,
    PORTFOLIO,
    QUANTILES,
    SMOOTHING,
    TWINS,
    batch_size,
    embedding_value,
    first_trials,
    learning_rate,
)
from fnnctl.config.recipes.written import gives
from fnnctl.config.rules.plain_config import value_at
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.model import PiecewiseLinearEmbeddingConfig
from fnnctl.config.schema.recipe_values import RecipeFacts, has_many_rows, hidden_units
from fnnctl.config.schema.validation_schemes import ValidationScheme
from fnnctl.metrics.class_metrics import LOG_LOSS
from fnnctl.metrics.metric import CLASSIFICATION

EMBEDDINGS: Final = ((8, 4), (16, 4), (32, 4), (32, 8))
"""The bins and the sizes of the embeddings that are tried, beside the default's.

Judgement: half, once and twice the default's 16 bins, and twice its size; the portfolio's candidates have
these, too. Gorishniy et al. (2022), who proposed such embeddings, tune both over wider ranges.
"""
ACTIVATIONS: Final = ("relu", "mish", "selu", "tanh")
"""Those of the portfolio's candidates, each of which is in an entry that was selected."""
NARROWER, WIDER, DEEPEST = 2, 4, 3
"""How many times narrower and wider than the default's layers may be, and how many there may be.

Those of the portfolio's candidates; judgement.
"""
RATE_FACTOR: Final = 4
"""How many times higher or lower the learning rate may be.

Judgement: the portfolio's candidates go from a quarter to twice the default's.
"""
FEWER_EPOCHS, MORE_EPOCHS = 2, 4
"""How many times fewer or more than the default's epochs may be.

The portfolio has up to four times as many; half as many is judgement.
"""
BATCH_FACTORS: Final = (0.5, 1, 2)
"""Those of the portfolio's candidates; judgement."""
MOST_DROPOUT: Final = 0.5
"""The rate of hidden layers where dropout was proposed (Srivastava et al., 2014), and the most that Gorishniy
et al. (2021) tune it to; the portfolio's candidates go up to 0.35."""
MOST_SMOOTHING: Final = 0.2
"""Judgement: twice the default's 0.1."""
L2_RANGE: Final = (1e-6, 1e-2)
"""From 1e-6, as Gorishniy et al. (2021) tune the weight decay, to the largest penalty of the portfolio."""

ROWS_FOR_RUNGS: Final = 20_000
"""With more rows, trials are compared at a ninth and a third of their epochs, too.

Judgement: an epoch takes long there.
"""
SAMPLED_FROM: Final = 100_000
"""With at least this number of rows outside the test part, a few configurations are tried on a sample first.

Measured: with 200,000, as at first, a search of fewer rows took longer than one of more.
"""
SAMPLE_ROWS: Final = 50_000
"""Judgement: a sample of half of the fewest rows that are sampled."""
TRIED_ON_SAMPLE: Final = 6
"""The number of the portfolio's configurations that are tried on the sample.

Two of them are then trained on all rows, beside the default.

Judgement: on 51 tables, the ensembles of six gained four fifths of what those of 37 gained in log loss.
"""
TRIALS_WITH_SAMPLE: Final = TRIED_ON_SAMPLE + 2 + 1
"""The trials on a sample and those on all rows."""
SAMPLE_FIRST: Final = {"scheduler": "full_budget", "sampler": "sample_first"}
ETA: Final = 3
RUNGS: Final = 2
"""The number of rungs below the largest budget."""
ENSEMBLE_SIZE: Final = 25
"""The rounds of the greedy ensemble (Caruana et al., 2004) of trials that are ensembles; judgement."""
ENSEMBLE_SIZE_VALIDATION: Final = 8
"""Validation rows are fewer, so that more rounds would overfit them; judgement."""

ROWS_PER_TRIAL: Final = 8
"""There is one more trial per this number of rows: with few rows the best of many trials is the luckiest.

Judgement: below 500 rows, the best of 14 trials was measured 0.7 points too well, beyond 1,500 rows 0.1.
"""
FEWEST_TRIALS, MOST_TRIALS = 12, 150
"""Judgement; this number of trials takes about five minutes: see `USUAL_ROWS`."""
USUAL_ROWS: Final = 5_000
"""The rows with which a search costs as much as `MOST_TRIALS` trainings: about five minutes on two cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRecipeFacts:
    """What the recipe of a search depends on."""

    recipe: RecipeFacts
    default: Experiment
    """The experiment that `fnnctl train` trains; for trials on validation rows, with the recipe for them."""
    set_paths: Sequence[ConfigPath]
    """The settings that the config itself sets: they are neither searched nor changed."""
    scheme: ValidationScheme
    """Where trials are measured."""
    max_epochs: int | None = None
    """The most epochs of a trial, if the config says so."""
    tries_sample: bool = False
    """Whether configurations are tried on a sample of the rows first: see `why_no_sample`."""

    @property
    def embedding(self) -> PiecewiseLinearEmbeddingConfig | None:
        """The embedding of numbers; None if there is none."""
        embedding = self.default.model.numeric_embedding
        return embedding if isinstance(embedding, PiecewiseLinearEmbeddingConfig) else None


def why_no_sample(
    rows: int,
    set_paths: Sequence[ConfigPath],
    written: Mapping[str, Any],
    *,
    max_trials: int | None = None,
) -> str | None:
    """Why no configurations are tried on a sample first; None if they are, as with at least `SAMPLED_FROM`
    `rows` outside the test part.

    What is `written` in the `search` section may ask for other trials. With too small a `max_trials`, none
    would be left for all rows.
    """
    if rows < SAMPLED_FROM:
        return f"{rows:,} rows outside the test part are fewer than {SAMPLED_FROM:,}"
    if gives(list(set_paths), MAX_ROWS):
        return f"{format_path(MAX_ROWS)} is set"
    for name in ("trials", "start_from"):
        if name in written:
            return f"search.{name} is set"
    if written.get("method", SAMPLE_FIRST) != SAMPLE_FIRST:
        return "search.method is not {scheduler: full_budget, sampler: sample_first}"
    if max_trials is not None and max_trials < TRIALS_WITH_SAMPLE:
        return f"{max_trials:,} trials are fewer than {TRIALS_WITH_SAMPLE}"
    return None


def recipe_space(facts: SearchRecipeFacts) -> dict[str, Any]:
    """The domains by path: those that suit the table, without what the config sets."""
    domains = {
        EMBEDDING: _embeddings(facts),
        TWINS: _twins(facts),
        HIDDEN: _layers(facts),
        ACTIVATION: {"choice": list(ACTIVATIONS)},
        DROPOUT: {"uniform": [0.0, MOST_DROPOUT]},
        LEARNING_RATE: _rates(facts),
        L2: {"log_uniform": list(L2_RANGE)},
        SMOOTHING: _smoothing(facts),
        BATCH_SIZE: _batch_sizes(facts),
        EPOCHS: _epochs(facts),
        CATEGORY_ENCODING: _encodings(facts),
    }
    return {
        path: domain
        for path, domain in domains.items()
        if domain is not None and not gives(list(facts.set_paths), parse_path(path))
    }


def recipe_section(facts: SearchRecipeFacts, space: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the `search` section for a space, without the budget, which depends on its cost.

    Classifiers are compared by the log loss: an accuracy has few values on few rows, and of 30 configurations
    of 41 tables the one with the best log loss was the more accurate one on other rows, too.
    """
    trains_ensembles = facts.scheme.trains_ensembles
    size = ENSEMBLE_SIZE if trains_ensembles else ENSEMBLE_SIZE_VALIDATION
    many = facts.recipe.rows > ROWS_FOR_RUNGS
    metric = LOG_LOSS.name if trains_ensembles and facts.recipe.task == CLASSIFICATION else None
    portfolio = MANY_ROWS_PORTFOLIO if has_many_rows(facts.recipe) else PORTFOLIO
    first = first_trials(facts.default, space, portfolio, max_epochs=facts.max_epochs)
    method, domains = {"scheduler": "asha" if many else "full_budget", "sampler": "auto"}, dict(space)
    if facts.tries_sample:
        path = format_path(MAX_ROWS)
        method = SAMPLE_FIRST
        # The default on all rows is what `train` gives, with which the search is compared. It is the last of
        # them, so that a search that soon runs out of time has results.
        first = [*({path: SAMPLE_ROWS, **entry} for entry in first[:TRIED_ON_SAMPLE]), first[0]]
        domains = {path: {"choice": [None, SAMPLE_ROWS]}, **domains}
    return {
        "method": method,
        "objective": {"on": facts.scheme.name, **({} if metric is None else {"metric": metric})},
        "start_from": first,
        "ensemble": None if facts.scheme.no_ensemble else {"size": size},
        "space": domains,
    }


def recipe_rungs(facts: SearchRecipeFacts, section: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `search.budget` that give the rungs of the recipe's method; none if it has no rungs."""
    if section["method"]["scheduler"] != "asha":
        return {}
    epochs = max(section["space"].get(EPOCHS, {}).get("log_integer", [facts.default.training.epochs]))
    largest = min(epochs, value_at(section, ("budget", "max_epochs")) or epochs)
    return {"reduction_factor": float(ETA), "min_epochs": max(1, largest // ETA**RUNGS)}


def recipe_trials(rows: int) -> int:
    """The most trials."""
    return min(MOST_TRIALS, max(FEWEST_TRIALS, rows // ROWS_PER_TRIAL))


def recipe_cost(rows: int, default_cost: int) -> int:
    """The cost of a search if that of the default trial is `default_cost`.

    The search takes as many times as long as the default, but fewer times for many rows: its time grows with
    the root of theirs.
    """
    times = MOST_TRIALS * math.sqrt(USUAL_ROWS / max(1, rows))
    return round(min(MOST_TRIALS, max(FEWEST_TRIALS, times)) * default_cost)


def _embeddings(facts: SearchRecipeFacts) -> dict[str, Any] | None:
    if facts.embedding is None:
        return None
    default = facts.embedding
    pairs = sorted({(default.bins, default.size), *EMBEDDINGS})
    embeddings = [default.model_copy(update={"bins": bins, "size": size}) for bins, size in pairs]
    if default.edges == "target":
        embeddings.append(default.model_copy(update=QUANTILES))
    return {"choice": [NO_EMBEDDING, *map(embedding_value, embeddings)]}


def _encodings(facts: SearchRecipeFacts) -> dict[str, Any] | None:
    """Those of columns of many categories, if the default gives them statistics of the target."""
    encoding = facts.default.data.category_encoding
    return {"choice": [encoding, "one_hot"]} if encoding != "one_hot" else None


def _twins(facts: SearchRecipeFacts) -> dict[str, Any] | None:
    """Twins differ from members by the embedding; no regression gains by them."""
    if facts.embedding is None or not facts.scheme.trains_ensembles or facts.recipe.task == "regression":
        return None
    is_searched = not gives(list(facts.set_paths), parse_path(EMBEDDING))
    condition = {"when": {f"{EMBEDDING}.name": facts.embedding.name}} if is_searched else {}
    return {"choice": [True, False], **condition}


def _layers(facts: SearchRecipeFacts) -> dict[str, Any] | None:
    hidden = facts.default.model.hidden
    if not hidden:
        return None
    units = hidden[0].units
    widest = max(units, hidden_units(facts.recipe, WIDER * units))
    return {"depth": [1, DEEPEST], "width": [max(1, units // NARROWER), widest], "log": True}


def _rates(facts: SearchRecipeFacts) -> dict[str, Any] | None:
    rate = learning_rate(facts.default)
    return None if not rate else {"log_uniform": [rate / RATE_FACTOR, rate * RATE_FACTOR]}


def _smoothing(facts: SearchRecipeFacts) -> dict[str, Any] | None:
    return None if facts.recipe.task == "regression" else {"uniform": [0.0, MOST_SMOOTHING]}


def _batch_sizes(facts: SearchRecipeFacts) -> dict[str, Any]:
    size = batch_size(facts.default)
    return {"choice": sorted({max(1, round(factor * size)) for factor in BATCH_FACTORS})}


def _epochs(facts: SearchRecipeFacts) -> dict[str, Any] | None:
    """The epochs of ensembles: other trials have the epochs of `search.budget`.

    If these are fewer than the default's, they are those of all trials: the default would be none of them.
    """
    epochs = facts.default.training.epochs
    fewest, most = max(1, epochs // FEWER_EPOCHS), MORE_EPOCHS * epochs
    if facts.max_epochs is not None:
        most = min(most, facts.max_epochs)
    is_searched = facts.scheme.trains_ensembles and epochs <= most and fewest < most
    return {"log_integer": [fewest, most]} if is_searched else None
