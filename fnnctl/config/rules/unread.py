"""Settings that nothing reads: errors if they are given, left out when an experiment is written."""

from __future__ import annotations

from fnnctl.config.paths import ConfigPath, Messages
from fnnctl.config.schema.data import ARRAY_REASON, BUILTIN_NAMES, DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.model import BatchNormalizationConfig, ModelConfig, Normalization
from fnnctl.config.schema.optimizers import LbfgsOptimizer
from fnnctl.config.schema.search import SearchConfig
from fnnctl.config.schema.training import TrainingConfig


def unread_settings(experiment: Experiment) -> Messages:
    """The places that nothing reads in this experiment, each with the reason."""
    return {
        **_unread_data(experiment.data),
        **_unread_model(experiment.model),
        **_unread_training(experiment.training, experiment.model),
        **_unread_momentum(experiment),
        **_unread_search(experiment.search),
    }


def _unread_data(data: DataConfig) -> Messages:
    messages: Messages = {}
    reason = None
    if data.source in BUILTIN_NAMES:
        reason = f"nothing reads this: {data.source} is built in and comes with its own format"
    elif data.source.endswith(".npz"):
        reason = ARRAY_REASON
    if reason:
        messages.update({("data", key): reason for key in ("delimiter", "encoding", "missing_values")})
    if data.test_source is None:
        messages["data", "test_sha256"] = "nothing reads this without data.test_source"
    else:
        messages["data", "split", "test"] = "nothing reads this: data.test_source is the test part"
    if data.split.validation == 0 and test_share(data) == 0:
        messages["data", "split", "stratify"] = "nothing reads this: no part is split off"
    return messages


def _unread_model(model: ModelConfig) -> Messages:
    """The model's own settings that no hidden layer takes over."""
    messages: Messages = {}
    for key in ("activation", "normalization", "dropout"):
        if not any(getattr(layer, key) is None for layer in model.hidden):
            reason = f"every hidden layer has its own {key}" if model.hidden else "there is no hidden layer"
            messages["model", key] = f"nothing reads this: {reason}"
    if not model.hidden:
        messages["model", "residual"] = "nothing reads this: there is no hidden layer"
    return messages


def _unread_training(training: TrainingConfig, model: ModelConfig) -> Messages:
    messages: Messages = {}
    if isinstance(training.optimizer, LbfgsOptimizer):
        reasons = {
            "batch_size": "takes all rows at once",
            "shuffle": "takes all rows at once",
            "lr_schedule": "finds each step's length by a line search",
        }
        messages.update(
            {("training", key): f"nothing reads this: lbfgs {reason}" for key, reason in reasons.items()}
        )
    if not model.hidden:
        messages["training", "max_norm"] = "nothing reads this: there is no hidden layer"
    return messages


def _unread_momentum(experiment: Experiment) -> Messages:
    """Averaged weights have running statistics of their own, which are plain means over an epoch."""
    if experiment.training.averaging is None:
        return {}
    normalizations: dict[ConfigPath, Normalization | None] = {("model",): experiment.model.normalization}
    for index, layer in enumerate(experiment.model.hidden):
        normalizations["model", "hidden", index] = layer.normalization
    reason = "nothing reads this: training.averaging takes plain means over the training rows"
    return {
        (*path, "normalization", "momentum"): reason
        for path, normalization in normalizations.items()
        if isinstance(normalization, BatchNormalizationConfig)
    }


def _unread_search(search: SearchConfig | None) -> Messages:
    """What only other methods read; no error, for the command line may choose one of them."""
    if search is None:
        return {}
    scheduler, sampler, budget = search.method.scheduler, search.method.sampler, ("search", "budget")
    messages: Messages = {}
    if scheduler == "hyperband":
        messages["search", "trials"] = "nothing reads this: hyperband's brackets say how many"
    if scheduler == "full_budget":
        reason = "nothing reads this: every trial gets all epochs"
        messages.update({(*budget, key): reason for key in ("min_epochs", "reduction_factor")})
    if scheduler != "hyperband":
        messages[*budget, "brackets"] = "nothing reads this: only hyperband has brackets"
    if scheduler != "halving":
        messages[*budget, "total"] = "nothing reads this: only halving divides a total"
    elif search.budget.total is not None:
        reason = "nothing reads this: search.budget.total is divided instead"
        messages.update({(*budget, key): reason for key in ("min_epochs", "max_epochs")})
    if sampler != "grid":
        messages["search", "grid_resolution"] = "nothing reads this: only a grid cuts domains"
    if sampler != "random":
        messages["search", "sequence"] = "nothing reads this: only random draws from a sequence"
    return messages


def test_share(data: DataConfig) -> float:
    """The share of the rows that is split off as the test part."""
    return data.split.test if data.test_source is None else 0.0
