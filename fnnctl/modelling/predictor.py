"""A predictor: preprocessing, one or several trained networks, and a decoder. Rows in, scores out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Columns
from fnnctl.data.preprocessing import Features, Preprocessor
from fnnctl.data.row_encoder import columns_of
from fnnctl.data.splits.parts import Split
from fnnctl.modelling.donated_values import DonatedValues
from fnnctl.nn.network import Network, inner_members
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.joint.decoder import parts_of
from fnnctl.tasks.task import PartScores, Targets, Task, TaskData, Weight
from fnnctl.training.members import Member, make_network
from fnnctl.training.pool import Pool
from fnnctl.training.scoring import SCORING_BATCH, RowScorer

if TYPE_CHECKING:
    from fnnctl.modelling.fit import Fit
    from fnnctl.tasks.post_training import PostTraining

TWO_KINDS: Final = (slice(0, None, 2), slice(1, None, 2))
"""The kinds of networks that are members, and those that are twins, if both take turns."""


@dataclass(frozen=True, slots=True)
class PredictorPart:
    """Networks with one preprocessing and one decoder, such as the members of an ensemble of one shape."""

    preprocessor: Preprocessor
    scorer: RowScorer
    """Its networks count equally."""
    decoder: OutputDecoder
    """How their mean scores become predictions."""
    weight: Weight = 1.0
    """The share of the part in the predictor's mean, relative to the other parts."""

    @classmethod
    def of(
        cls,
        preprocessor: Preprocessor,
        networks: Sequence[Network],
        decoder: OutputDecoder,
        *,
        weight: Weight = 1.0,
    ) -> Self:
        """A part with these networks, each of which is the only member of its stack.

        Inner members count as networks of their own.
        """
        members = [member for network in networks for member in inner_members(network)]
        return cls(preprocessor, RowScorer(members), decoder, weight)

    @property
    def inputs(self) -> FloatArray:
        """The caller writes features here; see `RowScorer`."""
        return self.scorer.inputs

    def scores(self, task: Task, rows: int) -> FloatArray:
        """The scores of the first rows of `inputs`."""
        scores = self.scorer.scores(rows)
        return scores[0] if len(scores) == 1 else task.combine(scores, self.decoder)

    def has_inputs_of(self, other: PredictorPart) -> bool:
        """Whether the features of a row are the same in both parts, to the last bit."""
        return self.inputs.dtype == other.inputs.dtype and self.preprocessor == other.preprocessor


