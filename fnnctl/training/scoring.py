"""Forward passes without training: for a whole stack in training, or for rows whose bits do not depend on the
batch.

In training, batches have one fixed size, because the last bits of a product may depend on it, and a member
must get the same scores in any stack.

In evaluation and prediction the scores of a row never depend on the other rows. The last bits of a column of
a matrix product depend on the number of columns, but not on the content of the others. So every batch has the
same size, padded with arbitrary rows. With some BLAS kernels they also depend on the position of the column;
then the batch is computed in slices narrow enough that all positions give the same bits.

Few rows, such as the single ones of a service, would wait for a whole batch of every network. They are
computed by all networks together in a narrow batch, if a test with some rows finds no difference to the bits
of the whole one. The output layer has few units, and its products are those that differ: it keeps its width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.losses.joint import target_type
from fnnctl.nn.network import Network, for_scoring, stacked
from fnnctl.nn.shape import NetworkShape
from fnnctl.nn.workspace import Workspace
from fnnctl.training.pool import Pool, gather

SCORING_BATCH = 512
MIN_BATCH = 16
"""The smallest batch of a network with many inner members."""
PROBES = 32
"""With one output, more than half of all rows have equal bits at all positions although the kernels differ:
of 200 networks a single row told this of 88."""
MIN_ROWS = 16
"""Fewer rows are computed as this many."""
NARROW_WIDTHS = (16, 32, 64)
"""The widths to try for up to `MIN_ROWS` rows."""
SMALL_BATCHES = 3
"""After this many small batches the test of narrow ones, which takes as long as a dozen, is worth its
time."""


def rows_at_once(shape: NetworkShape) -> int:
    """The rows of a batch: fewer for inner members, each of which has a column of its own for every row."""
    return max(MIN_BATCH, SCORING_BATCH // shape.inner_members)


class Scorer:
    """Scores rows of the pool with a stack's current parameters; keeps its buffers between calls."""

    def __init__(self, network: Network, pool: Pool) -> None:
        self._network, self._pool = network, pool
        self._workspaces: dict[int, Workspace] = {}

    def evaluate(self, rows: IntArray, outputs: FloatArray | None = None) -> tuple[FloatArray, TargetArray]:
        """Mean loss, (K,), and predictions, (K, n), of each member's rows, (K, n).

        With T targets they are (K, T) and (K, n, T). Those of inner members are of their average. What
        `scores` returns is written to `outputs`, if given.
        """
        if self._network.layout.shape.inner_members > 1:
            return self.evaluate_ensembles(rows, 1, outputs)
        shape, dtype = self._network.layout.shape, self._network.parameters.dtype
        per_row = shape.output.target_axis
        predictions: TargetArray = np.empty((*rows.shape, *per_row), target_type(shape.output, dtype))
        total = np.zeros((len(rows), *per_row))
        for part, work in self._batches(rows):
            scores = self._network.within_limits(work.scores)
            if outputs is not None:
                outputs[:, part] = work.loss.outputs(scores).transpose(0, 2, 1)
            losses, predictions[:, part] = work.loss.evaluate(scores, work.targets)
            total += losses.sum(axis=1, dtype=np.float64)
        return total / rows.shape[1], predictions

    def evaluate_ensembles(
        self, rows: IntArray, size: int, outputs: FloatArray | None = None
    ) -> tuple[FloatArray, TargetArray]:
        """As `evaluate`, for the averages of `size` consecutive members: (K / size,) and (K / size, n).

        The members of an ensemble have the same rows.
        """
        shape, count = self._network.layout.shape, rows.shape[1]
        networks = size * shape.inner_members
        ensembles, per_row = len(rows) // size, shape.output.target_axis
        predictions: TargetArray = np.empty(
            (ensembles, count, *per_row), target_type(shape.output, np.dtype(np.float64))
        )
        total = np.zeros((ensembles, *per_row))
        for part, work in self._batches(rows):
            scores = self._network.within_limits(work.member_scores())
            if outputs is not None:
                outputs[:, part] = work.loss.outputs(scores).transpose(0, 2, 1)
            targets = work.targets.of_ensembles(size)
            losses, predictions[:, part] = work.loss.evaluate_ensembles(scores, targets, networks)
            total += losses.sum(axis=1, dtype=np.float64)
        return total / count, predictions

    def scores(self, rows: IntArray) -> FloatArray:
        """The task's outputs for each member's rows, (K·N, n, outputs), such as the arguments of softmax.

        N is the number of inner members, whose outputs are consecutive.
        """
        shape, (members, count) = self._network.layout.shape, rows.shape
        networks = members * shape.inner_members
        scores = np.empty((networks, count, shape.output.size), self._network.parameters.dtype)
        for part, work in self._batches(rows):
            member_scores = self._network.within_limits(work.member_scores())
            scores[:, part] = work.loss.outputs(member_scores).transpose(0, 2, 1)
        return scores

    def _batches(self, rows: IntArray) -> Iterator[tuple[slice, Workspace]]:
        """Each batch of the rows, with the workspace that holds its scores."""
        members, count = rows.shape
        most = rows_at_once(self._network.layout.shape)
        for start in range(0, count, most):
            part = slice(start, min(start + most, count))
            size = part.stop - part.start
            if size not in self._workspaces:
                self._workspaces[size] = Workspace(
                    self._network.layout.shape,
                    members,
                    size,
                    self._network.parameters.dtype,
                    training=False,
                    weighted=self._pool.factors is not None,
                )
            work = self._workspaces[size]
            gather(self._pool, rows[:, part], work)
            self._network.forward(work)
            yield part, work


