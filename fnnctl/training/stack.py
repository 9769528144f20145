"""A stack between two epochs: all that training changes, for its members together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers import OPTIMIZERS, Optimizer
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.workspace import Workspace
from fnnctl.training.early_stopping import EarlyStopping
from fnnctl.training.history import TRAINING_COLUMNS, History, Record, validation_record
from fnnctl.training.members import Examples, Member, StackSettings, column, first_parameters, network_of
from fnnctl.training.scoring import Scorer
from fnnctl.training.streams import Purpose, stream
from fnnctl.training.watch import Watch


@dataclass
class Stack:
    """K members in training, after `epoch` epochs."""

    settings: StackSettings
    members: list[Member]
    examples: Examples
    network: Network
    optimizer: Optimizer
    stopping: EarlyStopping
    history: History
    epoch: int = 0
    _workspaces: dict[int, Workspace] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        dtype = self.settings.dtype
        self.last_epochs = column(self.members, "epochs")
        self._backpropagation = BackPropagation(self.network, column(self.members, "l2"))
        self._learning_rates = column(self.members, "learning_rate")
        self._learning_rate = self._learning_rates.astype(dtype)[:, None]
        self._train_rows = np.stack([member.train_rows for member in self.members])
        self._validation_rows = np.stack([member.validation_rows for member in self.members])
        self._validation_labels = self.examples.labels[self._validation_rows]
        self._scorer = Scorer(self.network, self.examples)

    @classmethod
    def start(cls, settings: StackSettings, members: Sequence[Member], examples: Examples) -> Stack:
        """Members with their first weights."""
        layout = ParameterLayout(settings.shape)
        parameters = first_parameters(layout, members, settings.dtype)
        optimizer = OPTIMIZERS[settings.optimizer]
        numbers = {
            name: np.array([member.optimizer_numbers[name] for member in members])
            for name in optimizer.number_names
        }
        return cls(
            settings=settings,
            members=list(members),
            examples=examples,
            network=network_of(layout, members, parameters),
            optimizer=optimizer(numbers, parameters),
            stopping=EarlyStopping([member.stopping for member in members], parameters),
            history=History(),
        )

    def select(self, chosen: IntArray) -> Stack:
        """The same stack with some of its members only; not a bit of theirs changes."""
        members = [self.members[k] for k in chosen]
        return Stack(
            settings=self.settings,
            members=members,
            examples=self.examples,
            network=network_of(self.network.layout, members, self.network.parameters[chosen]),
            optimizer=self.optimizer.select(chosen),
            stopping=self.stopping.select(chosen),
            history=self.history.select(chosen),
            epoch=self.epoch,
        )

    def run_epoch(self, *, watch: bool, should_stop: Callable[[], bool]) -> Record | None:
        """Train every member for an epoch and record it; None where it was broken off."""
        self.epoch += 1
        count = self._train_rows.shape[1]
        watching = Watch(self.network) if watch else None
        for work in self._batches():
            gradient = self._backpropagation.risk_gradient(work)
            if watching:
                watching.note(work, gradient)
            self.optimizer.step(
                self.network.parameters, gradient, self._learning_rate, self._backpropagation.scratch
            )
            if should_stop():
                return None
        totals = [work.loss.totals() for work in self._workspaces.values()]
        loss, correct = sum(each.loss for each in totals), sum(each.correct for each in totals)
        record = {
            "learning_rate": self._learning_rates,
            **dict(zip(TRAINING_COLUMNS, (loss / count, correct / count), strict=True)),
            **self._validate(),
            **(watching.record() if watching else {}),
        }
        self.history.append(record)
        return record

    def _batches(self) -> Iterator[Workspace]:
        """The epoch's batches, gathered; each member's rows in an order of its own."""
        size, count = self.settings.batch_size, self._train_rows.shape[1]
        if size >= count:  # one batch, whose order does not matter: gathered once
            if not self._workspaces:
                self._workspace(count).gather(self.examples.inputs, self.examples.labels, self._train_rows)
            yield self._workspace(count)
            return
        rows = self._shuffled() if self.settings.shuffle else self._train_rows
        for start in range(0, count, size):
            batch = rows[:, start : start + size]
            work = self._workspace(batch.shape[1])
            work.gather(self.examples.inputs, self.examples.labels, batch)
            yield work

    def _shuffled(self) -> IntArray:
        return np.stack(
            [
                stream(member.seed, Purpose.ORDER, self.epoch).permutation(rows)
                for member, rows in zip(self.members, self._train_rows, strict=True)
            ]
        )

    def _workspace(self, batch: int) -> Workspace:
        if batch not in self._workspaces:
            self._workspaces[batch] = Workspace(
                self.network.layout, len(self.members), batch, self.settings.dtype, training=True
            )
        return self._workspaces[batch]

    def _validate(self) -> Record:
        if not self._validation_rows.size:
            return {}
        losses, predictions = self._scorer.evaluate(self._validation_rows)
        return validation_record(losses, predictions, self._validation_labels, self.settings.shape.classes)
