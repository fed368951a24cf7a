"""The laws of the judgement on random histories: no double booking, no task lost, no surprise, books that add up, rest.

`MILLPOND_LAW_STEPS` sets how many steps are taken in all (default 20,000), `MILLPOND_LAW_SEED` the first seed.
A failure names its seed; the same seed repeats it.
"""

import os
from itertools import pairwise

import pytest
from millpond.api import labels
from millpond.control.limits import Limits
from support.history import History
from support.hosts import Hosts
from support.kubelets import Kubelets
from support.model.store import Change
from support.model.verbs import Verbs
from support.scheduler import Scheduler
from support.scripts import Run, Scripts
from support.small_operator import SmallOperator
from support.whole_history import WholeHistory

STEPS = int(os.environ.get("MILLPOND_LAW_STEPS", "20000"))
FIRST_SEED = int(os.environ.get("MILLPOND_LAW_SEED", "0"))
LENGTH = 500
GROUPS = 10
WHOLE_LENGTH = 40
WHOLE_SHARE = 2500
"""Of so many steps there is one of the whole operator: each of its own steps is a while of a whole cluster."""


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_laws_hold_on_random_histories(group: int) -> None:
    """Each group takes its share of the seeds, so that a failure shows with the first bad seed of its group only."""
    seeds = range(FIRST_SEED + group, FIRST_SEED + max(GROUPS, STEPS // LENGTH), GROUPS)
    steps = 0
    for seed in seeds:
        steps += History(seed).run(LENGTH)
    assert steps == LENGTH * len(seeds)


@pytest.mark.parametrize("group", range(2))
def test_schedules_and_pools_of_their_own_keep_their_promises(group: int) -> None:
    """One job at a time and for a due time, no burst, each task made once, and nothing left behind."""
    jobs = 0
    for seed in range(FIRST_SEED + group, FIRST_SEED + max(2, STEPS // WHOLE_SHARE), 2):
        history = WholeHistory(seed)
        history.run(WHOLE_LENGTH)
        jobs += len(history.laws.made)
    assert jobs


# Law 7: jobs of one priority get equal chances, and none waits for ever while others of its priority run.

TASKS = 60
JOBS = ("a", "b", "c")


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def started_in_order() -> list[str]:
    """The jobs of the Pods in the order of their creation, on one node with two slots."""
    clock = Clock()
    verbs = Verbs(clock)
    kubelets = Kubelets(verbs, Scripts(otherwise=lambda task, attempt: Run(seconds=1.0)))
    Hosts(verbs, kubelets).join("h1")
    pool = {"targetDedicatedNodes": 1, "taskSlotsPerNode": 2, "nodeTemplate": {"image": "busybox"}}
    verbs.create("pools", "default", {"metadata": {"name": "p"}, "spec": pool})
    for job in JOBS:
        verbs.create("jobs", "default", {"metadata": {"name": job}, "spec": {"poolName": "p"}})
        for number in range(TASKS):
            spec = {"jobName": job, "commandLine": "work"}
            verbs.create("tasks", "default", {"metadata": {"name": f"{job}{number}"}, "spec": spec})
    begun: list[str] = []

    def hear(change: Change) -> None:
        job = change.after["metadata"].get("labels", {}).get(labels.JOB)
        if change.plural == "pods" and change.type == "ADDED" and job:
            begun.append(job)

    verbs.store.listeners.append(hear)
    operator, scheduler = SmallOperator(verbs, Limits()), Scheduler(verbs)
    while len(begun) < TASKS * len(JOBS):
        operator.deliver_all()
        for key in operator.due():
            operator.cycle(key)
        scheduler.schedule()
        for key in sorted(verbs.store.all("pods")):
            kubelets.advance(key)
        clock.now += 0.25
    return begun


def test_jobs_of_one_priority_get_equal_chances() -> None:
    begun = started_in_order()
    first = begun[: len(begun) // 2]
    shares = {job: first.count(job) for job in JOBS}
    assert all(0.6 <= share * len(JOBS) / len(first) <= 1.4 for share in shares.values()), shares


def test_no_job_waits_for_ever() -> None:
    begun = started_in_order()
    for job in JOBS:
        places = [place for place, name in enumerate(begun) if name == job]
        gaps = [after - before for before, after in pairwise(places)]
        assert max(gaps[: TASKS // 2]) <= 20, (job, max(gaps))