@dataclass(frozen=True, slots=True)
class Predictor:
    """Trained networks that score rows; several form one ensemble, whose prediction is a weighted mean."""

    task: Task
    parts: tuple[PredictorPart, ...]
    """They read the same columns, but may differ in preprocessing, shape, output and precision."""
    decoder: OutputDecoder
    """How the scores become predictions."""

    @classmethod
    def of_parts(cls, task: Task, parts: Sequence[PredictorPart]) -> Self:
        """A predictor of one or several parts; a single part keeps its scores and its decoder."""
        decoders = [part.decoder for part in parts]
        return cls(task, tuple(parts), decoders[0] if len(parts) == 1 else task.joint_decoder(decoders))

    @property
    def preprocessor(self) -> Preprocessor:
        """The first part's: it names the columns that all parts read."""
        return self.parts[0].preprocessor

    def calibrated(self, post_training: PostTraining, data: TaskData, pool: Pool, rows: IntArray) -> Self:
        """The predictor with its decoder and the weights of its parts, fitted to these rows (n,) of the data.

        For bags see `fitted`.
        """
        of_parts = [self._concatenate(())]
        if len(self.parts) > 1 or post_training.needs_rows(self.decoder):
            of_parts = [self._concatenate(part.pool_scores(pool, rows)) for part in self._part_predictors()]
        return self.fitted(
            post_training, of_parts, data.targets[rows], data.exposures(rows), out_of_bag=False
        )

    def part_scores_out_of_bag(
        self, pool: Pool, rows: IntArray, bags: Sequence[IntArray], *, offset: int
    ) -> list[FloatArray]:
        """The scores of sorted rows, (n, outputs) by each part: see `out_of_bag_scores`.

        The rows of the data begin at `offset` in the pool.
        """

        def scores(member: Predictor, bag: IntArray) -> Iterator[FloatArray]:
            return member.pool_scores(pool, bag + offset)

        return [
            self._concatenate(part.out_of_bag_scores(rows, bags, scores)) for part in self._part_predictors()
        ]

    def fitted(
        self,
        post_training: PostTraining,
        of_parts: Sequence[FloatArray],
        targets: Targets,
        exposures: FloatArray | None = None,
        *,
        out_of_bag: bool,
    ) -> Self:
        """The predictor with its decoder and the weights of its parts, fitted to scores of n rows.

        `of_parts` are the scores, (n, outputs), of each part. With bags they are out of bag. The rows have
        targets and, if the data do, exposures, (n,) each.
        """
        before = np.array([part.weight for part in self.parts])
        weights, decoder = post_training.fit_weighted(
            self.task, self.decoder, of_parts, targets, before, exposures, out_of_bag=out_of_bag
        )
        pairs = zip(self.parts, weights, strict=True)
        parts = (replace(part, weight=as_weight(own_weights)) for part, own_weights in pairs)
        return replace(self, parts=tuple(parts), decoder=decoder)

    def calibrated_on_columns(self, post_training: PostTraining, data: TaskData, rows: IntArray) -> Self:
        """`calibrated` for parts that have weights: their features are computed for these rows."""
        needs_rows = post_training.needs_rows(self.decoder)
        scores = self._concatenate(self.column_scores([(data.dataset, rows)]) if needs_rows else ())
        return replace(self, decoder=post_training.fit(self.task, self.decoder, scores, data.targets[rows]))

    def _part_predictors(self) -> list[Self]:
        """One predictor per part."""
        return [replace(self, parts=(part,)) for part in self.parts]

    def _concatenate(self, batches: Iterable[FloatArray]) -> FloatArray:
        """The scores of all batches, each of which is overwritten by the next one."""
        copies = [batch.copy() for batch in batches]
        return np.concatenate(copies) if copies else np.empty((0, self.decoder.output.size))

    def deciding_at(self, threshold: float | None) -> Self:
        """The predictor that decides between two classes at this threshold."""
        return replace(self, decoder=self.decoder.with_threshold(threshold))

    def pool_scores(self, pool: Pool, rows: IntArray) -> Iterator[FloatArray]:
        """The scores of rows (n,) of a pool, (≤ SCORING_BATCH, outputs) at a time, before calibration.

        Only for parts with one preprocessing: a pool has its features.
        """
        for start in range(0, len(rows), SCORING_BATCH):
            batch = rows[None, start : start + SCORING_BATCH]
            for part in self.parts:
                pool.gather(batch, part.inputs[None, : batch.size])
            yield self._scores(batch.size)

    def out_of_bag_scores(
        self,
        rows: IntArray,
        bags: Sequence[IntArray],
        score: Callable[[Predictor, IntArray], Iterable[FloatArray]],
    ) -> Iterator[FloatArray]:
        """The scores of sorted rows (n,), each by what was not trained on it, all in one batch.

        The bags are the validation rows of each member; together they are the rows. `score` is called with
        the predictor of one member, twin included, and its bag, and returns batches.
        """
        scores: FloatArray | None = None
        for member, bag in zip(self.member_predictors(), bags, strict=True):
            positions = np.searchsorted(rows, bag)
            for batch in score(member, bag):
                if scores is None:
                    scores = np.empty((len(rows), batch.shape[1]), batch.dtype)
                current, positions = positions[: len(batch)], positions[len(batch) :]
                scores[current] = batch
        if scores is not None:
            yield scores

    def column_scores(
        self, pieces: Iterable[tuple[Columns, IntArray]], features: Sequence[Features] | None = None
    ) -> Iterator[FloatArray]:
        """The scores of the chosen rows of each piece in turn, in batches as in `pool_scores`.

        All pieces have the same columns; `features` are what `features_like` returns for these.
        """
        sources = self._sources()
        distinct = [part for k, part in enumerate(self.parts) if sources[k] == k]
        copied = [(part, self.parts[source]) for part, source in zip(self.parts, sources, strict=True)]
        filled = 0

        def scores() -> FloatArray:
            for part, source in copied:
                if part is not source:
                    part.inputs[:filled] = source.inputs[:filled]
            return self._scores(filled)

        for columns, rows in pieces:
            features = features or self.features_like(columns)
            # Once per piece: a piece of a file is several batches, and may have categories of its own.
            of_piece = [features_of_part.of_columns(columns) for features_of_part in features]
            start = 0
            while start < len(rows):
                batch = rows[start : start + SCORING_BATCH - filled]
                end = filled + len(batch)
                for part, features_of_part in zip(distinct, of_piece, strict=True):
                    features_of_part.write(batch, part.inputs[filled:end, :-1])
                start, filled = start + len(batch), end
                if filled == SCORING_BATCH:
                    yield scores()
                    filled = 0
        if filled:
            yield scores()

    def features_like(self, columns: Columns) -> list[Features]:
        """The features of each of the `distinct` parts, of these columns with the known categories."""
        known = {column.name: column.known for column in self.preprocessor.categories}
        categories = tuple(known.get(name, ()) for name in columns.categorical_names)
        return [part.preprocessor.of(replace(columns, categories=categories)) for part in self.distinct]

    def row_features(self, columns: Columns, rows: IntArray) -> list[FloatArray]:
        """(n, features) of these rows, for each of the `distinct` parts, in its precision."""
        features = []
        for part in self.distinct:
            features.append(np.empty((len(rows), part.inputs.shape[1] - 1), part.inputs.dtype))
            part.preprocessor.transform(columns, rows, features[-1])
        return features

    def source_columns(self, columns: Columns) -> dict[str, tuple[str, ...]]:
        """The columns that the predictor reads, by the table's column that they were made from."""
        source = {name: original for original, made in columns.expansions.items() for name in made}
        columns_of_source: dict[str, list[str]] = {}
        for name in columns_of(self.preprocessor):
            columns_of_source.setdefault(source.get(name, name), []).append(name)
        return {name: tuple(parts) for name, parts in columns_of_source.items()}

    @property
    def distinct(self) -> list[PredictorPart]:
        """The parts whose features no earlier part has."""
        return [part for k, part in enumerate(self.parts) if self._sources()[k] == k]

    def donated(self, features: Sequence[FloatArray]) -> DonatedValues:
        """Rows with the values of other rows; `features` are what `row_features` returns."""
        return DonatedValues(features, [part.preprocessor.feature_indices for part in self.distinct])

    def feature_scores(self, batches: Iterable[Sequence[FloatArray]]) -> Iterator[FloatArray]:
        """The scores of batches of features, (≤ SCORING_BATCH, features) for each of the `distinct` parts."""
        sources = self._sources()
        index = {k: number for number, k in enumerate(sorted(set(sources)))}
        for batch in batches:
            rows = len(batch[0])
            for part, source in zip(self.parts, sources, strict=True):
                part.inputs[:rows, :-1] = batch[index[source]]
            yield self._scores(rows)

    def target_scores(self, scores: FloatArray) -> list[tuple[Task, OutputDecoder, FloatArray]]:
        """The task and the decoder of each target, and its scores, (n, outputs), of those of all."""
        no_targets = np.zeros((len(scores), len(self.task.tasks)))
        separate = self.task.separately(self.decoder, scores, no_targets)
        return [(task, decoder, of_target) for task, decoder, of_target, _ in separate]

    def copied(self) -> Self:
        """The same predictor with buffers of its own, for another thread."""
        return replace(self, parts=tuple(replace(part, scorer=part.scorer.copied()) for part in self.parts))

    def member_predictors(self) -> list[Self]:
        """One predictor per member: its network in every part. All parts have equally many."""
        members = zip(*(part.scorer.member_scorers() for part in self.parts), strict=True)
        return [
            replace(
                self,
                parts=tuple(
                    replace(part, scorer=scorer) for part, scorer in zip(self.parts, scorers, strict=True)
                ),
            )
            for scorers in members
        ]

    def of_target(self, number: int) -> TargetPredictor:
        """The predictor of one of several targets, counted from 0: see `Task.tasks`."""
        parts = tuple(
            replace(part, decoder=part.decoder.of_targets[number], weight=_of_target(part.weight, number))
            for part in self.parts
        )
        decoder = self.decoder.of_targets[number]
        return TargetPredictor(self.task.tasks[number], parts, decoder, self, number)

    def _sources(self) -> list[int]:
        """For each part, the index of the first one with the same features."""
        return [
            next(k for k, earlier in enumerate(self.parts) if part.has_inputs_of(earlier))
            for part in self.parts
        ]

    def _scores(self, rows: int) -> FloatArray:
        """The scores of the first rows of the parts' inputs."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.joint_scores([part.scores(self.task, rows) for part in self.parts])

    def joint_scores(self, scores: Sequence[FloatArray]) -> FloatArray:
        """The scores of rows from those of the parts, (n, outputs) each."""
        if len(scores) == 1:
            return scores[0]
        converted = [
            self.task.converted(part_scores, part.decoder, self.decoder)
            for part_scores, part in zip(scores, self.parts, strict=True)
        ]
        return self.task.combine(converted, self.decoder, [part.weight for part in self.parts])


@dataclass(frozen=True, slots=True)
class TargetPredictor(Predictor):
    """What predicts one of several targets with the networks of all."""

    joint: Predictor
    """Its parts have the same weights, and buffers of their own if this predictor is a copy."""
    number: int
    """That of the target, from 0."""

    def _scores(self, rows: int) -> FloatArray:
        """The scores of the target, (rows, outputs)."""
        parts = zip(self.joint.parts, self.parts, strict=True)
        joint = replace(self.joint, parts=tuple(replace(part, scorer=own.scorer) for part, own in parts))
        outputs = parts_of(joint.decoder).slices[self.number]
        return np.ascontiguousarray(joint._scores(rows)[:, outputs])


def as_weight(values: FloatArray) -> Weight:
    """A weight, or one for each target, from an array () or (T,)."""
    return tuple(values.tolist()) if values.ndim else float(values)


def _of_target(weight: Weight, number: int) -> float:
    """The weight for one of several targets, counted from 0."""
    return weight[number] if isinstance(weight, tuple) else weight


def fresh_part(
    fit: Fit,
    members: Sequence[Member],
    parameters: FloatArray,
    statistics: FloatArray,
    *,
    weight: Weight = 1.0,
) -> PredictorPart:
    """The part of the N trained members of a fit, with parameters (N, P) and running statistics (N, S)."""
    networks = [
        make_network(fit.layout, [member], parameters[k : k + 1], statistics[k : k + 1])
        for k, member in enumerate(members)
    ]
    return PredictorPart.of(fit.preprocessor, networks, fit.decoder, weight=weight)


def member_slices(fit: Fit) -> list[slice]:
    """The networks of a fit that are its members and, if it has any, those that are their plain twins.

    They are those of each target in turn, if it has networks of its own.
    """
    settings = fit.settings
    kinds, size = settings.networks_per_target, settings.ensemble // settings.separate_targets
    firsts = [target * size for target in range(settings.separate_targets)]
    return [slice(first + kind, first + size, kinds) for first in firsts for kind in range(kinds)]


def kind_weights(fit: Fit) -> FloatArray:
    """How much each of `member_slices` counts before weights are fitted, (kinds,); of several targets
    (kinds, T).
    """
    kinds, targets = fit.settings.networks_per_target, len(fit.decoder.of_targets)
    if fit.settings.separate_targets > 1:
        return np.eye(targets).repeat(kinds, axis=0)
    return np.ones(kinds if targets == 1 else (kinds, targets))


def fresh_predictor(
    task: Task, fit: Fit, members: Sequence[Member], parameters: FloatArray, statistics: FloatArray
) -> Predictor:
    """The predictor of the N trained members of a fit, see `fresh_part`; twins are a part of their own."""
    parts = [
        fresh_part(fit, members[part], parameters[part], statistics[part], weight=as_weight(weights))
        for part, weights in zip(member_slices(fit), kind_weights(fit), strict=True)
    ]
    return Predictor.of_parts(task, parts)


def score_parts(
    predictor: Predictor, data: TaskData, pool: Pool | None, split: Split, bags: Sequence[Split] = ()
) -> dict[str, PartScores | None]:
    """The scores of each part, None for an empty one.

    The rows are in the pool. Without a pool, their features are computed here; parts that differ in their
    preprocessing have none. With `bags`, each validation row is scored by the member that was not trained on
    it.
    """

    def batches(scorer: Predictor, rows: IntArray) -> Iterable[FloatArray]:
        pieces = [(data.dataset, rows)]
        return scorer.column_scores(pieces) if pool is None else scorer.pool_scores(pool, rows)

    def scores(name: str, rows: IntArray) -> PartScores:
        if bags and name == "validation":
            bag_rows = [bag.validation for bag in bags]
            return data.score(rows, predictor.out_of_bag_scores(rows, bag_rows, batches), predictor.decoder)
        return data.score(rows, batches(predictor, rows), predictor.decoder)

    return {name: scores(name, rows) if rows.size else None for name, rows in split.parts.items()}
