"""What the recipes give settings, as functions of a table's facts.

`default` is the most accurate network in the time that a user waits, `fast` a quick one.

A setting's field names its function. A value that the experiment's own settings or its data refuse is left
out, so no function needs to say when it is possible.

Several parts are those of RealMLP (Holzmüller et al., 2024); the embedding of numbers is that of Gorishniy et
al. (2022). `tests/benchmarks/recipe` measures what each part gains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fnnctl.metrics.metric import REGRESSION
from fnnctl.metrics.registry import CALIBRATED_LOSS, metric_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeFacts:
    """What a recipe's values may depend on: nothing else, so that equal facts give equal settings."""

    task: str
    """`classification`, `regression`, or `several` targets."""
    rows: int
    """Rows with a target, without those of a test file. It is the same for every split and every fold."""
    numeric: int
    """The number of numeric columns."""
    indicators: int
    """The number of numeric columns with missing values, at most."""
    categories: int
    """The number of features that categorical columns become, at most."""
    outputs: int
    """The number of classes; 1 in a regression."""
    metric: str
    """The objective of the search; without a search or with one on bags, the task's default."""
    output: str = "auto"
    """The output that the config asks for, which is the default of the task if it asks for none."""
    many_categories: bool = False
    """Whether a column has so many categories that it may have statistics of the target."""
    has_search: bool = False
    """Whether there is a search whose trials are trained for equal epochs: one that is not on bags."""
    may_have_twins: bool = True
    """Whether the config leaves room for plain twins."""
    has_numbers: bool = False
    """Whether some of several targets are numbers."""
    is_warm_started: bool = False
    """Whether the networks of a run are trained on."""

    @property
    def is_regression(self) -> bool:
        """Whether the target is a number."""
        return self.task == REGRESSION

    @property
    def wants_probabilities(self) -> bool:
        """Whether the metric is a score of probabilities, which label smoothing would make worse.

        Only a search has such a metric, and its trials are not calibrated.
        """
        metric = metric_of(self.metric)
        return metric is not None and metric.needs in ("ranking", "probabilities", "decision")


GAMMA: Final = "gamma"
"""The output of positive amounts, which has a lower learning rate: see `optimizer`."""
MANY = 10**9
BATCH_SIZES: Final = ((1_500, 32), (10_000, 64), (50_000, 128), (200_000, 256), (MANY, 512))
"""Up to how many rows each batch size is for."""
MANY_ROWS: Final = 10_000
"""From so many rows on, what helps with few rows is left out: see `has_many_rows`."""
EPOCHS_BY_ROWS: Final = ((MANY_ROWS - 1, 32), (20_000, 20), (50_000, 16), (100_000, 11), (MANY, 8))
"""Up to how many rows each number of epochs is for."""
EPOCHS_WITH_TWINS: Final = 22
"""Two thirds as many if each member has a twin: twice as many networks then take 1.4 times as long."""
LARGE: Final = 50_000
"""A table of more rows has fewer and wider networks.

With 100,000 rows of three targets, half as many of twice the width took 0.55 to 0.77 of the time, lowered
the log loss by 0.002 and 0.004, and raised R² by 0.004. With 50,000 rows they lowered the log loss by 0.0015,
with 25,000 of another table they raised it by as much.
"""
WIDEST, NARROWEST, WIDTH_STEP = 64, 8, 8
"""The units of a hidden layer, and the step between possible numbers of units."""
WIDEST_LARGE: Final = 128
"""The units of a hidden layer of `default` for a large table."""
MAX_PARAMETERS: Final = 200_000
"""How many parameters a network has at most, if it has more units than the narrowest."""


def by_rows(rows: int, steps: tuple[tuple[int, int], ...]) -> int:
    """The value of the first step that has at least this many rows; beyond all of them, the last value."""
    return next((value for most, value in steps if rows <= most), steps[-1][1])


def units(inputs: int, outputs: int, *, of_inputs: int, widest: int = WIDEST) -> int:
    """The units of each of two hidden layers between these inputs and outputs, at most the `widest`.

    `of_inputs` parameters belong to the inputs. A table of many categories gets narrower layers: with the
    widest, its network would have so many parameters that it is slow, large, and memorizes its rows.
    """
    for width in range(widest, NARROWEST, -WIDTH_STEP):
        parameters = of_inputs + (inputs + 1) * width + (width + 1) * width + (width + 1) * outputs
        if parameters <= MAX_PARAMETERS:
            return width
    return NARROWEST


