"""Why a task waits, fact by fact; and the same predicate as placement's."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.reasons import TaskReason
from millpond.scheduling.demand import Demand
from millpond.scheduling.eligibility import fits
from millpond.scheduling.explain import (
    Facts,
    Finding,
    JobFact,
    NodeFact,
    PoolFact,
    PredecessorFact,
    WaitReason,
    explain,
)
from millpond.scheduling.misfit import PoolTerms
from millpond.scheduling.node_slots import NodeSlots

JOB = JobFact("frames")
POOL = PoolFact("render", target=2, terms=PoolTerms(4))


def slots(free: int = 4, cpu: int = 4000, cpu_free: int | None = None) -> NodeSlots:
    left = cpu * free // 4 if cpu_free is None else cpu_free
    return NodeSlots("n", "host", 4, free, cpu, 8 << 30, left, 8 << 30)


def node(name: str = "n1", **offered: Any) -> NodeFact:
    return NodeFact(name, "Idle", "", slots(**offered))


def closed(state: str, message: str = "It starts.") -> NodeFact:
    return NodeFact("n2", state, message)


def facts(**given: Any) -> Facts:
    return Facts(**({"task": "t", "state": "Active", "demand": Demand(), "job": JOB, "pool": POOL} | given))


def held_by_another(exclusive: bool = False) -> NodeFact:
    """A node on which one task of one slot runs."""
    fact = node()
    assert fact.slots is not None
    fact.slots.take(Demand(1, 0, 0, exclusive=exclusive))
    return fact


def held_alone() -> NodeFact:
    return held_by_another(exclusive=True)


WIDE = Demand(slots=5)
LARGE = Demand(cpu_millis=9000)
GROUP = Demand(instances=3)
FORMS = PoolFact("render", target=2, terms=PoolTerms(1, communicates=True, nodes=2))

CASES: dict[str, tuple[Facts, str, bool]] = {
    "others are stopped for it": (facts(nodes=(node(),), giving_way=1), WaitReason.TASKS_GIVE_WAY, False),
    "a group in a pool of two slots": (facts(nodes=(node(),), demand=GROUP), TaskReason.POOL_FORMS_NO_GROUPS, True),
    "a group larger than the pool": (
        facts(nodes=(node(),), demand=GROUP, pool=FORMS),
        TaskReason.TOO_MANY_INSTANCES,
        True,
    ),
    "a group of which one node is free": (
        facts(nodes=(node("n1"), node("n2", free=0)), demand=Demand(instances=2), pool=FORMS),
        TaskReason.WAITING_FOR_SLOTS,
        True,
    ),
    "nodes are kept for a group": (
        facts(nodes=(node("n1"), node("n2", free=0)), kept_for="mpi", kept=frozenset({"n1"})),
        WaitReason.BEHIND_GROUP,
        True,
    ),
    "succeeded": (facts(state="Completed", succeeded=True, node="n1"), TaskReason.TASK_SUCCEEDED, False),
    "too old while it ran": (
        facts(state="Running", node="n1", problem=Finding(TaskReason.TASK_EXPIRED, "Too old.", True)),
        TaskReason.TASK_EXPIRED,
        True,
    ),
    "failed": (facts(state="Completed", ended="Exit code 3.", node="n1"), TaskReason.TASK_FAILED, False),
    "runs": (facts(state="Running", node="n1"), TaskReason.RUNNING, False),
    "prepares": (facts(state="Preparing", node="n1"), WaitReason.PREPARING, False),
    "its node is prepared": (facts(state="Preparing", node="n1", prepares=True), WaitReason.PREPARING, False),
    "placed and not written yet": (facts(node="n1"), WaitReason.PREPARING, False),
    "image missing": (
        facts(node="n1", container_trouble="ErrImagePull: no such image"),
        WaitReason.CONTAINER_NOT_STARTING,
        True,
    ),
    "no job": (facts(job=JobFact("frames", exists=False)), TaskReason.JOB_NOT_FOUND, True),
    "job is paused": (
        facts(job=JobFact("frames", state="Disabled", closed=TaskReason.JOB_DISABLED)),
        TaskReason.JOB_DISABLED,
        True,
    ),
    "job has ended": (
        facts(job=JobFact("frames", state="Completed", closed=TaskReason.JOB_COMPLETED)),
        TaskReason.JOB_COMPLETED,
        True,
    ),
    "no pool": (facts(pool=PoolFact("render", exists=False)), TaskReason.POOL_NOT_FOUND, True),
    "pool goes": (facts(pool=PoolFact("render", deleting=True)), TaskReason.POOL_DELETING, True),
    "own fault": (
        facts(problem=Finding(TaskReason.INVALID_COMMAND_LINE, "No closing quote.", True)),
        TaskReason.INVALID_COMMAND_LINE,
        True,
    ),
    "depends on others": (
        facts(waits_for=(PredecessorFact("a", "does not exist"),), nodes=(node(),)),
        TaskReason.WAITING_FOR_DEPENDENCIES,
        True,
    ),
    "too wide": (facts(demand=WIDE, nodes=(node(),)), TaskReason.TOO_MANY_SLOTS, True),
    "pool wants none": (facts(pool=PoolFact("render", target=0)), TaskReason.NO_NODES, True),
    "pool has none yet": (facts(), TaskReason.NO_NODES, True),
    "nodes start": (facts(nodes=(closed("Starting"),)), TaskReason.NODES_NOT_READY, True),
    "nodes run their start task": (facts(nodes=(closed("WaitingForStartTask"),)), TaskReason.NODES_NOT_READY, True),
    "nodes are unusable": (facts(nodes=(closed("Unusable"),)), TaskReason.NODES_NOT_READY, True),
    "a start task failed": (
        facts(nodes=(closed("Starting"), closed("StartTaskFailed", "exit code 1"))),
        TaskReason.START_TASK_FAILED,
        True,
    ),
    "pool is resized": (
        facts(nodes=(node(),), pool=PoolFact("render", target=2, terms=PoolTerms(4), resizing="It has 1 of 2 nodes.")),
        WaitReason.POOL_RESIZING,
        False,
    ),
    "slots in use": (facts(nodes=(node(free=0), node("n2", free=0))), TaskReason.WAITING_FOR_SLOTS, True),
    "held for a manager": (facts(nodes=(held_alone(),)), TaskReason.WAITING_FOR_SLOTS, True),
    "none is empty": (
        facts(demand=Demand(exclusive=True), nodes=(held_by_another(),)),
        TaskReason.WAITING_FOR_SLOTS,
        True,
    ),
    "behind its job's manager": (facts(nodes=(node(),), manager="film-m"), WaitReason.BEHIND_JOB_MANAGER, True),
    "resources in use": (
        facts(demand=Demand(cpu_millis=3000), nodes=(node(cpu_free=100),)),
        TaskReason.WAITING_FOR_RESOURCES,
        True,
    ),
    "too large": (facts(demand=LARGE, nodes=(node(),)), TaskReason.TOO_MANY_RESOURCES, True),
    "too large for the open ones": (
        facts(demand=LARGE, nodes=(node(), closed("Starting"))),
        TaskReason.WAITING_FOR_RESOURCES,
        True,
    ),
    "its preparation failed where it could go": (
        facts(nodes=(node(),), barred=frozenset({"n"})),
        WaitReason.JOB_PREPARATION_TASK_FAILED,
        True,
    ),
    "waits for others": (
        facts(waits_for=(PredecessorFact("a", "is Running."),)),
        TaskReason.WAITING_FOR_DEPENDENCIES,
        True,
    ),
    "job is deleted": (
        facts(job=JobFact("frames", state="Deleting", closed=TaskReason.JOB_BEING_DELETED)),
        TaskReason.JOB_BEING_DELETED,
        True,
    ),
    "job ends": (
        facts(job=JobFact("frames", state="Terminating", closed=TaskReason.JOB_BEING_TERMINATED)),
        TaskReason.JOB_BEING_TERMINATED,
        True,
    ),
    "enough of the job run": (
        facts(nodes=(node(),), job=JobFact("frames", max_parallel_tasks=2, running=2)),
        TaskReason.MAX_PARALLEL_TASKS_REACHED,
        True,
    ),
    "behind other jobs": (facts(nodes=(node(),), waiting_above=3), WaitReason.BEHIND_HIGHER_PRIORITY, False),
    "behind its own": (facts(nodes=(node(),), waiting_before=1), WaitReason.BEHIND_OLDER_TASKS, False),
    "takes turns": (facts(nodes=(node(),), waiting_beside=1), WaitReason.BEHIND_OLDER_TASKS, False),
    "next": (facts(nodes=(node(),)), WaitReason.NEXT_IN_LINE, False),
    "waits to be tried again": (
        facts(nodes=(node(),), waiting_before=1, retry="Exit code 1; retry 1 follows."),
        WaitReason.BEHIND_OLDER_TASKS,
        False,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_finding(case: str) -> None:
    given, reason, blocks = CASES[case]
    first = explain(given)[0]
    assert (first.reason, first.blocks) == (reason, blocks)
    assert first.message
    assert first.message.endswith((".", "image", "code 1", ")"))


@pytest.mark.parametrize("case", CASES)
def test_what_blocks_comes_first(case: str) -> None:
    blocks = [finding.blocks for finding in explain(CASES[case][0])]
    assert blocks == sorted(blocks, reverse=True)


@pytest.mark.parametrize("free", range(5))
@pytest.mark.parametrize("wanted", [1, 2, 4])
def test_slots_block_exactly_when_placement_finds_no_room(free: int, wanted: int) -> None:
    demand = Demand(slots=wanted)
    findings = explain(facts(demand=demand, nodes=(node(free=free),)))
    assert any(finding.blocks for finding in findings) is not fits(slots(free=free), demand)


def test_all_that_holds_it_back_is_told_at_once() -> None:
    job = JobFact("frames", max_parallel_tasks=1, running=1)
    given = facts(nodes=(node(free=0), closed("Starting")), job=job, waiting_above=2, waiting_before=1, retry="Again.")
    assert [finding.reason for finding in explain(given)] == [
        TaskReason.WAITING_FOR_SLOTS,
        TaskReason.MAX_PARALLEL_TASKS_REACHED,
        TaskReason.NODES_NOT_READY,
        WaitReason.BEHIND_HIGHER_PRIORITY,
        WaitReason.BEHIND_OLDER_TASKS,
        TaskReason.RETRYING,
    ]


@pytest.mark.parametrize(("ran", "remedy"), [(True, "millpond task stderr t"), (False, "")])
def test_output_is_pointed_to_where_there_is_some(ran: bool, remedy: str) -> None:
    (finding,) = explain(facts(state="Completed", node="n1", ran=ran))
    assert finding.remedy == remedy


def test_words() -> None:
    given = facts(nodes=(node(free=1), node("n2", free=1)), demand=Demand(slots=2))
    (finding,) = explain(given)
    assert finding.message == (
        "It waits until other tasks end: all 2 nodes of pool render that take tasks are full "
        "(it needs 2 slots, 1 of 4 are free)."
    )
    assert finding.remedy == "Or add nodes: kubectl scale bpool render --replicas 3"


def test_a_pool_with_a_formula_is_not_to_be_scaled_by_hand() -> None:
    evaluate = "millpond pool autoscale evaluate render"
    (none,) = explain(facts(pool=PoolFact("render", follows_formula=True)))
    assert (none.message, none.remedy) == ("Pool render has no nodes and its formula wants none.", evaluate)
    full = facts(nodes=(node(free=0),), pool=PoolFact("render", target=1, follows_formula=True, terms=PoolTerms(4)))
    assert [finding.remedy for finding in explain(full)] == [f"Or add nodes: {evaluate}"]


def test_what_is_stopped_for_it_is_told_and_what_may_be_stopped_says_so() -> None:
    found = {finding.reason: finding.message for finding in explain(facts(nodes=(node(free=0),), giving_way=2))}
    assert found["TasksGiveWay"] == "2 running tasks are being stopped to make room for job frames, and will run again."
    (running,) = explain(facts(state="Running", node="n", may_give_way=True))
    assert running.message.startswith("It runs on node n. It may be stopped for a job of higher priority")


def test_dependencies_are_named_and_the_failed_one_gets_the_remedy() -> None:
    waits_for = (PredecessorFact("a", "is Running"), PredecessorFact("7", "failed, and blocks", "seven"))
    (finding,) = explain(facts(waits_for=waits_for, waits_for_more=True))
    assert finding.message == "It waits for a (is Running), 7 (failed, and blocks) and more."
    assert finding.remedy.startswith("Run task seven again: millpond task reactivate seven")


SAID_BY_THE_TASK = {
    TaskReason.TASK_EXISTS,
    TaskReason.FORMER_POD_ENDING,
    TaskReason.TASK_EXPIRED,
    TaskReason.INVALID_COMMAND_LINE,
    TaskReason.INVALID_FILE_PATTERN,
    TaskReason.INVALID_DOCUMENT,
    TaskReason.USER_ACCOUNT_NOT_FOUND,
    TaskReason.USER_ACCOUNT_INVALID,
    TaskReason.USER_NOT_ALLOWED,
    TaskReason.DEPENDENCY_CYCLE,
    TaskReason.TASK_DEPENDENCIES_NOT_SPECIFIED_ON_JOB,
    TaskReason.TASK_ID_SAME_AS_JOB_PREPARATION_TASK,
    TaskReason.TASK_ID_SAME_AS_JOB_RELEASE_TASK,
    TaskReason.INVALID_PROPERTY_VALUE,
    TaskReason.POD_FORBIDDEN,
    TaskReason.POD_INVALID,
    TaskReason.NO_TOKENS,
}
"""Problems that a condition has, with message and remedy in one: `explain` passes them on."""
NO_WAIT = {
    TaskReason.SCHEDULED,
    TaskReason.WAITING,
    TaskReason.REQUEUED,
    TaskReason.POD_NOT_STARTING,
    TaskReason.TASK_TERMINATED,
    TaskReason.REACTIVATED,
    TaskReason.TASK_NOT_COMPLETED,
}
"""Words of conditions of tasks that have a place, or have had one, and of such as wait for nothing."""


def test_every_reason_has_an_explanation() -> None:
    """A new reason belongs into CASES or, where the Task says it itself, above."""
    found = {finding.reason for given, _, _ in CASES.values() for finding in explain(given)}
    reasons = {*map(str, TaskReason), *map(str, WaitReason)}
    assert reasons - found - set(map(str, SAID_BY_THE_TASK | NO_WAIT)) == set()
    for reason in SAID_BY_THE_TASK:
        assert explain(facts(problem=Finding(reason, "So it is. Do this.", True)))[0].reason == reason


@pytest.mark.parametrize("case", CASES)
def test_what_blocks_says_what_to_do(case: str) -> None:
    for finding in explain(CASES[case][0]):
        waiting_is_it = finding.reason in (TaskReason.WAITING_FOR_DEPENDENCIES,)
        given = CASES[case][0].problem
        assert finding.message
        assert not finding.blocks or finding.remedy or waiting_is_it or finding == given