WIDTHS = (SCORING_BATCH, 16, 8, 1)
"""The slice widths to try; the first one in which all positions give the same bits is used. OpenBLAS's AVX2
kernels need 16, which takes 1.4 times as long as 512; its AVX-512 kernels treat all positions alike."""


class RowScorer:
    """Scores rows with networks of one shape, each alone in its stack; keeps its buffers between calls."""

    def __init__(
        self, networks: Sequence[Network], *, like: RowScorer | None = None, width: int | None = None
    ) -> None:
        """What was tested on a scorer `like` this one, of the same networks, is not tested again.

        Nor is the `width` of slices that was tested with a network of the same shape.
        """
        self._networks = tuple(map(for_scoring, networks))
        first = self._networks[0]
        shape = (SCORING_BATCH, first.layout.shape.inputs + 1)
        self.inputs = np.empty(shape, first.parameters.dtype)
        """The caller writes the features of up to SCORING_BATCH rows here, each followed by a 1."""
        self._workspaces: dict[int, Workspace] = {}
        self._few_rows: FewRows | None = None
        self._small_batches = 0
        if width is not None:
            self._width = width
        elif like is None:
            self._width = next(width for width in WIDTHS if self._places_are_alike(width))
        else:
            self._width, self._small_batches = like._width, like._small_batches
            if like._few_rows is not None:
                self._few_rows = FewRows(self._networks, self.inputs, like._few_rows.width)
        self.inputs.fill(1.0)

    def __len__(self) -> int:
        return len(self._networks)

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks, which have one shape."""
        return self._networks

    def copied(self) -> RowScorer:
        """A scorer of the same networks with buffers of its own, for another thread."""
        return RowScorer(self._networks, like=self)

    def member_scorers(self) -> list[RowScorer]:
        """A scorer for each network."""
        return [RowScorer([network], width=self._width) for network in self._networks]

    def scores(self, rows: int) -> list[FloatArray]:
        """Each network's outputs for the first rows of `inputs`, (rows, outputs), such as the arguments of
        softmax.

        Outputs that overflow are infinite or NaN, without a warning. The rows are rounded up to a power of
        two, so that few workspaces are needed; the other slices are not computed.
        """
        if rows <= MIN_ROWS < self._width:
            self._small_batches += 1
            if self._small_batches == SMALL_BATCHES:  # those who ask so often will ask again
                self._few_rows = self._tested_few_rows()
            if self._few_rows is not None:
                return self._few_rows.scores(rows)
        return self._batch_scores(rows)

    def _batch_scores(self, rows: int) -> list[FloatArray]:
        computed = max(MIN_ROWS, self._width, 1 << (rows - 1).bit_length())
        if computed not in self._workspaces:
            self._workspaces[computed] = self._workspace(computed, self._width)
        work = self._workspaces[computed]
        # The networks take turns in one workspace, so what their input stages read is there from the first.
        is_plain = [bool(network.plain.size) for network in self._networks]
        read = [k == 0 or is_plain[k] != is_plain[k - 1] for k in range(len(is_plain))]
        pairs = zip(self._networks, read, strict=True)
        return [self._scores(network, work, read=first)[:rows] for network, first in pairs]

    def _tested_few_rows(self) -> FewRows | None:
        """The narrowest batch for few rows that gives the bits of a whole one; None if none does."""
        first_rows = self.inputs[:MIN_ROWS].copy()
        rng = np.random.default_rng(0)
        candidates = [FewRows(self._networks, self.inputs, width) for width in NARROW_WIDTHS]
        for _ in range(PROBES):
            self.inputs[:, :-1] = rng.normal(size=(SCORING_BATCH, self.inputs.shape[1] - 1))
            whole = np.array(self._batch_scores(MIN_ROWS)).tobytes()
            candidates = [few for few in candidates if np.array(few.scores(MIN_ROWS)).tobytes() == whole]
        self.inputs[:MIN_ROWS] = first_rows
        return candidates[0] if candidates else None

    def _workspace(self, rows: int, width: int) -> Workspace:
        """A workspace for the first rows of `inputs`, with slices of `width` rows on the axis of the members.

        They share one network at a time.
        """
        slices = self.inputs[:rows].reshape(-1, width, self.inputs.shape[1])
        shape = self._networks[0].layout.shape
        return Workspace(shape, len(slices), width, self.inputs.dtype, training=False, inputs=slices)

    def _places_are_alike(self, width: int) -> bool:
        """Whether a row gets the same scores at each position of a slice, tested with a few rows.

        One network is enough, because kernels differ by shape.
        """
        if width == 1:
            return True
        rng = np.random.default_rng(0)
        work = self._workspace(max(MIN_ROWS, width), width)
        for _ in range(PROBES):
            work.inputs[...] = rng.normal(size=self.inputs.shape[1])
            scores = self._scores(self._networks[0], work)
            if scores.tobytes() != np.broadcast_to(scores[0], scores.shape).tobytes():
                return False
        return True

    def _scores(self, network: Network, work: Workspace, *, read: bool = True) -> FloatArray:
        """A network's outputs for the workspace's rows, (rows, outputs)."""
        with np.errstate(over="ignore", invalid="ignore"):
            network.forward(work, read=read)
        scores = work.loss.outputs(network.within_limits(work.scores)).transpose(0, 2, 1)
        return scores.reshape(len(scores) * work.batch, -1).copy()


class FewRows:
    """Scores up to `MIN_ROWS` rows with all networks of a `RowScorer` together."""

    def __init__(self, networks: Sequence[Network], inputs: FloatArray, width: int) -> None:
        """The rows are the first ones of `inputs`, and `width` rows are computed."""
        self.width = width
        self._network = network = stacked(networks)
        shape, dtype = network.layout.shape, inputs.dtype
        rows = np.broadcast_to(inputs[:width], (len(networks), width, inputs.shape[1]))
        self._work = Workspace(shape, len(networks), width, dtype, training=False, inputs=rows)
        units = network.V.shape[-1]
        self._activations = np.zeros((len(networks), units, SCORING_BATCH), dtype)
        self._scores = np.empty((len(networks), shape.scores, SCORING_BATCH), dtype)

    def scores(self, rows: int) -> list[FloatArray]:
        """Each network's outputs for the first rows of `inputs`: see `RowScorer.scores`."""
        network, work, width = self._network, self._work, self._work.batch
        with np.errstate(over="ignore", invalid="ignore"):
            self._activations[:, :, :width] = network.activations(work)
            np.matmul(network.V, self._activations, out=self._scores)
        work.scores[...] = self._scores[:, :, :width]
        outputs = work.loss.outputs(network.within_limits(work.scores))
        return list(outputs.transpose(0, 2, 1)[:, :rows].copy())
