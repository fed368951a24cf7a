"""What holds a job back as a whole."""

from __future__ import annotations

import pytest
from millpond.api.reasons import TaskReason
from millpond.scheduling.demand import Demand
from millpond.scheduling.explain import Facts, JobFact, PoolFact, WaitReason, explain
from millpond.scheduling.explain_job import Group, JobFacts, JobWait, ManagerFact, explain_job

JOB, POOL = JobFact("frames"), PoolFact("render", target=1)
PAUSED = JobFact("frames", state="Disabled", closed=TaskReason.JOB_DISABLED, disabled_because="Task a failed.")
TOO_WIDE = Group(TaskReason.TOO_MANY_SLOTS, 2, "wide", "requiredSlots is 9.")
BEHIND = Group(TaskReason.WAITING_FOR_DEPENDENCIES, 1, "last", "It waits for 7.")


RUNS = ManagerFact("frames-m", "Running")


def next_task(**more: object) -> Facts:
    return Facts(**({"task": "t", "state": "Active", "demand": Demand(), "job": JOB, "pool": POOL} | more))  # type: ignore[arg-type]


CASES: dict[str, tuple[JobFacts, list[str]]] = {
    "paused, and problems that stay": (
        JobFacts(PAUSED, POOL, tasks=2, waiting=2, groups=(TOO_WIDE,)),
        [TaskReason.JOB_DISABLED, TaskReason.TOO_MANY_SLOTS],
    ),
    "no pool": (JobFacts(JOB, PoolFact("render", exists=False)), [TaskReason.POOL_NOT_FOUND]),
    "pool goes": (JobFacts(JOB, PoolFact("render", deleting=True)), [TaskReason.POOL_DELETING]),
    "no nodes": (JobFacts(JOB, POOL, tasks=1, waiting=1, next=next_task()), [TaskReason.NO_NODES]),
    "groups": (
        JobFacts(JOB, POOL, tasks=3, waiting=3, groups=(TOO_WIDE, BEHIND)),
        [TaskReason.TOO_MANY_SLOTS, TaskReason.WAITING_FOR_DEPENDENCIES],
    ),
    "its next task is behind others of higher priority, and its own order is no news": (
        JobFacts(JOB, POOL, tasks=2, waiting=2, next=next_task(waiting_above=3, waiting_before=1)),
        [TaskReason.NO_NODES, WaitReason.BEHIND_HIGHER_PRIORITY],
    ),
    "empty": (JobFacts(JOB, POOL), [JobWait.NO_TASKS]),
    "all run": (JobFacts(JOB, POOL, tasks=2, placed=1), [JobWait.ALL_TASKS_PLACED]),
    "all ended": (JobFacts(JOB, POOL, tasks=2), [JobWait.ALL_TASKS_COMPLETE]),
    "its manager runs": (
        JobFacts(JOB, POOL, tasks=1, placed=1, manager=RUNS),
        [JobWait.ALL_TASKS_PLACED, JobWait.JOB_MANAGER],
    ),
    "its manager cannot be made": (
        JobFacts(JOB, POOL, tasks=1, waiting=1, next=next_task(), manager=ManagerFact("m", trouble="Quota.")),
        [TaskReason.NO_NODES, JobWait.JOB_MANAGER],
    ),
    "a pause before the next attempt": (JobFacts(JOB, POOL, tasks=1, waiting=1), [JobWait.NO_TASK_CAN_RUN]),
}


@pytest.mark.parametrize("case", CASES)
def test_findings(case: str) -> None:
    facts, reasons = CASES[case]
    found = explain_job(facts)
    assert [finding.reason for finding in found] == reasons
    assert all(finding.message and (finding.remedy or not finding.blocks) for finding in found)


def test_every_reason_of_a_job_has_a_case() -> None:
    found = {finding.reason for facts, _ in CASES.values() for finding in explain_job(facts)}
    assert set(map(str, JobWait)) <= found


def test_a_group_names_one_of_its_tasks() -> None:
    (finding,) = explain_job(JobFacts(JOB, POOL, tasks=2, waiting=2, groups=(TOO_WIDE,)))
    assert finding.message == "2 of its tasks are held back, wide for one: requiredSlots is 9."
    assert finding.remedy == "millpond explain task wide"


def test_a_disabled_job_says_what_disabled_it() -> None:
    (finding,) = explain_job(JobFacts(PAUSED, POOL))
    assert "Task a failed." in finding.message
    assert finding.remedy == "millpond job enable frames"


def test_the_next_task_speaks_in_its_own_words() -> None:
    facts = next_task(waiting_above=1)
    assert set(explain_job(JobFacts(JOB, POOL, tasks=1, waiting=1, next=facts))) == set(explain(facts))


@pytest.mark.parametrize(
    ("manager", "says"),
    [
        (RUNS, "Its manager, task frames-m, is Running."),
        (ManagerFact("m", "Completed", "Failure"), "Its manager, task m, is Completed (Failure)."),
        (ManagerFact("m"), "Its manager, task m, is about to be made."),
        (ManagerFact("m", gone=True), "Its manager, task m, was deleted, and is not made again."),
        (ManagerFact("m", trouble="A quota."), "Its manager, task m, cannot be made: A quota."),
    ],
)
def test_how_the_manager_stands(manager: ManagerFact, says: str) -> None:
    assert says in [finding.message for finding in explain_job(JobFacts(JOB, POOL, manager=manager))]
