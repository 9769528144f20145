"""Which jobs of a search train together, in which order, and by whom: the order is a part of the journal."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from fnnctl.commands.fold_plan import affordable_at_once, executor_kind
from fnnctl.commands.search_setup import PreparedSearch
from fnnctl.commands.trial_networks import TrialNetworks
from fnnctl.commands.trial_training import StackTask, UnitNetwork
from fnnctl.executors.processes import can_fork
from fnnctl.executors.registry import ExecutorKind
from fnnctl.records.trials import Job
from fnnctl.store.trial_checkpoints import Network, Place
from fnnctl.training.members import StackSettings
from fnnctl.training.stacking import best_size, rough_seconds, step_values


@dataclass(frozen=True, slots=True)
class Crew:
    """Who trains."""

    kind: ExecutorKind
    workers: int


def choose_crew(
    search: PreparedSearch, settings: StackSettings, *, workers: int, executor: ExecutorKind | None
) -> Crew:
    """Workers for a search whose networks are about as large as these."""
    rows = max(unit.split.train.size for unit in search.units)
    epochs = search.plan.epochs_with_reuse * len(search.units)
    seconds = rough_seconds(settings, train_rows=rows, epochs=epochs)
    step = step_values(settings) * best_size(settings)
    values = len(search.source.dataset) * settings.shape.inputs
    kind = executor or executor_kind(seconds, step, values=values, forks=can_fork())
    return Crew(kind, 1 if kind == "serial" else workers)


def in_order(jobs: Sequence[Job], networks: Mapping[int, TrialNetworks]) -> list[Job]:
    """The jobs in the order in which they are recorded: short ones first, those of one stack together.

    It follows from each job alone, so that jobs that are left out change nothing for the others.
    """

    def key(job: Job) -> tuple[int, int, str, int]:
        own = networks.get(job.trial.number)
        return job.stop, job.start, _group(own) if own else "", job.trial.number

    return sorted(jobs, key=key)


def stack_tasks(
    jobs: Sequence[Job],
    networks: Mapping[int, TrialNetworks],
    places: Mapping[Network, Place],
    ended: Collection[Network],
    search: PreparedSearch,
    *,
    workers: int,
) -> list[tuple[StackTask, list[int]]]:
    """Stacks for jobs that are in order, each with its networks' trials.

    `places` are those of the networks that go on; what has ended is left out. A trial's networks may be in
    several stacks.
    """
    groups: dict[tuple[int, int, str], list[tuple[int, UnitNetwork]]] = {}
    found: dict[tuple[int, int, str], tuple[StackSettings, str]] = {}
    for job in jobs:
        number = job.trial.number
        own = networks[number]
        for index, (unit, network) in enumerate(zip(search.units, own.networks, strict=True)):
            if (number, index) in ended:
                continue
            settings, member = network.settings, network.member
            rows = member.train_rows.size, member.validation_rows.size, unit.judged.size
            key = job.start, job.stop, f"{_group(own)} {_shape(settings)} {rows}"
            found[key] = settings, own.preprocessing
            made = UnitNetwork(
                member=replace(member, epochs=job.stop, horizon=search.configs.epochs),
                unit=index,
                preprocessor=network.preprocessor,
                judged=unit.judged,
                kept=places.get((number, index)),
            )
            groups.setdefault(key, []).append((number, made))
    tasks = []
    for key, of_group in groups.items():
        settings, preprocessing = found[key]
        start, stop, _ = key
        keep = search.settings.keep_checkpoints or stop < search.budget.max_epochs
        most = _most(settings, len(of_group), rows=len(search.source.dataset), workers=workers)
        count = math.ceil(len(of_group) / most)
        for k in range(count):
            part = of_group[len(of_group) * k // count : len(of_group) * (k + 1) // count]
            networks_of = tuple(network for _, network in part)
            task = StackTask(settings, start, stop, preprocessing, networks_of, keep)
            tasks.append((task, [number for number, _ in part]))
    return tasks


def _most(settings: StackSettings, count: int, *, rows: int, workers: int) -> int:
    """How many networks a stack may have: what the cache likes, memory allows, and leaves no worker idle."""
    affordable = affordable_at_once(settings, rows=rows)
    return max(1, min(best_size(settings), affordable // workers, math.ceil(count / workers)))


def _group(networks: TrialNetworks) -> str:
    return f"{_shape(networks.networks[0].settings)} {networks.preprocessing}"


def _shape(settings: StackSettings) -> str:
    return json.dumps(asdict(settings), sort_keys=True)