EMBEDDING_SIZE: Final = 4
"""The inputs that each embedded number becomes, itself included."""
BINS: Final = 16
"""The bins of each embedded number; the time of an embedding is proportional to them."""
MAX_CLASSES: Final = 32
"""The most classes with which the recipes give statistics of the target, one per class; judgement."""
MAX_EMBEDDED: Final = 100
"""The largest number of numeric columns that are embedded: each becomes `EMBEDDING_SIZE` inputs."""
MEMBERS: Final = 8
MEMBERS_LARGE: Final = 4
"""The members of `default` for a large table."""


def has_many_rows(facts: RecipeFacts) -> bool:
    """Whether a table has no twins, less label smoothing, fewer epochs, and bins that tell the targets apart.

    Fewer rows gain nothing by such bins. Bins between quantiles coincide where a value piles up: of 16 bins,
    an amount that is mostly 0 keeps two.
    """
    return facts.rows >= MANY_ROWS


def has_twins(facts: RecipeFacts) -> bool:
    """Whether each member has a twin without the embedding of numbers.

    The embedding lets a network learn thresholds, and makes it worse where classes depend smoothly on the
    numbers and rows are few. Which is the case shows only in rows that a network was not trained on. No
    regression of the development tables gains by twins.
    """
    return (
        facts.may_have_twins and is_embedded(facts) and not facts.is_regression and not has_many_rows(facts)
    )


def is_embedded(facts: RecipeFacts) -> bool:
    """Whether numbers are embedded."""
    return 0 < facts.numeric <= MAX_EMBEDDED


def category_encoding(facts: RecipeFacts) -> str | None:
    """How columns of many categories become features; with few rows the statistics of most are uncertain."""
    has_statistics = facts.many_categories and has_many_rows(facts) and facts.outputs <= MAX_CLASSES
    return "target" if has_statistics else None


def hidden_units(facts: RecipeFacts, widest: int = WIDEST) -> int:
    """The units of each hidden layer."""
    per_number = EMBEDDING_SIZE if is_embedded(facts) else 1
    inputs = per_number * facts.numeric + facts.indicators + facts.categories
    functions = 2 * BINS if has_many_rows(facts) else BINS
    embedding = (EMBEDDING_SIZE - 1) * functions * facts.numeric if is_embedded(facts) else 0
    return units(inputs, facts.outputs, of_inputs=inputs + embedding, widest=widest)


FAST_MEMBERS: Final = 4


def numeric_embedding(facts: RecipeFacts) -> Any:
    """The embedding of numbers; None if there are none, or very many."""
    if not is_embedded(facts):
        return None
    kind = {"edges": "target", "code": "both"} if has_many_rows(facts) else {}
    return {"name": "piecewise_linear", "bins": BINS, "size": EMBEDDING_SIZE, **kind}


def hidden_layers(facts: RecipeFacts) -> list[int]:
    """The units of the two hidden layers of `default`."""
    return [hidden_units(facts, WIDEST_LARGE if facts.rows > LARGE else WIDEST)] * 2


def fast_hidden_layers(facts: RecipeFacts) -> list[int]:
    """The units of the hidden layer of `fast`.

    It is not wider for a large table: with 100,000 rows, more epochs gain as much at equal time.
    """
    return [hidden_units(facts)]


def epochs(facts: RecipeFacts) -> int:
    """The epochs of `default`."""
    return EPOCHS_WITH_TWINS if has_twins(facts) else fast_epochs(facts)


def fast_epochs(facts: RecipeFacts) -> int:
    """The epochs of `fast`, which has no twins; twice as many at the lower learning rate of amounts."""
    return by_rows(facts.rows, EPOCHS_BY_ROWS) * (2 if facts.output == GAMMA else 1)


def epochs_without_twins(count: int) -> int:
    """The epochs of a recipe whose members have no twins; others stay as they are."""
    return by_rows(MANY_ROWS - 1, EPOCHS_BY_ROWS) if count == EPOCHS_WITH_TWINS else count


