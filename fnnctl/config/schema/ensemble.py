"""The ensemble of the `model` section: several networks whose predictions are averaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from fnnctl.config.problems import sentence
from fnnctl.config.schema.section import Section
from fnnctl.config.schema.setting import Place, Setting
from fnnctl.errors import Problem

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

_SEVERAL_MEMBERS: Final = "write members: 2 or more, or false"


def _no_bags(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With `data.split.by`, with `share_weights`, or with a single member."""
    ensemble = experiment.model.ensemble
    if experiment.data.split.by is not None:
        yield sentence(
            "the members would train on rows later than those that they are validated on, but data.split.by "
            "orders the rows",
            "data.split.by",
            advice="write bags: false, or data.split.by: null",
        )
    elif ensemble.share_weights:
        yield sentence(
            "shared weights are trained on the rows of all members' bags, so no row is out of bag",
            "model.ensemble.share_weights",
            advice="write false for one of the two",
        )
    elif ensemble.members == 1:
        yield sentence(
            "each member is validated on a fold of its own, so there must be several",
            "model.ensemble.members",
            advice="write members: 2 or more, or bags: false",
        )


def _nothing_to_share(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With a single member."""
    if experiment.model.ensemble.members == 1:
        yield sentence(
            "there must be several members to share weights",
            "model.ensemble.members",
            advice=_SEVERAL_MEMBERS,
        )


def _no_twins(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With a single member, with `share_weights`, or without an embedding of numbers."""
    ensemble = experiment.model.ensemble
    if ensemble.members == 1:
        yield sentence("a single network has no twin", "model.ensemble.members", advice=_SEVERAL_MEMBERS)
    elif ensemble.share_weights:
        yield sentence(
            "networks that share weights have no twins",
            "model.ensemble.share_weights",
            advice="write false for one of the two",
        )
    elif not experiment.model.embeds_numbers:
        yield sentence(
            "twins differ from members by the embedding of numbers, and there is none",
            "model.numeric_embedding",
            advice="write false, or with numeric columns model.numeric_embedding: piecewise_linear",
        )


class EnsembleConfig(Section):
    """Several networks whose predictions are averaged."""

    members: Annotated[int, Field(ge=1, le=1000)] = 1
    """The number of networks that are trained, each with its own random numbers. Their probabilities, or in a
    regression their values, are averaged; when to stop is decided by the average's scores. A search trains
    one network per trial, and this many for its winner; on bags, this many per trial."""
    share_weights: Annotated[bool, Setting(contradictions=(_nothing_to_share,))] = False
    """Whether the members share the weights of hidden layers; each then has factors of a layer's inputs and
    outputs, biases and an output layer of its own, and all train on the same batches."""
    bags: Annotated[bool, Setting(contradictions=(_no_bags,))] = False
    """Whether the networks train on every row outside the test part: the rows are divided into as many folds
    as there are members. Each member trains on all folds but one and is validated on that one. Not with
    `data.split.by`."""
    plain_twins: Annotated[
        bool, Setting(searched_in_ensembles=True, contradictions=(_no_twins,), since="0.3")
    ] = False
    """Whether each member has a twin that trains on the same rows and reads numbers without their embedding.
    The rows that a member is validated on say how much members and twins count. Only with
    `model.numeric_embedding: piecewise_linear`."""

    @property
    def inner_members(self) -> int:
        """The number of networks that share their weights: all members, or one."""
        return self.members if self.share_weights else 1

    @property
    def networks(self) -> int:
        """The number of networks, twins included."""
        return 2 * self.members if self.plain_twins else self.members
