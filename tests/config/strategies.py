"""Random valid configs as plain values, with every setting.

Most settings have a strategy, with all their values. Those that none has, such as new ones, have a few values
that follow from their forms, where the rest of the config allows them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_set, value_at, with_value
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.activations import ACTIVATION_RECORDS
from fnnctl.config.schema.data import BUILTIN_NAMES
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.losses import LOSS_RECORDS
from tests.config.changes import changes

TRICKY = [
    "012", "1e-3", "0o17", "0x1f", "1:30", "1_000", ".inf", ".nan", "no", "True", "~", "null", "", "<<",
    "- a", "a: b", "# c", " before", "after ", "*a", "&a", "!a", "%a", "@a", "'", '"', "\\", "a\nb", "a\tb",
    "\u2028", "\ufeff", "\xa0", "ü", "😀", "2024-11-24", "=", "---", "...", "?", ":", ",", "[", "}",
    "x" * 200,
]  # fmt: skip
TRICKY_WORDS = [text for text in TRICKY if text and text.isprintable()]

_visible = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
_texts = st.one_of(
    st.sampled_from([text for text in TRICKY if text]),
    st.text(st.one_of(_visible, st.sampled_from("\n\t\r")), min_size=1, max_size=30),
)
_names = st.one_of(
    st.sampled_from(
        [text for text in TRICKY if 0 < len(text) <= 200 and "\n" not in text and "\t" not in text]
    ),
    st.text(_visible, min_size=1, max_size=200),
)
_keys = st.one_of(
    st.sampled_from(TRICKY_WORDS), st.text(_visible, min_size=1, max_size=200).filter(str.isprintable)
)
_sha256 = st.text("0123456789abcdef", min_size=64, max_size=64)
_schemes = [f"{name}_{kind}" for name in ("glorot", "he", "lecun") for kind in ("uniform", "normal")]
_initializations = st.sampled_from(["auto", "orthogonal", *_schemes])
_initial_biases = st.sampled_from(["zero", "uniform"])


def _numbers(
    low: float, high: float, *, above: bool = False, below: bool = False
) -> st.SearchStrategy[float]:
    return st.floats(low, high, exclude_min=above, exclude_max=below)


@st.composite
def _mapping(
    draw: st.DrawFn, needed: dict[str, st.SearchStrategy[Any]], /, **optional: st.SearchStrategy[Any]
) -> dict[str, Any]:
    """Each optional key occurs in half of the mappings (Hypothesis's own strategy rarely takes many)."""
    chosen = {key: strategy for key, strategy in optional.items() if draw(st.booleans())}
    return {key: draw(strategy) for key, strategy in (needed | chosen).items()}


def _named(name: str, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    mapping = _mapping({"name": st.just(name)}, **optional)
    return (
        st.one_of(mapping, mapping, mapping, st.just(name)) if optional else st.one_of(mapping, st.just(name))
    )


def _or_null(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


_counts = st.integers(1, 10_000_000)
_rates = _numbers(1e-6, 1e6, above=True)  # above the minimum that `adaptive` has by default
_decays = _numbers(0, 1, below=True)
_shares = _numbers(0, 1)
_factors = _numbers(0, 1, above=True)
_epsilons = _numbers(0, 1, above=True)
_tolerances = _numbers(0, 1e300)

_activations = st.one_of(
    st.sampled_from(sorted(ACTIVATION_RECORDS)),
    st.sampled_from(sorted(ACTIVATION_RECORDS)).map(lambda name: {"name": name}),
    _named("leaky_relu", slope=_decays),
    _named("prelu", slope=_numbers(-1, 1), shared=st.booleans()),
    _named("elu", alpha=_numbers(0, 100, above=True)),
    _named("swish", beta=_numbers(0, 100)),
    _named("maxout", pieces=st.integers(2, 100)),
)
_no_normalization = _named("none")
_layer_normalization = _named("layer", epsilon=_epsilons)
_dropouts = _numbers(0, 0.99)


def _normalizations(*, batch: bool, momentum: bool) -> st.SearchStrategy[Any]:
    numbers = {"epsilon": _epsilons} | ({"momentum": _factors} if momentum else {})
    allowed = [_no_normalization, _layer_normalization]
    return st.one_of(*allowed, _named("batch", **numbers)) if batch else st.one_of(*allowed)


_adam = {"beta1": _decays, "beta2": _decays, "epsilon": _epsilons}
_steps = st.one_of(
    _named("sgd", learning_rate=_rates),
    _named("momentum", learning_rate=_rates, momentum=_decays),
    _named("nesterov", learning_rate=_rates, momentum=_decays),
    _named("adagrad", learning_rate=_rates, epsilon=_epsilons),
    _named("rmsprop", learning_rate=_rates, decay=_decays, epsilon=_epsilons),
    _named("adadelta", learning_rate=_rates, decay=_decays, epsilon=_epsilons),
    _named("adam", learning_rate=_rates, **_adam),
    _named("adamw", learning_rate=_rates, weight_decay=_numbers(0, 1e6), **_adam),
    _named("nadam", learning_rate=_rates, **_adam),
    _mapping({}, beta1=_decays),
)
_lbfgs = _named(
    "lbfgs",
    memory=st.integers(1, 1000),
    max_evaluations=st.integers(2, 1000),
    gradient_tolerance=_shares,
    decrease_tolerance=_shares,
)
_monitors = st.sampled_from(["train_loss", "train_accuracy", "train_r2"])
_stopping = _mapping(
    {"monitor": _monitors},
    patience=_or_null(_counts),
    tolerance=_tolerances,
    restore_best=st.booleans(),
)
_bounds = _or_null(_numbers(0, 1e6, above=True))
_penalties = _numbers(0, 1e6)
_averages = st.one_of(
    _named("ema", decay=_numbers(0, 1, above=True, below=True)), _named("swa", start=_decays)
)


def _schedules(epochs: int, rate: float) -> st.SearchStrategy[Any]:
    """Schedules that are valid with this number of epochs and this learning rate."""
    return st.one_of(
        _named("constant"),
        _named("step", factor=_factors, every=_counts),
        _named("exponential", factor=_factors),
        _named("inverse_scaling", power=_numbers(0, 10)),
        _named(
            "adaptive",
            monitor=_monitors,
            factor=_factors,
            patience=_counts,
            tolerance=_tolerances,
            minimum=_numbers(0, rate, below=True),
        ),
        _named("cosine", warmup_epochs=st.integers(0, epochs - 1), last=_shares),
        _named("one_cycle", warmup=_numbers(0, 1, above=True, below=True), first=_shares, last=_shares),
        _mapping({}),
    )


@st.composite
def _training(draw: st.DrawFn, *, lbfgs: bool, hidden: bool, averages: bool) -> dict[str, Any]:
    """A `training` section; with lbfgs, without settings that have no effect or contradict it."""
    training = draw(
        _mapping(
            {},
            epochs=_counts,
            optimizer=_lbfgs if lbfgs else _steps,
            l2=_penalties,
            class_weights=st.one_of(
                st.just("balanced"),
                st.none(),
                st.dictionaries(_keys, _numbers(0, 1e9), min_size=1, max_size=4),
            ),
            label_smoothing=_decays,
            early_stopping=_or_null(_stopping),
            convergence=_or_null(_mapping({}, tolerance=_tolerances, patience=_counts)),
            max_rows=_or_null(st.integers(1, 10**6)),
            time_limit=_or_null(_numbers(0, 1e9, above=True)),
            precision=st.sampled_from(["float32", "float64", "auto"]),
            threads=st.one_of(st.just("auto"), st.integers(1, 1024)),
        )
    )
    if lbfgs:
        return {"optimizer": "lbfgs"} | training
    training |= draw(
        _mapping(
            {},
            batch_size=st.one_of(st.just("auto"), st.integers(2, 1_000_000_000)),
            shuffle=st.booleans(),
            l1=_penalties,
            clip_norm=_bounds,
            clip_value=_bounds,
            input_noise=_penalties,
            mixup=_numbers(0, 100),
            parametrization=st.sampled_from(["standard", "neural_tangent"]),
            **({"max_norm": _bounds} if hidden else {}),
        )
    )
    if averages:
        training["averaging"] = draw(_averages)
        if "swa" in str(training["averaging"]):  # either rule might end training before averaging begins
            training["early_stopping"] = training["convergence"] = None
    optimizer, epochs = training.get("optimizer", {}), training.get("epochs", 200)
    rate = optimizer.get("learning_rate", 0.001) if isinstance(optimizer, dict) else 0.001
    training |= draw(_mapping({}, lr_schedule=_schedules(epochs, rate)))
    if "cosine" in str(training.get("lr_schedule")):
        training |= draw(_mapping({}, horizon=_or_null(st.integers(epochs, 10_000_000))))
    return training


@st.composite
def _model(draw: st.DrawFn, *, lbfgs: bool, averages: bool) -> dict[str, Any]:
    """A `model` section; either the layers inherit the model's settings, or the model has none."""
    normalizations = _normalizations(batch=not lbfgs, momentum=not averages)
    dropouts = st.just(0.0) if lbfgs else _dropouts
    own = {
        "activation": _or_null(_activations),
        "initialization": _or_null(_initializations),
        "normalization": _or_null(normalizations),
        "dropout": _or_null(dropouts),
    }
    units = st.one_of(st.integers(2, 4), st.integers(2, 1_000_000))
    hidden = draw(st.lists(st.one_of(units, _mapping({"units": units}, **own)), max_size=4))
    shared = {"activation": _activations, "normalization": normalizations, "dropout": dropouts}
    optional: dict[str, st.SearchStrategy[Any]] = {
        key: strategy
        for key, strategy in shared.items()
        if any(not isinstance(layer, dict) or layer.get(key) is None for layer in hidden)
    }
    widths = [layer["units"] if isinstance(layer, dict) else layer for layer in hidden]
    if hidden:
        equal = any(one == other for one, other in pairwise(widths))
        optional["residual"] = st.booleans() if equal else st.just(False)
    output = st.one_of(
        *map(_named, sorted(LOSS_RECORDS)),
        _named("logistic", positive_class=_or_null(_texts)),
        _named("huber", delta=st.floats(0.01, 100)),
        _mapping({}),
    )
    optional |= {
        "initialization": _initializations,
        "initial_biases": _initial_biases,
        "output": output,
        "clip_outputs": st.booleans(),
    }
    return {"hidden": hidden} | draw(_mapping({}, **optional))


@st.composite
def _data(draw: st.DrawFn) -> dict[str, Any]:
    """A `data` section without settings that have no effect."""
    shares = _numbers(0, 0.5, below=True)
    columns = _mapping(
        {},
        **dict.fromkeys(("numeric", "categorical", "ignore"), st.lists(_texts, max_size=3)),
        dates=st.one_of(st.lists(_texts, max_size=3), st.dictionaries(_keys, _texts, max_size=3)),
    )
    data = draw(
        _mapping(
            {"source": st.one_of(st.sampled_from(BUILTIN_NAMES), _texts)},
            sha256=_sha256,
            target=_texts,
            task=st.sampled_from(["auto", "classification", "regression"]),
            weights=_or_null(_texts),
            columns=columns,
            imputation=st.sampled_from(["median", "mean"]),
            scaling=st.sampled_from(["standardize", "robust", "minmax", "none"]),
            max_categories=_or_null(st.integers(2, 2000)),
            category_encoding=st.sampled_from(["one_hot", "target"]),
        )
    )
    if data["source"] not in BUILTIN_NAMES:
        missing_values = st.lists(st.sampled_from(TRICKY), max_size=4)
        data |= draw(
            _mapping(
                {},
                delimiter=st.sampled_from(",;\t|~ "),
                encoding=_texts,
                missing_values=missing_values,
                decimal_mark=st.sampled_from(["auto", "point", "comma"]),
            )
        )
    if draw(st.booleans()):
        data |= draw(_mapping({"test_source": _texts}, test_sha256=_sha256))
        data["split"] = draw(_mapping({}, validation=shares))
    else:
        data["split"] = draw(_mapping({}, validation=shares, test=shares))
    data["split"] |= draw(_mapping({}, group=_or_null(_texts)))
    if data["split"].get("validation") != 0:
        data["split"] |= draw(_mapping({}, stratify=st.booleans()))
        if data["split"].get("stratify", True):
            data["split"] |= draw(_mapping({}, bins=_or_null(st.integers(2, 1000))))
    return data


_evaluation = _mapping(
    {},
    cross_validation=_mapping(
        {}, folds=st.integers(2, 10_000), repeats=st.integers(1, 10_000), stratify=st.booleans()
    ),
)


_epochs = st.integers(1, 10_000_000)
_whens = _or_null(st.dictionaries(_keys, st.one_of(_texts, st.booleans(), st.lists(_shares)), max_size=2))
_pairs = st.tuples(_numbers(-1e15, 1e15), _numbers(-1e15, 1e15)).map(list)
_whole_pairs = st.tuples(st.integers(-5, 10**15), st.integers(-5, 10**15)).map(list)
_layer_pairs = st.tuples(st.integers(1, 1000), st.integers(1, 1000)).map(list)
_differences, _ratios = _or_null(_numbers(0, 1e15, above=True)), _or_null(_numbers(1.001, 1e15))
_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), _shares, _texts),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_keys, inner, max_size=2)),
    max_leaves=4,
)
_domains = st.one_of(
    _mapping({"choice": st.lists(_values, max_size=3)}, when=_whens),
    _mapping({"uniform": _pairs}, step=_differences, when=_whens),
    _mapping({"log_uniform": _pairs}, step=_ratios, when=_whens),
    _mapping({"integer": _whole_pairs}, step=_or_null(st.integers(1, 10**15)), when=_whens),
    _mapping({"log_integer": _whole_pairs}, step=_ratios, when=_whens),
    _mapping({"normal": _pairs}, within=_or_null(_pairs), step=_differences, when=_whens),
    _mapping(
        {"depth": _layer_pairs, "width": _layer_pairs},
        log=st.booleans(),
        per_layer=st.booleans(),
        step=st.one_of(st.just("coarse"), _differences),
        when=_whens,
    ),
)


