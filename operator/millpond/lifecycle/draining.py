"""What becomes of the tasks of a node that is being emptied (azure-batch-semantics §3.1, §3.2, §3.8, §4.13).

Nothing new is placed on such a node, whatever the option; it is drained when all its tasks have ended and are counted.
"""

from __future__ import annotations

from enum import Enum, auto

from millpond.api.pool import NodeDeallocationOption


class Fate(Enum):
    """What becomes of an attempt that is bound to the node."""

    STAYS = auto()
    """It runs to its end."""
    REQUEUED = auto()
    """It is stopped, counted as a requeue, and the task runs again elsewhere."""
    ENDED = auto()
    """It is stopped, and the task is completed as terminated: it never runs again."""


def fate_of(option: NodeDeallocationOption, *, hurried: bool = False) -> Fate:
    """What the option in force means. `hurried`: node or pool are being deleted, so that nothing is waited for.

    What `Terminate` has begun to stop is booked as such all the same.
    """
    match option:
        case NodeDeallocationOption.REQUEUE:
            return Fate.REQUEUED
        case NodeDeallocationOption.TERMINATE:
            return Fate.ENDED
        case NodeDeallocationOption.TASK_COMPLETION | NodeDeallocationOption.RETAINED_DATA:
            return Fate.REQUEUED if hurried else Fate.STAYS