def batch_size(facts: RecipeFacts) -> int:
    """The rows of a step."""
    return by_rows(facts.rows, BATCH_SIZES)


RATES: Final = {GAMMA: 0.01, "quantile": 0.025}
"""The learning rate by output, where it is not that of the task.

The slopes of pinball losses do not become smaller near the least loss, as those of squares do. On 10 tables,
0.025 lowered the pinball loss by 0.4 % against 0.1, 0.05 by 0.3 %, and 0.2 raised it by 1.0 %.
"""


WARM_RATE: Final = 0.3
"""The learning rate of networks that are trained on, as a share of the usual one.

Five tables grew by a tenth eight times. Trained on with the new rows alone, the loss on the next tenth was
1.04 times that of a training from nothing on all rows with 0.3, 1.03 times with 0.1 and 1.07 times with 1;
with all rows 1.03 times with each. With 0.1 training takes half as many epochs more than with 0.3.
See `tests/benchmarks/warm_start`.
"""


def optimizer(facts: RecipeFacts) -> Any:
    """The optimizer.

    0.04 is RealMLP's rate. Its 0.2 for a regression can make units of relu inactive for good. A small table
    has few steps: with the usual beta2 the average of squares would span all of them.

    Gamma deviances of six tables were 5.7 % smaller (1.8 to 9.3 %) at 0.01 with twice the epochs than at
    0.1, and smaller on each of them. Counts keep 0.1: on eight tables 0.05 made no difference, and lower
    rates were worse where they spread over orders of magnitude. So do amounts with zeros: 0.03 and 0.01 were
    no better on six.
    """
    rate = RATES.get(facts.output, 0.1 if facts.is_regression else 0.04)
    if facts.is_warm_started:
        rate *= WARM_RATE
    return {"name": "adam", "learning_rate": rate, "beta2": 0.95}


def label_smoothing(facts: RecipeFacts) -> float:
    """The label smoothing.

    It makes probabilities too uncertain, which calibration undoes; the gain in accuracy stays. With many rows
    nothing is gained, and 0.1 raises the log loss. No smoothing is then best for two classes, and 0.02 for
    26 letters and 27 species. An ordinal output does not gain: targets spread over all classes ignore their
    order. On 14 tables 0.1 lowers the mean accuracy by 0.5 points, and raises the mean log loss by 0.003.
    """
    if facts.wants_probabilities or facts.is_regression or facts.output == "ordinal":
        return 0.0
    if has_many_rows(facts):
        return 0.0 if facts.outputs == 2 else 0.02
    return 0.1


def ensemble(facts: RecipeFacts) -> Any:
    """The ensemble of `default`."""
    members = MEMBERS_LARGE if facts.rows > LARGE else MEMBERS
    return {"members": members, "bags": True, "plain_twins": has_twins(facts)}


def fast_ensemble(facts: RecipeFacts) -> Any:
    """The ensemble of `fast`.

    It has no twins: with them and half as many epochs it takes as long and was 0.3 points worse on 25 tables.
    """
    return {"members": FAST_MEMBERS, "bags": True, "plain_twins": False}


UNCALIBRATED_LOSS: Final = "validation_loss"
"""What is monitored if probabilities are not calibrated."""


def early_stopping(facts: RecipeFacts) -> Any:
    """When to stop, and which epoch to keep: the best one is often later if probabilities are calibrated.

    Trials of a search that are compared with one another are trained equally long, and not calibrated.
    """
    is_calibrated = not facts.is_regression and not facts.has_search
    monitor = CALIBRATED_LOSS if is_calibrated else UNCALIBRATED_LOSS
    return {"monitor": monitor, "patience": None if facts.has_search else "auto"}


def clip_outputs(facts: RecipeFacts) -> bool | None:
    """Whether the values of targets that are numbers are limited.

    With several targets, too: a price of 5,000 diamonds, one of them with a wrong length, had a loss of 0.46
    without limits, and of 0.07 with them.
    """
    return True if facts.is_regression or facts.has_numbers else None


def calibration(facts: RecipeFacts) -> str | None:
    """How a classification's probabilities are calibrated."""
    return None if facts.is_regression else "shrunk_temperature"
