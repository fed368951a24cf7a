"""What users want of a node, one operation at a time: begun when it may be, over when it is done (reference §3.8)."""

from __future__ import annotations

from msgspec.structs import replace

from millpond.api.computenode import NodeOperation
from millpond.control.draining import choose, waits_for_tasks
from millpond.control.limits import Limits
from millpond.control.node_record import NodeRecord
from millpond.control.plan_restart import is_restarted
from millpond.control.pool_state import PoolState
from millpond.lifecycle.nodes import NodeVerdict
from millpond.lifecycle.operations import asked_restart, next_operation, option_of, why_postponed


def is_done(pool: PoolState, node: NodeRecord, now: float, limits: Limits) -> bool:
    """True when what the node was emptied for is done. Its object tells that before anything else begins."""
    if node.model is None or node.leaving or node.chosen is not None or node.draining is None:
        return False
    if node.draining.operation is not NodeOperation.DISABLE_SCHEDULING:
        return is_restarted(pool, node, now, limits)
    # What is being stopped is booked by the option in force: that is kept until it is.
    counted = all(attempt.released for attempt in node.attempts.values())
    return node.model.spec.schedulable and (counted or waits_for_tasks(pool, node))


def begin(pool: PoolState, node: NodeRecord, verdict: NodeVerdict, now: float) -> bool:
    """Choose what is to be done with the node, if anything is and may be now; whether that was so."""
    if node.model is None or node.leaving or node.chosen is not None or node.done:
        return False
    spec, served = node.model.spec, node.model.status.served
    operation = next_operation(spec, served, node.operation, verdict.state)
    if operation is None:
        return False
    choose(pool, node, operation, option_of(spec, operation), now)
    return True


def with_postponed(node: NodeRecord, verdict: NodeVerdict) -> NodeVerdict:
    """The verdict, with what it is that a restart waits for which may not begin yet."""
    if node.model is None or node.leaving or node.restarting:
        return verdict
    restart = asked_restart(node.model.spec, node.model.status.served)
    if restart is None:
        return verdict
    return replace(verdict, message=f"{verdict.message} {why_postponed(restart, verdict.state)}")
