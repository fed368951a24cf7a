"""How a resize is doing: Steady, Resizing or Stopping, and what went wrong (azure-batch-semantics §3.2, §8.2).

The timeout bounds allocation alone: draining goes on. What could not be done is said and tried on (decision 0006).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from millpond.api.failure import NameValue, ResizeError
from millpond.api.nodetemplate import NodeClass
from millpond.api.reasons import AllocationState, ResizeErrorCode

WORDS = {NodeClass.DEDICATED: "dedicated", NodeClass.LOW_PRIORITY: "low priority"}
SELECTORS = {NodeClass.DEDICATED: "the pool's hostSelector", NodeClass.LOW_PRIORITY: "its low-priority hostSelector"}
TARGETS = {NodeClass.DEDICATED: "targetDedicatedNodes", NodeClass.LOW_PRIORITY: "targetLowPriorityNodes"}
QUOTA_CODES = {
    NodeClass.DEDICATED: ResizeErrorCode.ACCOUNT_CORE_QUOTA_REACHED,
    NodeClass.LOW_PRIORITY: ResizeErrorCode.ACCOUNT_LOW_PRIORITY_CORE_QUOTA_REACHED,
}
OF_LOW_PRIORITY = NameValue(name="NodeClass", value=NodeClass.LOW_PRIORITY.value)
"""What tells errors of low-priority nodes from others."""


class AllocationFacts(msgspec.Struct, frozen=True, gc=False):
    """Counts of the nodes of one class; times in seconds since the epoch. Texts are "" where nothing is to be said."""

    target: int
    staying: int
    """Nodes that do not leave, with and without a host."""
    placed: int
    """Those of them that stand on a host, or did until it was taken away."""
    leaving: int
    """Nodes that leave, and are not kept from it."""
    began: float
    timeout: float | None
    """None where nobody gives up: a formula is evaluated again."""
    timed_out: bool
    """It was told already that this resize took too long."""
    stopped: bool
    """A user stopped this resize."""
    supply: ResizeError | None = None
    """Why no hosts can be asked for."""
    refusal: str = ""
    """Why no Pod of a node can be made."""
    over_quota: str = ""
    """Why not, where a quota is the reason: of the namespace's objects, or of its cores."""
    waits_for: str = ""
    """Why the first node without a host has none."""
    not_removed: str = ""
    """Why a node that leaves cannot be removed."""
    node_class: NodeClass = NodeClass.DEDICATED


class Allocation(msgspec.Struct, frozen=True, gc=False):
    """`look_again`: when time alone may change it."""

    state: AllocationState
    errors: tuple[ResizeError, ...] = ()
    look_again: float | None = None


def judge_allocation(facts: AllocationFacts, now: float) -> Allocation:
    """State and errors of one class; errors only where nothing is under way any more."""
    short = facts.placed < facts.target
    due = None if facts.timeout is None else facts.began + facts.timeout
    errors = _not_allocated(facts, due, now) if short else ()
    if facts.supply is not None:
        errors = (facts.supply, *errors)
    draining = facts.leaving > 0 or facts.staying > facts.target
    if short and not errors:
        return Allocation(AllocationState.RESIZING, look_again=due)
    if draining and facts.supply is None:
        return Allocation(AllocationState.STOPPING if facts.stopped else AllocationState.RESIZING)
    if facts.not_removed:
        message = "Nodes could not be removed. See what forbids it; it is tried again."
        errors += (_error(facts, ResizeErrorCode.REMOVE_NODES_FAILED, message, facts.not_removed),)
    if facts.stopped:
        target = TARGETS[facts.node_class]
        message = f"The resize was stopped by its user. Change {target} or resizedAt to resize the pool."
        errors += (_error(facts, ResizeErrorCode.RESIZE_STOPPED, message, ""),)
    return Allocation(AllocationState.STEADY, errors)


def together(of_classes: Sequence[Allocation]) -> Allocation:
    """The pool's: as busy as the busiest of its classes, and with all their errors when none is under way."""
    looks = [one.look_again for one in of_classes if one.look_again is not None]
    look_again = min(looks, default=None)
    for state in (AllocationState.RESIZING, AllocationState.STOPPING):
        if any(one.state is state for one in of_classes):
            return Allocation(state, look_again=look_again)
    return Allocation(AllocationState.STEADY, tuple(e for one in of_classes for e in one.errors), look_again)


def is_of(error: ResizeError, node_class: NodeClass) -> bool:
    """True when the error is one of that class."""
    return (OF_LOW_PRIORITY in error.values) is (node_class is NodeClass.LOW_PRIORITY)


def _not_allocated(facts: AllocationFacts, due: float | None, now: float) -> tuple[ResizeError, ...]:
    failed = f"Desired number of {WORDS[facts.node_class]} nodes could not be allocated"
    if facts.over_quota:
        message = f"{failed}, for want of quota. Have the quota raised, or use less of it; it is tried again."
        return (_error(facts, QUOTA_CODES[facts.node_class], message, facts.over_quota),)
    if facts.refusal:
        message = f"{failed}. Mend what the reason says; it is tried again."
        return (_error(facts, ResizeErrorCode.ALLOCATION_FAILED, message, facts.refusal),)
    if due is not None and (facts.timed_out or now >= due):
        message = (
            f"{failed} as the resize timeout was reached. "
            f"Add hosts that {SELECTORS[facts.node_class]} admits, or lower {TARGETS[facts.node_class]}."
        )
        return (_error(facts, ResizeErrorCode.ALLOCATION_TIMED_OUT, message, facts.waits_for),)
    return ()


def _error(facts: AllocationFacts, code: ResizeErrorCode, message: str, reason: str) -> ResizeError:
    values = [NameValue(name="Reason", value=reason)] if reason else []
    if facts.node_class is NodeClass.LOW_PRIORITY:
        values.append(OF_LOW_PRIORITY)
    return ResizeError(code=code, message=message, values=tuple(values))
