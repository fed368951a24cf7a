"""How a resize is doing: Steady, Resizing or Stopping, and what went wrong (azure-batch-semantics §3.2, §8.2).

The timeout bounds allocation alone: draining goes on. What could not be done is said and tried on (decision 0006).
"""

from __future__ import annotations

import msgspec

from millpond.api.failure import NameValue, ResizeError
from millpond.api.reasons import AllocationState, ResizeErrorCode

NOT_ALLOCATED = "Desired number of dedicated nodes could not be allocated"


class AllocationFacts(msgspec.Struct, frozen=True, gc=False):
    """Node counts; times in seconds since the epoch. Texts are "" where there is nothing to say."""

    target: int
    staying: int
    """Nodes that do not leave, with and without a host."""
    placed: int
    """Those of them that stand on a host."""
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
    waits_for: str = ""
    """Why the first node without a host has none."""
    not_removed: str = ""
    """Why a node that leaves cannot be removed."""


class Allocation(msgspec.Struct, frozen=True, gc=False):
    """`look_again`: when time alone may change it."""

    state: AllocationState
    errors: tuple[ResizeError, ...] = ()
    look_again: float | None = None


def judge_allocation(facts: AllocationFacts, now: float) -> Allocation:
    """State and errors; errors only where nothing is under way any more."""
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
        errors += (_error(ResizeErrorCode.REMOVE_NODES_FAILED, message, facts.not_removed),)
    if facts.stopped:
        message = "The resize was stopped by its user. Change targetDedicatedNodes or resizedAt to resize the pool."
        errors += (_error(ResizeErrorCode.RESIZE_STOPPED, message, ""),)
    return Allocation(AllocationState.STEADY, errors)


def _not_allocated(facts: AllocationFacts, due: float | None, now: float) -> tuple[ResizeError, ...]:
    if facts.refusal:
        message = f"{NOT_ALLOCATED}. Mend what the reason says; it is tried again."
        return (_error(ResizeErrorCode.ALLOCATION_FAILED, message, facts.refusal),)
    if due is not None and (facts.timed_out or now >= due):
        message = (
            f"{NOT_ALLOCATED} as the resize timeout was reached. "
            "Add hosts that the pool's hostSelector admits, or lower targetDedicatedNodes."
        )
        return (_error(ResizeErrorCode.ALLOCATION_TIMED_OUT, message, facts.waits_for),)
    return ()


def _error(code: ResizeErrorCode, message: str, reason: str) -> ResizeError:
    return ResizeError(code=code, message=message, values=(NameValue(name="Reason", value=reason),) if reason else ())
