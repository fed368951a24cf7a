"""The tokens of groups: one for each attempt, another in each life of the operator."""

from __future__ import annotations

from millpond.cluster.group_tokens import GroupTokens
from millpond.control.actions import StartAttempt
from msgspec.structs import replace

START = StartAttempt(
    namespace="lab",
    pool="trio",
    job="j",
    task="mpi",
    task_uid="uid",
    attempt=1,
    pod="mpi-1",
    node="n",
    host="h",
    slots=1,
    cpu_millis=1000,
    memory_bytes=1,
    instances=3,
)


def test_all_instances_of_an_attempt_have_one() -> None:
    tokens = GroupTokens()
    assert tokens.of(START) == tokens.of(replace(START, instance=2, pod="mpi-1-m2", node="other"))
    others = [replace(START, attempt=2), replace(START, task_uid="new"), replace(START, namespace="other")]
    assert len({tokens.of(START), *(tokens.of(other) for other in others)}) == 4


def test_nobody_can_guess_it() -> None:
    assert GroupTokens().of(START) != GroupTokens().of(START)
    assert len(GroupTokens().of(START)) == 64


def test_what_is_no_group_has_none() -> None:
    assert GroupTokens().of(replace(START, instances=0)) == ""
