from __future__ import annotations

from typing import Any

from fnnctl.config.rules.trials import searched_sections


def pruned(config: dict[str, Any], choice: list[str], path: str = "training.optimizer.name") -> Any:
    config = {**config, "search": {"space": {path: {"choice": choice}}}}
    (section,) = searched_sections(config)
    return {key: value for key, value in section.without_inactive(config).items() if key != "search"}


def optimizer(**settings: Any) -> dict[str, Any]:
    return {"training": {"optimizer": settings}}


def test_what_another_name_reads_is_left_out() -> None:
    given = optimizer(name="adam", beta1=0.8, momentum=0.5, memory=5)
    assert pruned(given, ["momentum", "lbfgs"]) == optimizer(name="adam", beta1=0.8)
    assert given == optimizer(name="adam", beta1=0.8, momentum=0.5, memory=5)


def test_what_no_searched_name_reads_stays_to_be_refused() -> None:
    given = optimizer(name="adam", momentum=0.5, typo=1)
    assert pruned(given, ["sgd", "adam"]) == given
    assert pruned(given, ["nesterov"]) == optimizer(name="adam", typo=1)


def test_the_default_name_counts_where_none_is_given() -> None:
    assert pruned(optimizer(beta1=0.8, momentum=0.5), ["momentum"]) == optimizer(beta1=0.8)


def test_searched_sections_may_stand_in_lists() -> None:
    given = {"model": {"hidden": [3, {"units": 4, "activation": {"name": "elu", "alpha": 1, "beta": 2}}]}}
    left = pruned(given, ["swish"], "model.hidden.1.activation.name")
    assert left == {"model": {"hidden": [3, {"units": 4, "activation": {"name": "elu", "alpha": 1}}]}}


def test_kept_settings_stay() -> None:
    space = {"training.optimizer.name": {"choice": ["momentum"]}}
    config = {**optimizer(name="adam", momentum=0.5), "search": {"space": space}}
    (section,) = searched_sections(config)
    assert section.without_inactive(config, exceptions=[("training", "optimizer", "momentum")]) == config