@st.composite
def _search(draw: st.DrawFn) -> dict[str, Any]:
    """A `search` section that fits the schema; its space may make no sense, which only a search checks."""
    scheduler = draw(st.sampled_from(["full_budget", "halving", "hyperband"]))
    sampler = draw(st.sampled_from(["grid", "random"]))
    total = scheduler == "halving" and draw(st.booleans())
    budget: dict[str, st.SearchStrategy[Any]] = {} if total else {"max_epochs": _or_null(_epochs)}
    if scheduler != "full_budget":
        budget |= {"reduction_factor": _numbers(2, 1000)} | ({} if total else {"min_epochs": _epochs})
    if scheduler == "hyperband":
        budget["brackets"] = st.sampled_from(["algorithm", "table"])
    needed = {"total": st.integers(1, 10**15)} if total else {}
    objective = _mapping(
        {},
        metric=_texts,
        on=st.sampled_from(["validation", "cross_validation"]),
        direction=st.sampled_from(["auto", "maximize", "minimize"]),
    )
    own = (
        {"grid_resolution": st.integers(2, 10_000)}
        if sampler == "grid"
        else {"sequence": st.sampled_from(["pseudo_random", "low_discrepancy"])}
    )
    return draw(
        _mapping(
            {
                "method": st.just({"scheduler": scheduler, "sampler": sampler}),
                "budget": _mapping(needed, **budget),
            },
            objective=objective,
            compare_with_default=st.booleans(),
            keep_checkpoints=st.booleans(),
            ensemble=st.sampled_from([None, {"size": 3}]),
            start_from=_or_null(
                st.one_of(_texts, st.lists(st.dictionaries(_keys, _values, max_size=3), max_size=3))
            ),
            require=_or_null(_texts | st.lists(_texts, max_size=3)),
            space=st.dictionaries(_keys, _domains, max_size=3),
            **own,
            **({} if scheduler == "hyperband" else {"trials": _or_null(st.integers(1, 10_000_000))}),
        )
    )


