"""Why a task waits: each cause has its reason, its words and its remedy, what blocks first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from millpond.api.reasons import JobState, NodeState, TaskState
from millpond.scheduling.demand import Demand
from millpond.scheduling.explain import Facts, Finding, JobFact, NodeFact, PoolFact, explain
from millpond.scheduling.node_slots import NodeSlots

JOB, POOL = JobFact("film"), PoolFact("farm", target=1, slots_per_node=4)


def a_node(name: str = "n1", free: int = 4, cpu_free: int = 4000) -> NodeFact:
    return NodeFact(name, "Idle", "", NodeSlots(name, "host", 4, free, 4000, 4096, cpu_free, 4096))


def closed(name: str, state: NodeState, message: str = "") -> NodeFact:
    return NodeFact(name, state, message)


ORDINARY = Facts("t", TaskState.ACTIVE, Demand(), JOB, POOL, (a_node(),))
DONE = {"state": TaskState.COMPLETED}
EMPTY = PoolFact("farm", target=0, slots_per_node=4)
BOUNDED = JobFact("film", max_parallel_tasks=2, running=2)
FULL = (a_node(free=0, cpu_free=4000),)

CASES: list[tuple[str, dict[str, Any], str, bool, str]] = [
    # what is up, facts, first reason, whether it blocks, words in message or remedy
    ("nothing", {}, "NextInLine", False, "within seconds"),
    ("runs", {"state": TaskState.RUNNING, "node": "n1"}, "Running", False, "node n1"),
    ("prepares", {"state": TaskState.PREPARING, "node": "n1"}, "Preparing", False, "node n1"),
    ("bound, nothing written yet", {"node": "n1"}, "Preparing", False, "node n1"),
    (
        "image does not come",
        {"state": TaskState.PREPARING, "node": "n1", "container_trouble": "ErrImagePull: no such image"},
        "ContainerNotStarting",
        True,
        "no such image",
    ),
    (
        "succeeded",
        {"state": TaskState.COMPLETED, "succeeded": True, "ended": "exit code 0"},
        "TaskSucceeded",
        False,
        "exit code 0",
    ),
    ("failed", {"state": TaskState.COMPLETED, "node": "n1"}, "TaskFailed", False, "task stderr t"),
    ("no job", {"job": JobFact("film", exists=False)}, "JobNotFound", True, "Create the job"),
    ("job over", {"job": JobFact("film", state=JobState.COMPLETED)}, "JobNotActive", True, "Completed"),
    ("no pool", {"pool": PoolFact("farm", exists=False)}, "PoolNotFound", True, "Create the pool"),
    ("pool goes", {"pool": PoolFact("farm", deleting=True)}, "PoolDeleting", True, "being deleted"),
    ("too wide", {"demand": Demand(5)}, "TooManySlots", True, "needs 5 slots"),
    (
        "bad command line",
        {"problem": Finding("InvalidCommandLine", "Close the quote.", True)},
        "InvalidCommandLine",
        True,
        "quote",
    ),
    ("job came since", {"problem": Finding("JobNotFound", "There is no Job.", True)}, "NextInLine", False, "seconds"),
    (
        "no nodes wanted",
        {"nodes": (), "pool": PoolFact("farm", target=0, slots_per_node=4)},
        "NoNodes",
        True,
        "scale bpool",
    ),
    ("no nodes yet", {"nodes": ()}, "NoNodes", True, "wants 1 nodes"),
    ("all start", {"nodes": (closed("n1", NodeState.STARTING, "It starts."),)}, "NodesNotReady", True, "1 Starting"),
    ("start task failed", {"nodes": (closed("n1", NodeState.START_TASK_FAILED),)}, "StartTaskFailed", True, "startup"),
    ("all full", {"nodes": (a_node(free=0),), "demand": Demand(1, 0, 0)}, "WaitingForSlots", True, "other tasks end"),
    ("no cpu left", {"nodes": (a_node(cpu_free=10),)}, "WaitingForResources", True, "cpu"),
    ("too large for ever", {"demand": Demand(1, 9000)}, "TooManyResources", True, "large enough"),
    (
        "too large for those that are up",
        {"demand": Demand(1, 9000), "nodes": (a_node(), closed("n2", NodeState.STARTING))},
        "WaitingForResources",
        True,
        "cpu",
    ),
    (
        "one of two takes it",
        {"nodes": (a_node(), closed("n2", NodeState.UNKNOWN, "silent"))},
        "NodesNotReady",
        False,
        "silent",
    ),
    (
        "at its bound",
        {"job": JobFact("film", max_parallel_tasks=2, running=2)},
        "MaxParallelTasksReached",
        True,
        "is 2",
    ),
    ("below its bound", {"job": JobFact("film", max_parallel_tasks=2, running=1)}, "NextInLine", False, "seconds"),
    ("higher first", {"waiting_above": 3}, "BehindHigherPriority", False, "3 waiting tasks"),
    ("older first", {"waiting_before": 1}, "BehindOlderTasks", False, "1 waiting task of"),
    ("others beside", {"waiting_beside": 2}, "BehindOlderTasks", False, "take turns"),
]


@pytest.mark.parametrize(("facts", "reason", "blocks", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_each_cause_is_named(facts: dict[str, Any], reason: str, blocks: bool, words: str) -> None:
    first = explain(msgspec.structs.replace(ORDINARY, **facts))[0]
    assert (first.reason, first.blocks) == (reason, blocks)
    assert words in f"{first.message} {first.remedy}"


def test_what_blocks_comes_first_and_all_is_told() -> None:
    facts = msgspec.structs.replace(ORDINARY, nodes=(), waiting_above=1, retry="Retry 1 follows.")
    found = explain(facts)
    assert [f.reason for f in found] == ["NoNodes", "BehindHigherPriority", "Retrying"]
    assert [f.blocks for f in found] == [True, False, False]


def test_there_is_always_something_to_say() -> None:
    for state in TaskState:
        for nodes in ((), FULL, (a_node(),), (closed("n", NodeState.CREATING),)):
            assert explain(msgspec.structs.replace(ORDINARY, state=state, nodes=nodes))
