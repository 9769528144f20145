"""What other tools call the settings and choices of this config, if it can mean one thing only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SETTINGS = {
    "activation": "activation_function",
    "averaging": "weight_averaging",
    "class_weights": "class_weight",
    "clip_norm": "clip_grad_norm clipnorm gradient_clip_val max_grad_norm",
    "clip_value": "clip_grad_value clipvalue",
    "dropout": "drop_rate dropout_rate",
    "early_stopping": "early_stop",
    "epochs": "max_epochs max_iter num_epochs",
    "epsilon": "eps",
    "hidden": "hidden_layer_sizes hidden_layers layers",
    "initial_biases": "bias_initializer",
    "initialization": "initializer kernel_initializer",
    "input_noise": "gaussian_noise noise",
    "l1": "l1_lambda l1_reg",
    "l2": "alpha l2_lambda l2_reg weight_decay",
    "label_smoothing": "label_smooth smoothing",
    "learning_rate": "learning_rate_init lr",
    "lr_schedule": "learning_rate_schedule lr_scheduler scheduler",
    "memory": "history_size",
    "minimum": "min_lr",
    "mixup": "mixup_alpha",
    "optimizer": "solver",
    "patience": "n_iter_no_change",
    "positive_class": "pos_label",
    "precision": "dtype",
    "residual": "skip_connections",
    "restore_best": "restore_best_weights",
    "seed": "random_state",
    "target": "label",
    "threads": "n_jobs num_threads",
    "time_limit": "max_time",
    "tolerance": "min_delta tol",
    "weights": "sample_weight sample_weights",
}
_CHOICES = {
    "adaptive": "plateau reduce_on_plateau reducelronplateau",
    "batch": "batch_norm batch_normalization batchnorm",
    "cosine": "cosine_annealing cosine_decay",
    "ema": "exponential_moving_average polyak",
    "exponential": "exponential_decay",
    "glorot_normal": "xavier_normal",
    "glorot_uniform": "glorot xavier xavier_uniform",
    "hard_logistic": "hard_sigmoid hardsigmoid",
    "he_normal": "kaiming_normal",
    "he_uniform": "he kaiming kaiming_uniform",
    "identity": "linear",
    "inverse_scaling": "invscaling",
    "layer": "layer_norm layer_normalization layernorm",
    "lbfgs": "bfgs l-bfgs l_bfgs",
    "lecun_uniform": "lecun",
    "logistic": "sigmoid",
    "nesterov": "nesterov_momentum nesterovs_momentum",
    "one_cycle": "onecycle onecyclelr",
    "prelu": "parametric_relu",
    "standardize": "standard",
    "swa": "stochastic_weight_averaging",
    "swish": "silu",
    "validation_accuracy": "val_acc",
}
SYNONYMS: Final[Mapping[str, str]] = {
    word: name for names in (_SETTINGS, _CHOICES) for name, words in names.items() for word in words.split()
}
"""The name here, by what others call it."""
