from __future__ import annotations

import pytest

from fnnctl.search.budget import Bracket, Rung, SearchBudget
from fnnctl.search.plan import SearchPlan, plan_search, plan_within_cost
from fnnctl.search.schedulers import build_scheduler
from tests.search.toys import climbed, numbered


def test_the_plans_table() -> None:
    """Brackets for which no trial is left are not there."""
    table = plan_search("hyperband", SearchBudget(max_epochs=81)).table()
    assert (table["trials"], table["epochs_from_scratch"], table["epochs_with_reuse"]) == (143, 1902, 1581)
    assert table["brackets"][3] == {
        "bracket": 1,
        "rungs": [{"trials": 8, "epochs": 27}, {"trials": 2, "epochs": 81}],
    }
    plan = plan_search("hyperband", SearchBudget(max_epochs=81, max_trials=100))
    assert [(bracket.number, bracket.trials) for bracket in plan.brackets] == [(4, 81), (3, 19)]
    assert [rung.trials for rung in plan.brackets[1].rungs] == [19, 6, 2, 1]


def test_asha_trains_at_least_what_is_planned() -> None:
    """Each trial is better than those before it, so that each from the third on is promoted at once."""
    budget = SearchBudget(max_epochs=9, trials=12)
    plan = plan_search("asha", budget)
    assert plan.table()["epochs_bound"] == "at least"
    scheduler = build_scheduler("asha", numbered(12), budget, direction="maximize")
    asked = climbed(scheduler, lambda job: float(job.trial.number), free=1)
    assert sum(stop - start for jobs in asked for _, start, stop in jobs) > plan.epochs_with_reuse
    assert plan_search("halving", budget).table()["epochs_bound"] == "at most"


def test_the_confirmation_of_a_plan() -> None:
    """The leaders are trained for the largest budget; a single trial has nothing to be compared with."""
    plan = plan_search("hyperband", SearchBudget(max_epochs=9, min_epochs=1, reduction_factor=3.0))
    assert plan.confirmation(top=5, seeds=10) == {"fits": 50, "epochs": 450}
    few, one = (plan_search("full_budget", SearchBudget(max_epochs=9, trials=n)) for n in (3, 1))
    assert few.confirmation(top=5, seeds=2) == {"fits": 6, "epochs": 54}
    assert one.confirmation(top=5, seeds=2) == {"fits": 0, "epochs": 0}


@pytest.mark.parametrize(
    ("scheduler", "cost", "rungs"),
    [
        ("full_budget", 81 * 7, [(1, 81)]),  # 81 epochs of 7 each
        ("full_budget", 81 * 7 + 1, [(2, 81)]),
        ("full_budget", 10**9, [(30, 81)]),
        # 27 at 3 and 9, 3 and 1 of them at 9, 27 and 81: 81 + 54 + 54 + 54 = 243 epochs
        ("asha", 7 * 243, [(27, 3), (9, 9), (3, 27), (1, 81)]),
    ],
)
def test_what_a_cost_pays_for(scheduler: str, cost: int, rungs: list[tuple[int, int]]) -> None:
    budget = SearchBudget(max_epochs=81, min_epochs=3, trials=30, cost=cost)
    whole = plan_search(scheduler, budget)
    plan = plan_within_cost(scheduler, budget, whole, epoch_cost=lambda trials: 7.0)
    assert [(rung.trials, rung.epochs) for rung in plan.brackets[0].rungs] == rungs
    assert plan.bound == (whole.bound if plan == whole else "about")


def test_trials_with_epochs_of_their_own_train_fewer() -> None:
    """Half of them end after one epoch and half after 7: on average after 2 of 3, and after 4 of 9."""
    bracket = Bracket(0, (Rung(9, 3), Rung(3, 9)))
    plan = SearchPlan((bracket,), own_epochs=(1, 7))
    assert (plan.trained(3), plan.trained(9)) == (2, 4)
    assert plan.epochs_with_reuse == 9 * 2 + 3 * (4 - 2)
    assert plan.epochs_from_scratch == 9 * 2 + 3 * 4
    whole = SearchPlan((bracket,))
    assert (whole.trained(3), whole.epochs_with_reuse) == (3, 9 * 3 + 3 * 6)
