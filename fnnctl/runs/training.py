"""The training of one fit into a run folder: of an experiment, or of the winner of a search."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.blas import set_blas_threads
from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.context import Context, SilentListener
from fnnctl.errors import DivergedError
from fnnctl.messages import Message
from fnnctl.modelling.covering import error_arrays, error_tails
from fnnctl.modelling.data_checks import DataCheck
from fnnctl.modelling.drift import histogram_arrays
from fnnctl.modelling.explanations.background import kept_rows
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.model_description import describe, fitted_entries, weight_entries
from fnnctl.modelling.parent import Parent
from fnnctl.modelling.predictor import TWO_KINDS, Predictor, score_parts
from fnnctl.modelling.row_groups import judged_groups
from fnnctl.modelling.trained_rows import trained_rows_facts, trained_rows_of
from fnnctl.modelling.worst_rows import WorstRows
from fnnctl.processors import usable_processors
from fnnctl.runs.ancestors import ancestor_facts, scored_ancestors
from fnnctl.runs.checkpointing import Checkpointer, incomplete_checkpoint, write_members
from fnnctl.runs.endings import column_warnings, dead_unit_messages, diverged, loss_warnings, score_warnings
from fnnctl.runs.facts import files_of_bases, known_facts
from fnnctl.runs.position import followed_training
from fnnctl.runs.recorder import RunRecorder, record_notes, record_warnings, write_scores
from fnnctl.runs.unlike_rows import are_predictions_chosen, is_chosen_by_validation, unlike_rows_warnings
from fnnctl.stacks.costs import pays_off
from fnnctl.stacks.out_of_bag import scored_out_of_bag
from fnnctl.stacks.work import TrainedStack, Workers, in_this_process, train_fits
from fnnctl.store.run import OpenRun, create_run
from fnnctl.store.trained_rows import StoredRows
from fnnctl.store.weights import Array
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import PartScores, TaskData
from fnnctl.training.checkpoint import Checkpoint
from fnnctl.training.learners.batches import batch_bounds
from fnnctl.training.state import MissingArrayError
from fnnctl.training.trainer import Outcome, TrainedMember

OnDoubts: TypeAlias = Callable[[Sequence[Message]], None]
"""Gets the warnings that put the scores of a run in doubt."""
NO_GROUPS: Final = (
    "evaluation.groups: no group is measured, because there is neither a test part nor a validation part; "
    "data.split.test: 0.2 makes a test part"
)


def create_training_run(
    context: Context,
    data: TaskData,
    fit: Fit,
    *,
    check: DataCheck,
    config: LoadedConfig | None = None,
    folder: str | None = None,
    trial: int | None = None,
    parent: Parent | None = None,
    former_rows: StoredRows | None = None,
) -> OpenRun:
    """Create the run folder; it contains the config (default: the resolved one) and manifest at once.

    `trial` is the number of the trial that is trained again, if it is a search's winner; the networks of a
    `parent` are trained on, and `former_rows` are those that it and its ancestors were trained on.
    """
    facts = known_facts(
        fit.experiment,
        data,
        fit.settings,
        check,
        command=context.command,
        blas_threads=set_threads(fit),
        sizes=fit.sizes,
    )
    resolved = resolved_yaml(fit.experiment)
    rows = trained_rows_of(data, [fit], former_rows)
    if former_rows is not None:
        facts["trained_rows"] = trained_rows_facts(rows)
    run = create_run(
        context.runs_dir,
        name=fit.experiment.name or "",
        kind="train",
        config=resolved.encode("utf-8") if config is None else config.text,
        bases=files_of_bases(config) if config else {},
        resolved=resolved,
        manifest={**facts, **({} if trial is None else {"trial": trial}), **ancestor_facts(parent)},
        folder=folder,
    )
    run.write_trained_rows(rows)
    return run


def set_threads(fit: Fit) -> int | None:
    """Limit matrix products to the fit's threads; return their number, or None if the BLAS accepts none."""
    threads = fit.experiment.training.threads
    return set_blas_threads(threads) if threads != "auto" else None


def complete_training(
    run: OpenRun,
    data: TaskData,
    fit: Fit,
    context: Context,
    *,
    started: float,
    checkpoint: Checkpoint | None = None,
    budget: int | None = None,
    workers: int | None = None,
    on_doubts: OnDoubts = lambda warnings: None,
) -> None:
    """Train from the start or from the checkpoint, and write the contents of the run folder.

    `started` is when the command began, on the monotonic clock; `budget` is the largest one of the search
    whose winner is trained. The members of an ensemble train on up to `workers` workers, by default one per
    processor. Before the run is complete, `on_doubts` gets the warnings, already shown, that put its scores
    in doubt. Raises `DivergedError` or `InterruptedRunError` after the completed work is written.
    """
    with RunRecorder(
        run, started=started, trained_before=checkpoint.seconds if checkpoint else 0.0
    ) as recorder:
        stack = _train(run, data, fit, checkpoint, recorder, context, workers or usable_processors())
        on_doubts(_write_trained(run, data, fit, stack, context, budget=budget))


