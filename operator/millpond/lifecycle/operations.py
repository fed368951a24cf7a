"""What users may want of a node, what goes first, and when it may begin (azure-batch-semantics §3.8)."""

from __future__ import annotations

from millpond.api.computenode import ComputeNodeSpec, NodeOperation, NodeServed
from millpond.api.pool import NodeDeallocationOption
from millpond.api.reasons import NodeState

RESTARTABLE = (
    NodeState.IDLE,
    NodeState.RUNNING,
    NodeState.START_TASK_FAILED,
    NodeState.UNUSABLE,
    NodeState.OFFLINE,
)
"""States in which a node may be rebooted or reimaged."""


def asked_restart(spec: ComputeNodeSpec, served: NodeServed | None) -> NodeOperation | None:
    """The restart that is asked for and not served yet: a reimage before a reboot, since it serves both."""
    served = served or NodeServed()
    if spec.reimaged_at not in (None, served.reimaged_at):
        return NodeOperation.REIMAGE
    if spec.restarted_at not in (None, served.restarted_at):
        return NodeOperation.REBOOT
    return None


def option_of(spec: ComputeNodeSpec, operation: NodeOperation) -> NodeDeallocationOption:
    """What becomes of the node's tasks."""
    match operation:
        case NodeOperation.REIMAGE:
            return spec.reimage_option
        case NodeOperation.REBOOT:
            return spec.reboot_option
        case _:
            return NodeDeallocationOption(spec.disable_scheduling_option.value)


def next_operation(
    spec: ComputeNodeSpec, served: NodeServed | None, under_way: NodeOperation | None, state: NodeState
) -> NodeOperation | None:
    """What is to begin now, be it in the place of what is under way; None where nothing is.

    A restart waits until the node's state allows it. One that is under way becomes a reimage where that is asked for.
    """
    restart = asked_restart(spec, served)
    match under_way:
        case NodeOperation.REMOVE | NodeOperation.REIMAGE:
            return None
        case NodeOperation.REBOOT | NodeOperation.UPGRADE:
            return restart if restart is NodeOperation.REIMAGE else None
    if restart is not None and state in RESTARTABLE:
        return restart
    return NodeOperation.DISABLE_SCHEDULING if under_way is None and not spec.schedulable else None


def why_postponed(restart: NodeOperation, state: NodeState) -> str:
    """What a restart waits for that may not begin in that state."""
    what = "reimaged" if restart is NodeOperation.REIMAGE else "rebooted"
    until = "its host reports again" if state is NodeState.UNKNOWN else "it has started"
    return f"It is to be {what}; that waits until {until}."


def without_postponed(message: str, state: NodeState) -> str:
    """A node's message without what it tells of a restart that waits."""
    for restart in (NodeOperation.REBOOT, NodeOperation.REIMAGE):
        message = message.removesuffix(f" {why_postponed(restart, state)}")
    return message


def served_by(operation: NodeOperation, spec: ComputeNodeSpec, before: NodeServed | None) -> NodeServed | None:
    """The times served when that operation is done; a restart serves all that was asked for until then."""
    if operation is NodeOperation.DISABLE_SCHEDULING:
        return before
    old = before or NodeServed()
    restarted, reimaged = spec.restarted_at or old.restarted_at, old.reimaged_at
    if operation is NodeOperation.REIMAGE:
        reimaged = spec.reimaged_at or reimaged
    served = NodeServed(restarted_at=restarted, reimaged_at=reimaged)
    return served if served != NodeServed() else None
