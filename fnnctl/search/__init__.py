"""Hyperparameter search: which configurations are tried (samplers) and for how long (schedulers).

Both implement small protocols; `functions.search_function` combines them with an objective and a journal. A
search by hand is a dialogue with the scheduler:

    >>> from fnnctl.search.budget import SearchBudget
    >>> from fnnctl.search.schedulers import build_scheduler
    >>> from fnnctl.search.samplers.fixed_list import FixedListSampler
    >>> from fnnctl.records.standings import Standings
    >>> from fnnctl.records.trials import Result, Status
    >>> sampler = FixedListSampler({"rate": 10.0**-k} for k in range(4))
    >>> budget = SearchBudget(max_epochs=4, trials=4, reduction_factor=2)
    >>> scheduler = build_scheduler("halving", sampler, budget, direction="maximize")
    >>> standings = Standings("maximize")
    >>> while jobs := scheduler.ask(free=100):
    ...     print([(job.trial.number, job.start, job.stop) for job in jobs])
    ...     for job in jobs:  # train the trial from `start` to `stop`
    ...         score = job.trial.assignment["rate"] * job.stop
    ...         result = Result(
    ...             job.trial.number, job.rung, job.stop, Status.COMPLETED, score, job.stop - job.start
    ...         )
    ...         standings.add(result)
    ...         _ = scheduler.tell(result)
    [(0, 0, 1), (1, 0, 1), (2, 0, 1), (3, 0, 1)]
    [(0, 1, 2), (1, 1, 2)]
    [(0, 2, 4)]
    >>> standings.incumbent.trial, standings.incumbent.objective
    (0, 4.0)

Any object that follows `protocols` can be a sampler or scheduler.
"""