@st.composite
def raw_experiment(draw: st.DrawFn) -> dict[str, Any]:
    """A valid config that sets everything that would otherwise follow from other settings."""
    lbfgs, averages = draw(st.sampled_from([(True, False), (False, True), (False, False)]))
    data, model = draw(_data()), draw(_model(lbfgs=lbfgs, averages=averages))
    training = draw(_training(lbfgs=lbfgs, hidden=bool(model["hidden"]), averages=averages))
    if data["split"].get("validation") == 0:
        training.setdefault("early_stopping", None)
    config = {"data": data, "model": model, "training": training}
    config |= draw(
        _mapping(
            {"name": _names},
            seed=st.integers(0, 2**64 - 1),
            evaluation=_evaluation,
            search=_or_null(_search()),
        )
    )
    for path, value in draw(st.lists(st.sampled_from(VALUES), max_size=5)):
        changed = with_value(config, path, value)
        if not is_set(config, path) and _is_valid(changed):
            config = changed
    return config


VALUES = [
    (path, value_at(config, path))
    for path, *configs in changes(Experiment)
    if path[0] != "search" and path not in {("recipe",), ("complete",)}
    for config in configs
]
"""Two values of every setting, by its path, apart from those that say what unset settings are."""


def _is_valid(config: dict[str, Any]) -> bool:
    try:
        experiment_of(config)
    except InvalidConfigurationError:
        return False
    return True
