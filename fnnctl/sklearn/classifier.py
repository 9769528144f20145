"""Classes of any type, of one target or several: the experiment gets them as texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.data.in_memory import MemoryData
from fnnctl.sklearn.base import Estimator, input_as_value_errors
from fnnctl.sklearn.library import (
    ClassifierMixin,
    check_array,
    check_classification_targets,
    check_is_fitted,
    column_or_1d,
)
from fnnctl.sklearn.targets import (
    ClassTarget,
    class_texts,
    is_indicator,
    is_numeric,
    stacked,
)


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """Classes of any type: the experiment gets them as texts."""

    classes_: Any
    _texts: Sequence[str]
    """The classes of an experiment, in the order of `classes_`."""
    _orders: Mapping[str, Sequence[int]]
    """The positions of the classes of each target among those of the predictor."""
    _class_targets: Sequence[ClassTarget] = ()
    """Of several targets; those of one class are predicted without a network."""
    _is_multilabel = False
    _has_all_classes = False
    """Whether the networks get classes that rows may lack."""

    def _encoded(self, y: npt.NDArray[Any], classes: Any, *, goes_on: bool) -> npt.NDArray[Any]:
        self._class_targets, self._is_multilabel = (), False
        self._has_all_classes = classes is not None
        check_array(y, ensure_2d=False, dtype=None, input_name="y")
        all_classes = _listed(_distinct(y, "y"), classes)
        if goes_on:
            self._refuse_other_kind(all_classes, self.classes_)
            former = ClassTarget(self._targets[0], self.classes_, list(self._texts)).extended(all_classes)
            self.classes_, self._texts = former.classes, former.texts
        else:
            if len(all_classes) == 1:
                advice = "two or more are needed; partial_fit takes those of later calls as `classes`"
                raise ValueError(f"y has one class, {str(all_classes[0])!r}: {advice}")
            self.classes_, self._texts = all_classes, class_texts(all_classes)
        return np.array(self._texts, object)[np.searchsorted(self.classes_, y)]

    def _settings(self) -> dict[str, Any]:
        settings = self._target_settings(super()._settings(), "classification", "softmax")
        if self._is_multilabel and len(self._targets) > 1:
            settings["data.target"] = {"labels": self._targets}
        weights = self.class_weight
        if weights is not None and self._class_targets:
            raise ValueError(
                f"class_weight is for one target, but y has {len(self._class_targets)}: leave it out"
            )
        if isinstance(weights, Mapping):
            text_of = dict(zip(self.classes_.tolist(), self._texts, strict=True))
            if unknown := [label for label in weights if label not in text_of]:
                raise ValueError(f"class_weight has a weight of {unknown[0]!r}, which is no class of y")
            weights = {text_of[label]: weight for label, weight in weights.items()}
        if weights is not None:
            settings["training.class_weights"] = weights
        return settings

    def _several_encoded(
        self, columns: Sequence[npt.NDArray[Any]], classes: Any, *, goes_on: bool, may_go_on: bool
    ) -> npt.NDArray[Any]:
        for column in columns:
            check_array(column, ensure_2d=False, dtype=None, input_name="y")
        is_multilabel = self._is_multilabel if goes_on else is_indicator(columns)
        self._has_all_classes = classes is not None or (is_multilabel and may_go_on)
        if is_multilabel:
            all_classes = self._label_classes(columns, classes, has_both=may_go_on)
        else:
            all_classes = _listed_of_targets([_distinct(column, "y") for column in columns], classes)
        if goes_on:
            self._class_targets = self._extended(all_classes)
        else:
            self._is_multilabel = is_multilabel
            self._class_targets = [
                ClassTarget(
                    name, own, [str(int(label)) for label in own] if is_multilabel else class_texts(own)
                )
                for name, own in zip(self._targets, all_classes, strict=True)
            ]
            self._targets = [target.name for target in self._class_targets if len(target.classes) > 1]
            if not self._targets:
                raise ValueError("y has one class in each column: two or more are needed in one")
        self.classes_ = (
            np.arange(len(columns)) if is_multilabel else [target.classes for target in self._class_targets]
        )
        pairs = zip(self._class_targets, columns, strict=True)
        trained = [target.encoded(column) for target, column in pairs if target.name in self._targets]
        return np.stack(trained, axis=1)

    def _label_classes(
        self, columns: Sequence[npt.NDArray[Any]], classes: Any, *, has_both: bool
    ) -> list[npt.NDArray[Any]]:
        """The values of each label: 0 and 1 if it `has_both`, because later rows may have the other one."""
        if not is_indicator(columns):
            raise ValueError("y must have the values 0 and 1 alone, as that of the first fit")
        if classes is not None and not np.array_equal(classes, np.arange(len(columns))):
            numbers = f"the numbers of its {len(columns)} columns"
            raise ValueError(f"y has labels, whose classes are {numbers}: leave out `classes`")
        if has_both:
            return [np.array([0, 1], column.dtype) for column in columns]
        return [_distinct(column, "y") for column in columns]

    def _extended(self, all_classes: Sequence[npt.NDArray[Any]]) -> list[ClassTarget]:
        """The targets with new classes; raises ValueError if one has no outputs for them."""
        extended = []
        for target, classes in zip(self._class_targets, all_classes, strict=True):
            self._refuse_other_kind(classes, target.classes)
            with_new = target.extended(classes)
            if target.name not in self._targets and len(with_new.classes) > len(target.classes):
                raise ValueError(
                    f"{target.name} had the class {target.classes.tolist()[0]!r} alone, so no network was "
                    "trained for it: begin with partial_fit, whose `classes` are those of all columns of y"
                )
            extended.append(with_new)
        return extended

    def _refuse_other_kind(self, classes: npt.NDArray[Any], former: npt.NDArray[Any]) -> None:
        """Raise ValueError if classes are numbers and the former ones are texts, or the other way round."""
        if is_numeric(classes) != is_numeric(former):
            kind = "numbers" if is_numeric(former) else "texts"
            raise ValueError(f"the classes of y must be {kind}, as those of the fit that is trained on")

    def _with_classes(self, memory: MemoryData) -> MemoryData:
        if not self._has_all_classes:
            return memory
        if not self._class_targets:
            return replace(memory, classes=tuple(self._texts))
        texts = {
            target.name: tuple(target.texts) for target in self._class_targets if target.name in self._targets
        }
        return replace(memory, classes_of_targets=texts)

    def _after_run(self) -> None:
        predictor, self._orders = self.run_.predictor, {}
        for target in self._trained_targets:
            classes = predictor.of_target(target.name).classes or ()
            self._orders[target.name] = [classes.index(text) for text in target.texts]

    @property
    def _trained_targets(self) -> list[ClassTarget]:
        """Those that have a network."""
        single = [] if self._class_targets else [ClassTarget(self._targets[0], self.classes_, [*self._texts])]
        return single + [target for target in self._class_targets if target.name in self._targets]

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class of each row, (n,); of several targets, or labels, (n, T)."""
        rows = self._new_rows(X)
        with input_as_value_errors():
            texts = self.run_.predictor.predict(rows)
        if self._class_targets:
            predicted = texts if len(self._targets) > 1 else {self._targets[0]: texts}
            count = len(next(iter(predicted.values())))
            return stacked(
                [
                    target.decoded(predicted[target.name])
                    if target.name in predicted
                    else np.repeat(target.classes, count)
                    for target in self._class_targets
                ]
            )
        number_of = {text: number for number, text in enumerate(self._texts)}
        classes: npt.NDArray[Any] = self.classes_[[number_of[text] for text in texts.tolist()]]
        return classes

    def predict_proba(self, X: Any) -> Any:
        """The probabilities of `classes_`, (n, classes).

        Of several targets a list of such arrays; of labels the probability of each, (n, T).
        """
        rows = self._new_rows(X)
        with input_as_value_errors():
            probabilities = self.run_.predictor.predict_proba(rows)
        if not self._class_targets:
            return probabilities[:, self._orders[self._targets[0]]]
        by_target = probabilities if len(self._targets) > 1 else {self._targets[0]: probabilities}
        return self._of_columns(by_target)

    def _of_columns(self, by_target: Mapping[str, FloatArray]) -> Any:
        """The probabilities of each column of y, from those (n, classes) of each target with a network."""
        count = len(next(iter(by_target.values())))
        probabilities = [
            by_target[target.name][:, self._orders[target.name]]
            if target.name in by_target
            else np.ones((count, 1))
            for target in self._class_targets
        ]
        if not self._is_multilabel:
            return probabilities
        pairs = zip(self._class_targets, probabilities, strict=True)
        return np.stack(
            [(of_target * target.classes.astype(float)).sum(axis=1) for target, of_target in pairs], axis=1
        )

    def predict_set(self, X: Any, coverage: float) -> Any:
        """Whether each of `classes_` is in the set of each row, (n, classes).

        The sets hold the true class in about this share of rows. Of several targets, or labels, a list of
        such arrays, one per column of y; each set holds the class of its own.
        """
        rows, predictor = self._new_rows(X), self.run_.predictor
        with input_as_value_errors():
            inside = {
                name: predictor.of_target(name).predict_set(rows, coverage)[:, order]
                for name, order in self._orders.items()
            }
        if not self._class_targets:
            return inside[self._targets[0]]
        count = len(next(iter(inside.values())))
        return [inside.get(target.name, np.ones((count, 1), bool)) for target in self._class_targets]

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithms of the probabilities, in the form of `predict_proba`."""
        probabilities = self.predict_proba(X)
        return [*map(_logs, probabilities)] if isinstance(probabilities, list) else _logs(probabilities)

    def decision_function(self, X: Any) -> FloatArray:
        """The log odds of the second of two classes, (n,); of more, the logarithms of their probabilities;
        of labels the log odds of each, (n, T).
        """
        check_is_fitted(self, "run_")
        if self._class_targets and not self._is_multilabel:
            raise ValueError(f"decision_function is for one target, not {len(self._class_targets)}")
        if self._is_multilabel:
            probabilities: FloatArray = self.predict_proba(X)
            return _logs(probabilities) - _logs(1 - probabilities)
        logs: FloatArray = self.predict_log_proba(X)
        return logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _distinct(labels: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    """The sorted values of labels."""
    try:
        check_classification_targets(labels)
        return np.unique(labels)
    except TypeError as error:  # what cannot be sorted
        raise ValueError(f"{what} has values of several types, or missing ones") from error


def _listed(present: npt.NDArray[Any], classes: Any) -> npt.NDArray[Any]:
    """All classes: those that are listed, which must have the present ones, or else these."""
    if classes is None:
        return present
    listed = _distinct(column_or_1d(classes), "classes")
    if unlisted := [label for label in present.tolist() if label not in listed.tolist()]:
        raise ValueError(f"y has the label {unlisted[0]!r}, which is not in classes")
    return listed


def _listed_of_targets(present: Sequence[npt.NDArray[Any]], classes: Any) -> list[npt.NDArray[Any]]:
    """All classes of each target, from a list of the classes of each."""
    if classes is None:
        return [*present]
    is_list = isinstance(classes, list | tuple) and all(
        hasattr(own, "__len__") and not isinstance(own, str) for own in classes
    )
    if not is_list or len(classes) != len(present):
        count = len(present)
        raise ValueError(
            f"y has {count} columns: `classes` must be a list of {count} lists, the classes of each"
        )
    return [_listed(own, of_target) for own, of_target in zip(present, classes, strict=True)]


def _logs(probabilities: FloatArray) -> FloatArray:
    """Their logarithms; of 0 that of the least number above it."""
    logs: FloatArray = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    return logs