def complete_trained(
    run: OpenRun,
    data: TaskData,
    fit: Fit,
    stack: TrainedStack,
    context: Context,
    *,
    started: float,
    scores: Sequence[FloatArray],
    stands_for_search: bool = True,
    on_doubts: OnDoubts = lambda warnings: None,
) -> None:
    """`complete_training` for a fit that a search has trained: the `stack` is as training would leave it.

    `scores` are the out-of-bag scores of each kind of its networks: see `scored_out_of_bag`. If another run
    `stands_for_search`, that one has said whether the test part is unlike the training rows.
    """
    with RunRecorder(run, started=started):
        write_members(run, fit, describe(fit, data, fit.member(data, fit.split(data))), stack.trained)
        on_doubts(
            _write_trained(run, data, fit, stack, context, scores=scores, stands_for_search=stands_for_search)
        )


def _write_trained(
    run: OpenRun,
    data: TaskData,
    fit: Fit,
    stack: TrainedStack,
    context: Context,
    *,
    budget: int | None = None,
    scores: Sequence[FloatArray] | None = None,
    stands_for_search: bool = True,
) -> list[Message]:
    """Write what follows from the trained fit; see `complete_training` and `complete_trained`.

    Returns the warnings that put the scores in doubt.
    """
    listener, stop, trained = context.listener, context.stop, stack.trained_fit(0)
    if trained.outcome in {Outcome.DIVERGED, Outcome.INTERRUPTED}:
        context.figures.draw(run)  # the curves are most wanted where training went wrong
    if trained.outcome is Outcome.DIVERGED:
        raise _diverged(run, fit, trained)
    stop.raise_if_requested(trained.epochs)
    dead, many_dead = dead_unit_messages(data, fit, trained.history)
    record_warnings(run, [*dead, *loss_warnings(fit, [trained], budget=budget)], listener)
    record_notes(run, many_dead, listener)
    predictor, parts = _scored(data, fit, stack, scores)
    if not all(math.isfinite(part.loss) for part in parts.values() if part):
        raise _diverged(run, fit, trained)  # the last step's weights are finite, but too large
    split = fit.split(data)
    has_chosen = not fit.settings.bags and are_predictions_chosen(fit, predictor.decoder)
    tails = error_tails(parts["validation"], data, split.validation, have_chosen=has_chosen)
    arrays = {
        **error_arrays(tails, data.task),
        **kept_rows(data, fit.experiment, predictor, split),
        **histogram_arrays(data, split.train, predictor, parts, out_of_bag=fit.settings.bags),
    }
    _record_calibration(run, fit, predictor, arrays, context)
    unlike = _unlike_rows_warnings(data, fit, predictor, parts)
    record_warnings(run, unlike, listener if stands_for_search else SilentListener(), first=True)
    about_scores = score_warnings(fit.experiment, parts["test"], [trained], held_out=parts["validation"])
    record_warnings(run, about_scores, listener, first=True)
    record_warnings(run, column_warnings(run, parts["test"]), listener)
    if ancestors := run.read_manifest().ancestors:
        run.record(scored_ancestors(ancestors, data, split.test))
    worst, groups = partial(WorstRows.of_data, data.dataset, split.test), judged_groups(data, split)
    if data.dataset.grouped and not any(groups.values()):
        record_notes(run, [NO_GROUPS], listener)
    write_scores(run, parts, worst, tails, groups)
    context.figures.draw(run)
    stop.raise_if_requested()  # matplotlib may have swallowed the signal
    return [*about_scores, *unlike] if stands_for_search else about_scores


def _train(
    run: OpenRun,
    data: TaskData,
    fit: Fit,
    checkpoint: Checkpoint | None,
    recorder: RunRecorder,
    context: Context,
    workers: int,
) -> TrainedStack:
    training, member = fit.experiment.training, fit.member(data, fit.split(data))
    steps = len(batch_bounds(len(member.train_rows), fit.settings))
    limit = None if training.time_limit is None else training.time_limit - recorder.trained_seconds()
    done = checkpoint.epoch if checkpoint else 0
    if checkpoint:
        context.stop.kept(checkpoint_words(checkpoint.epoch))

    def after_step() -> bool:
        progress.step()
        return context.stop.requested()

    with (
        context.stop.graceful(),
        followed_training(
            run, context.listener, training.epochs, done=done, steps=steps, time_limit=limit
        ) as progress,
        Checkpointer(
            run,
            fit,
            describe(fit, data, member),
            show=progress.epoch,
            on_written=lambda epoch: context.stop.kept(checkpoint_words(epoch)),
            should_stop=after_step,
            is_stop_requested=context.stop.requested,
            seconds=recorder.trained_seconds,
        ) as checkpointer,
        recorder.time_training(),
    ):
        try:
            stack = train_fits(
                data,
                [fit],
                checkpoint=checkpoint,
                diagnose=True,
                on_epoch=checkpointer.on_epoch,
                should_stop=checkpointer.should_stop,
                seconds=(training.time_limit or math.inf) - recorder.trained_seconds(),
                workers=training_workers(
                    run, data, fit, context, workers, is_overdue=checkpointer.is_overdue
                ),
            )
        except MissingArrayError as error:
            raise incomplete_checkpoint(run, error) from error
        checkpointer.trained = stack.trained
    return stack


