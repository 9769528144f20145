"""The first trials of a search without a space: changes to the default that were good on other tables.

Each change is relative, so that it suits any table: `width=2` is twice the units that the recipe gives. They
are tried in this order, so that a search that ends early has tried the most promising ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.config import paths
from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.rules.plain_config import value_at
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.model import PiecewiseLinearEmbeddingConfig
from fnnctl.config.schema.recipe_values import epochs_without_twins
from fnnctl.config.schema.section import plain
from fnnctl.config.schema.training import AUTO_BATCH_SIZE

HIDDEN: Final = format_path(paths.HIDDEN)
EMBEDDING: Final = format_path(paths.EMBEDDING)
ACTIVATION: Final = "model.activation"
DROPOUT: Final = "model.dropout"
CATEGORY_ENCODING: Final = format_path(paths.CATEGORY_ENCODING)
TWINS: Final = format_path(paths.TWINS)
EPOCHS: Final = format_path(paths.EPOCHS)
BATCH_SIZE: Final = "training.batch_size"
LEARNING_RATE: Final = format_path(paths.LEARNING_RATE)
L2: Final = "training.l2"
SMOOTHING: Final = "training.label_smoothing"
NO_EMBEDDING: Final = "none"
QUANTILES: Final = {"edges": "quantile", "code": "linear"}
"""Of an embedding with bins between quantiles, as the recipe has it for few rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a trial changes of the default; None and factors of 1 change nothing."""

    width: float = 1
    """The factor of the units of each layer."""
    depth: int | None = None
    rate: float = 1
    """The factor of the learning rate."""
    epochs: float = 1
    """The factor of the recipe's epochs, which are more for a trial that has no twins any more."""
    batch: float = 1
    embedding: bool = True
    """Whether numbers are embedded, if the default embeds them."""
    bins: int | None = None
    size: int | None = None
    edges: str | None = None
    """`quantile` comes with the code that the recipe has beside it for few rows."""
    category_encoding: str | None = None
    twins: bool | None = None
    activation: str | None = None
    dropout: float | None = None
    l2: float | None = None
    smoothing: float | None = None

    def values(self, default: Experiment, space: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The changed settings of a complete `default`, by path; with a `space`, those that it can have.

        A value that the default has is no change.
        """

        def searched(path: str, value: Any) -> Any:
            """The value; None if it is not in the space."""
            is_possible = space is None or (path in space and _is_possible(value, space[path]))
            return value if is_possible else None

        embedding, twins = searched(EMBEDDING, self._embedding(default)), searched(TWINS, self.twins)
        has_twins = default.model.ensemble.plain_twins and twins is not False and embedding != NO_EMBEDDING
        changed = {
            HIDDEN: self._layers(default),
            EMBEDDING: embedding,
            CATEGORY_ENCODING: self.category_encoding,
            TWINS: twins,
            ACTIVATION: self.activation,
            DROPOUT: self.dropout,
            EPOCHS: self._epochs(default, has_twins=has_twins),
            BATCH_SIZE: _scaled(batch_size(default), self.batch),
            LEARNING_RATE: self._rate(default),
            L2: self.l2,
            SMOOTHING: self.smoothing,
        }
        settings = plain(default)
        return {
            path: value
            for path, value in changed.items()
            if searched(path, value) is not None and value != value_at(settings, parse_path(path))
        }

    def _epochs(self, default: Experiment, *, has_twins: bool) -> int | None:
        epochs = default.training.epochs
        if default.model.ensemble.plain_twins and not has_twins:
            epochs = epochs_without_twins(epochs)
        epochs = max(1, round(self.epochs * epochs))
        return None if epochs == default.training.epochs else epochs

    def _rate(self, default: Experiment) -> float | None:
        rate = learning_rate(default)
        return None if rate is None or self.rate == 1 else float(f"{self.rate * rate:.4g}")

    def _layers(self, default: Experiment) -> list[int] | None:
        hidden = default.model.hidden
        if not hidden or (self.width == 1 and self.depth is None):
            return None
        return [max(1, round(self.width * hidden[0].units))] * (self.depth or len(hidden))

    def _embedding(self, default: Experiment) -> Any:
        embedding = default.model.numeric_embedding
        if not isinstance(embedding, PiecewiseLinearEmbeddingConfig):
            return None
        if not self.embedding:
            return NO_EMBEDDING
        changed = {"bins": self.bins, "size": self.size, **(QUANTILES if self.edges == "quantile" else {})}
        update = {name: value for name, value in changed.items() if value is not None}
        changed_embedding = embedding.model_copy(update=update)
        return None if changed_embedding == embedding else embedding_value(changed_embedding)


PORTFOLIO: Final[tuple[Change, ...]] = (
    Change(),
    Change(rate=0.41, epochs=2, bins=32, size=8, activation="tanh", dropout=0.1, l2=1e-06, smoothing=0.0),
    Change(width=4, depth=1, epochs=2, batch=2, twins=False, activation="mish", dropout=0.1, smoothing=0.05),
    Change(rate=0.75, epochs=2, batch=2, embedding=False, smoothing=0.0),
    Change(width=2),
    Change(width=0.5, depth=1, rate=0.69, batch=2, twins=False, activation="mish", smoothing=0.0),
    Change(l2=0.01),
    Change(depth=1, rate=0.29, batch=0.5, embedding=False, activation="selu", l2=1e-06),
    Change(rate=0.5),
    Change(depth=1, rate=0.5, batch=2, twins=False, activation="tanh", smoothing=0.0),
    Change(depth=1, rate=0.69, batch=2, bins=32, size=8, twins=False, dropout=0.1, smoothing=0.05),
    Change(depth=3),
    Change(width=0.5, rate=0.34, twins=False, l2=0.001),
    Change(dropout=0.3),
    Change(smoothing=0.0),
    Change(rate=0.5, epochs=4),
)
"""Selected one by one of 60 configurations, of which 31 are drawn at random, on 51 tables
(`tests/benchmarks/portfolio`): each lowers the loss most of the ensembles that are selected from it and those
before it. Configurations that take more than three times as long as the default are left out.

The first six lower the loss on test rows by 6 % of the default's, the others by what cannot be told from 0.
"""

MANY_ROWS_PORTFOLIO: Final[tuple[Change, ...]] = (
    Change(),
    Change(bins=32, size=8, twins=False),
    Change(rate=0.5, epochs=4),
    Change(activation="tanh"),
    Change(width=2, depth=1, rate=1.91, batch=2, twins=False, activation="tanh", smoothing=0.0),
    Change(edges="quantile"),
    Change(bins=32),
    Change(width=2),
    Change(dropout=0.1),
    Change(depth=1, rate=1.43, epochs=2, activation="mish", l2=1e-06),
)
"""The same for the recipe of many rows, of 44 configurations on eight tables of 10,000 to 75,000 rows.

They lower the loss on test rows by 1 % of the default's; the portfolio of few rows gains nothing there.
"""


def first_trials(
    default: Experiment,
    space: Mapping[str, Any],
    portfolio: Sequence[Change],
    *,
    max_epochs: int | None = None,
) -> list[dict[str, Any]]:
    """The portfolio as values of `search.start_from`: the first of equal entries, those of `space` alone.

    A change of a setting that is not searched is left out; an entry that loses all its changes by that would
    repeat the default.
    """
    entries: list[dict[str, Any]] = []
    for change in portfolio:
        entry = change.values(default, space)
        if max_epochs is not None and EPOCHS in entry:
            entry[EPOCHS] = min(entry[EPOCHS], max_epochs)
        if entry not in entries:
            entries.append(entry)
    return entries


def _is_possible(value: Any, domain: Mapping[str, Any]) -> bool:
    """Whether a domain has a value; numbers outside of a range may be tried all the same."""
    return "choice" not in domain or value in domain["choice"]


def embedding_value(embedding: PiecewiseLinearEmbeddingConfig) -> dict[str, Any]:
    """An embedding of numbers as a config has it."""
    kind = embedding.model_dump(include={"edges", "code"}, exclude_defaults=True)
    return {"name": embedding.name, "bins": embedding.bins, "size": embedding.size, **kind}


def learning_rate(default: Experiment) -> float | None:
    """The learning rate; None if the optimizer has none."""
    rate: float | None = getattr(default.training.optimizer, "learning_rate", None)
    return rate


def batch_size(default: Experiment) -> int:
    """The rows of a step."""
    size = default.training.batch_size
    return size if isinstance(size, int) else AUTO_BATCH_SIZE


def _scaled(value: int, factor: float) -> int | None:
    return None if factor == 1 else max(1, round(factor * value))
