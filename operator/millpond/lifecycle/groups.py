"""How a multi-instance task's attempt ended, out of the ends of all its instances (azure-batch-semantics §4.10)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from millpond.api.reasons import TaskResult, TaskState
from millpond.lifecycle.exits import Ending, Exit
from millpond.lifecycle.failure import Failure
from millpond.lifecycle.kubelet import DELETED

FAULTS = (Ending.PREPROCESSING, Ending.NONZERO, Ending.WALL_CLOCK, Ending.REFUSED)
"""What an instance did by itself, what weighs most first; all else was done to it."""


def whole_exit(primary: Exit, members: Mapping[int, Exit | None]) -> Exit:
    """The end of the attempt. The primary's word counts, unless others brought it to its end.

    `members`: the ends of the other instances; None where nobody will see one.
    """
    if primary.ending is not Ending.INTERRUPTED:
        return primary
    for ending in FAULTS:
        for instance, exit_ in sorted(members.items()):
            if exit_ is not None and exit_.ending is ending:
                return _of_instance(instance, exit_)
    for instance, exit_ in sorted(members.items()):
        # Whoever was deleted may have been so because of another one.
        if exit_ is not None and exit_.message not in ("", DELETED):
            return _of_instance(instance, exit_)
    return primary


def _of_instance(instance: int, exit_: Exit) -> Exit:
    failure = exit_.failure
    if failure is not None:
        failure = replace(failure, message=f"Instance {instance}: {failure.message}")
    return replace(exit_, failure=failure, message=exit_.message and f"Instance {instance}: {exit_.message}")


class Subtask(msgspec.Struct, frozen=True, rename="camel", gc=False, omit_defaults=True):
    """An instance that is not the primary, as the Task tells of it (azure-batch-semantics §2.21)."""

    id: int
    node_name: str
    state: TaskState
    start_time: str | None = None
    end_time: str | None = None
    exit_code: int | None = None
    result: TaskResult | None = None
    failure: Failure | None = None
    node_end: int = 0
    """As which of its node's ends its own is told; 0 while none is."""


def describe(instance: int, node: str, started: str | None, exit_: Exit | None) -> Subtask:
    """The instance as it stands; `started` is when its container did, `exit_` how it ended, if it has."""
    if exit_ is None:
        state = TaskState.PREPARING if started is None else TaskState.RUNNING
        return Subtask(instance, node, state, started)
    result = None
    if exit_.ending is not Ending.INTERRUPTED:
        result = TaskResult.SUCCESS if exit_.ending is Ending.SUCCESS else TaskResult.FAILURE
    start = exit_.start_time or started
    return Subtask(instance, node, TaskState.COMPLETED, start, exit_.end_time, exit_.exit_code, result, exit_.failure)