def training_workers(
    run: OpenRun,
    data: TaskData,
    fit: Fit,
    context: Context,
    count: int,
    *,
    is_overdue: Callable[[], bool],
) -> Workers:
    """Who takes the steps of the fit's members: this process, or several workers if they pay off.

    See `member_workers` about `is_overdue`.
    """
    if not pays_off(fit, workers=count):
        return in_this_process
    from fnnctl.stacks.member_workers import member_workers, plan_members  # most trainings are short

    def warn(message: Message) -> None:
        record_warnings(run, [message], context.listener)

    plan = plan_members(fit, rows=len(data), workers=count)
    context.listener.detail(f"{plan.kind}, {plan.workers} at once")
    return partial(member_workers, plan, is_overdue=is_overdue, warn=warn)


def checkpoint_words(epoch: int) -> str:
    """What a run resumes from; training may have got further than the checkpoint."""
    return f"the last checkpoint (epoch {epoch})"


def _scored(
    data: TaskData, fit: Fit, stack: TrainedStack, scores: Sequence[FloatArray] | None
) -> tuple[Predictor, dict[str, PartScores | None]]:
    """The fit's predictor, calibrated and with a threshold if the experiment asks for it, and the scores of
    each part of the rows.
    """
    split = fit.split(data)
    if not fit.settings.bags:
        predictor = stack.predictor(0, *stack.final_weights(0))
        post_training = PostTraining.of(fit.experiment.model)
        predictor = predictor.calibrated(post_training, data, stack.pool, split.validation)
        return predictor, score_parts(predictor, data, stack.pool, split)
    predictor, _, out_of_bag = scored_out_of_bag(stack, 0, scores)
    parts = score_parts(predictor, data, stack.pool, replace(split, validation=split.validation[:0]))
    return predictor, {**parts, "validation": out_of_bag}


def _unlike_rows_warnings(
    data: TaskData, fit: Fit, predictor: Predictor, parts: Mapping[str, PartScores | None]
) -> list[Message]:
    if not fit.settings.bags and is_chosen_by_validation(fit, predictor.decoder):
        return []
    return unlike_rows_warnings(
        data,
        predictor.preprocessor,
        fit.split(data),
        test=parts["test"],
        held_out=parts["validation"],
        where="out of bag" if fit.settings.bags else "on the validation part",
    )


def _record_calibration(
    run: OpenRun, fit: Fit, predictor: Predictor, arrays: Mapping[str, Array], context: Context
) -> None:
    """Write what was fitted after training, the model's further arrays, and warnings about it."""
    post_training, decoder = PostTraining.of(fit.experiment.model), predictor.decoder
    weights = [part.weight for part in predictor.parts[1:] and predictor.parts]
    run.describe_model(fitted_entries(decoder), [weight_entries(weight) for weight in weights], arrays)
    if fit.settings.twins:
        run.record({"shares": _share_facts(np.array(weights), decoder)})
    if decoder.temperature is not None:
        run.record({"calibration": {"temperature": decoder.temperature}})
    record_warnings(run, post_training.warnings(decoder, rows=fit.sizes[1]), context.listener)


def _share_facts(weights: FloatArray, decoder: OutputDecoder) -> dict[str, Any]:
    """The shares of members and twins, from the weights of the parts, (parts,); of several targets, whose
    weights are (parts, T), the means and those of each.
    """
    members, plain_twins = (weights[kind].sum(axis=0) / weights.sum(axis=0) for kind in TWO_KINDS)
    facts: dict[str, Any] = {"members": float(members.mean()), "plain_twins": float(plain_twins.mean())}
    if weights.ndim > 1:
        names_of_targets = [part.output.target for part in decoder.of_targets]
        facts["targets"] = dict(zip(names_of_targets, plain_twins.tolist(), strict=True))
    return facts


def _diverged(run: OpenRun, fit: Fit, trained: TrainedMember) -> DivergedError:
    """Record the divergence and return the error: even finite weights may be useless."""
    run.record({"diverged": True})
    return diverged(run, fit, epoch=trained.epochs)
