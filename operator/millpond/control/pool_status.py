"""The status of a Pool: sizes, states and counts, and whether it has what it wants."""

from __future__ import annotations

from datetime import UTC, datetime

from millpond.api import labels
from millpond.api.conditions import Condition, ConditionStatus, find, put
from millpond.api.failure import NameValue, ResizeError
from millpond.api.pool import NodeCounts, NodeCountsByClass, Pool, PoolStatus, PoolTaskCounts, SlotCounts
from millpond.api.reasons import AllocationState, ConditionType, NodeReason, NodeState, PoolReason, ResizeErrorCode
from millpond.api.reasons import PoolState as PoolStateName
from millpond.control.autoscale_status import describe_autoscale
from millpond.control.node_counts import count_nodes
from millpond.control.node_record import NodeRecord
from millpond.control.plan_size import formula_option, target_of
from millpond.control.pool_state import PoolState

_FIELDS = {state: state.name.lower() for state in NodeState}


def describe_pool(pool: PoolState, model: Pool, now: float) -> tuple[PoolStatus, float | None]:
    """The whole status, and when time alone may change it."""
    at = datetime.fromtimestamp(int(now), UTC)
    nodes = [node for _, node in sorted(pool.nodes.items()) if node.model is not None or node.creating]
    target, current = target_of(pool), count_nodes(pool).dedicated
    steady = current == target and len(nodes) == target
    errors, look_again = _resize_errors(model, nodes, target, current, now)
    if pool.supply.refusal is not None:
        errors = (pool.supply.refusal, *errors)
    resizing = not steady and not errors
    autoscale = describe_autoscale(pool, model)
    conditions = put(autoscale.conditions, _ready(pool, model, nodes, target, at))
    conditions = put(conditions, _resizing(model, resizing, target, current, nodes, at))
    open_nodes = list(pool.index)
    status = PoolStatus(
        conditions=conditions,
        observed_generation=model.metadata.generation,
        state=PoolStateName.DELETING if model.metadata.deletion_timestamp else PoolStateName.ACTIVE,
        allocation_state=AllocationState.RESIZING if resizing else AllocationState.STEADY,
        current_dedicated_nodes=current,
        target_dedicated_nodes=target,
        node_deallocation_option=formula_option(pool, model) if model.spec.auto_scale else None,
        auto_scale_run=autoscale.run,
        auto_scale_history=autoscale.history,
        node_counts=NodeCountsByClass(dedicated=_node_counts(nodes)),
        task_counts=PoolTaskCounts(
            active=sum(job.counts["active"] for job in pool.jobs.values()),
            running=sum(job.counts["preparing"] + job.counts["running"] for job in pool.jobs.values()),
        ),
        task_slot_counts=SlotCounts(total=sum(node.total for node in open_nodes), used=pool.slots_used),
        resize_errors=errors,
        selector=f"{labels.POOL}={pool.name},{labels.ROLE}={labels.Role.NODE.value}",
    )
    return status, look_again


def _node_counts(nodes: list[NodeRecord]) -> NodeCounts:
    counts: dict[str, int] = {}
    for node in nodes:
        field = _FIELDS[node.verdict.state if node.verdict else NodeState.CREATING]
        counts[field] = counts.get(field, 0) + 1
    return NodeCounts(**counts)


def _condition(kind: ConditionType, model: Pool, at: datetime, status: bool, reason: str, message: str) -> Condition:
    return Condition(
        type=kind,
        status=ConditionStatus.TRUE if status else ConditionStatus.FALSE,
        observed_generation=model.metadata.generation,
        last_transition_time=at,
        reason=reason,
        message=message,
    )


def _ready(pool: PoolState, model: Pool, nodes: list[NodeRecord], target: int, at: datetime) -> Condition:
    """Ready when as many nodes as wanted can run tasks."""

    def say(ready: bool, reason: PoolReason, message: str) -> Condition:
        return _condition(ConditionType.READY, model, at, ready, reason, message)

    if model.metadata.deletion_timestamp is not None:
        return say(False, PoolReason.DELETING, f"The pool is being deleted; {len(nodes)} nodes are left.")
    if pool.refusal is not None:
        return say(False, PoolReason.NODES_UNUSABLE, pool.refusal)
    usable = sum(1 for node in nodes if node.verdict is not None and node.verdict.takes_tasks)
    if usable >= target:
        return say(True, PoolReason.NODES_READY, f"{usable} of {target} nodes can run tasks.")
    shut = [node.verdict for node in nodes if node.verdict is not None and not node.verdict.takes_tasks]
    order = (
        (NodeState.START_TASK_FAILED, PoolReason.START_TASK_FAILED),
        (NodeState.UNUSABLE, PoolReason.NODES_UNUSABLE),
        (NodeState.UNKNOWN, PoolReason.NODES_UNUSABLE),
        (NodeReason.SCHEDULING_DISABLED, PoolReason.NODES_DISABLED),
        (NodeState.CREATING, PoolReason.AWAITING_HOSTS),
    )
    for word, reason in order:
        found = [verdict for verdict in shut if word in (verdict.state, verdict.reason)]
        if found:
            text = (
                f"{usable} of {target} nodes can run tasks; {len(found)} are {found[0].state.value}. {found[0].message}"
            )
            return say(False, reason, text)
    return say(False, PoolReason.NODES_STARTING, f"{usable} of {target} nodes can run tasks; the others start.")


def _resizing(
    model: Pool,
    resizing: bool,
    target: int,
    current: int,
    nodes: list[NodeRecord],
    at: datetime,
) -> Condition:
    if not resizing:
        text = f"The pool has {current} of {target} nodes."
        reason = PoolReason.STEADY if current == target else PoolReason.RESIZE_FAILED
        return _condition(ConditionType.RESIZING, model, at, False, reason, text)
    reason = PoolReason.SHRINKING if len(nodes) > target else PoolReason.GROWING
    return _condition(ConditionType.RESIZING, model, at, True, reason, f"The pool has {current} of {target} nodes.")


def _resize_errors(
    model: Pool, nodes: list[NodeRecord], target: int, current: int, now: float
) -> tuple[tuple[ResizeError, ...], float | None]:
    """What went wrong with a growth that took too long; the pool keeps trying all the same."""
    if current >= target or len(nodes) > target or model.spec.auto_scale is not None:
        # A formula has its own way to give up: the next evaluation (reference §5.1).
        return (), None
    resizing = find(model.status.conditions, ConditionType.RESIZING)
    same_wish = resizing is not None and resizing.observed_generation == model.metadata.generation
    timed_out = tuple(e for e in model.status.resize_errors if e.code is ResizeErrorCode.ALLOCATION_TIMED_OUT)
    if timed_out and same_wish:
        return timed_out, None
    began = now
    if resizing is not None and resizing.status is ConditionStatus.TRUE and same_wish:
        began = resizing.last_transition_time.timestamp()
    due = began + model.spec.resize_timeout_seconds
    if now < due:
        return (), due
    why = next((node.verdict.message for node in nodes if not node.placed and node.verdict is not None), "")
    message = (
        "Desired number of dedicated nodes could not be allocated as the resize timeout was reached. "
        "Add hosts that the pool's hostSelector admits, or lower targetDedicatedNodes."
    )
    values = (NameValue(name="Reason", value=why),) if why else ()
    return (ResizeError(code=ResizeErrorCode.ALLOCATION_TIMED_OUT, message=message, values=values),), None
