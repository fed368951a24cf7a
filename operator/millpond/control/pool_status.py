"""The status of a Pool: sizes, states and counts, and whether it has what it wants."""

from __future__ import annotations

from datetime import UTC, datetime

from millpond.api import labels
from millpond.api.conditions import Condition, ConditionStatus, find, put
from millpond.api.nodetemplate import NodeClass
from millpond.api.pool import NodeCounts, NodeCountsByClass, Pool, PoolStatus, PoolTaskCounts, SlotCounts
from millpond.api.reasons import AllocationState, ConditionType, NodeReason, NodeState, PoolReason, ResizeErrorCode
from millpond.api.reasons import PoolState as PoolStateName
from millpond.control.autoscale_status import describe_autoscale
from millpond.control.node_counts import NodeTotals, count_nodes
from millpond.control.node_record import NodeRecord
from millpond.control.outcomes import QUOTA_EXCEEDED, Refused
from millpond.control.plan_size import formula_option
from millpond.control.pool_state import PoolState
from millpond.control.sizing import describe_resize, remembered, target_of, whole_target_of
from millpond.scaling.allocation import Allocation, AllocationFacts, is_of, judge_allocation, together

_FIELDS = {state: state.name.lower() for state in NodeState}


def describe_pool(pool: PoolState, model: Pool, now: float) -> tuple[PoolStatus, float | None]:
    """The whole status, and when time alone may change it."""
    at = datetime.fromtimestamp(int(now), UTC)
    nodes = [node for _, node in sorted(pool.nodes.items()) if node.model is not None or node.creating]
    counts = count_nodes(pool)
    allocation = together([judge_allocation(_facts(pool, model, c, nodes, now), now) for c in _classes(pool, nodes)])
    old, state = model.status, allocation.state
    autoscale = describe_autoscale(pool, model)
    conditions = put(autoscale.conditions, _ready(pool, model, nodes, at))
    conditions = put(conditions, _resizing(pool, model, allocation, counts, nodes, at))
    open_nodes = list(pool.index)
    status = PoolStatus(
        conditions=conditions,
        observed_generation=model.metadata.generation,
        state=PoolStateName.DELETING if model.metadata.deletion_timestamp else PoolStateName.ACTIVE,
        allocation_state=state,
        allocation_state_transition_time=old.allocation_state_transition_time if state is old.allocation_state else at,
        current_dedicated_nodes=counts.dedicated,
        current_low_priority_nodes=counts.low_priority,
        target_dedicated_nodes=target_of(pool),
        target_low_priority_nodes=target_of(pool, NodeClass.LOW_PRIORITY),
        resize=describe_resize(pool, model, NodeClass.DEDICATED),
        low_priority_resize=describe_resize(pool, model, NodeClass.LOW_PRIORITY),
        node_deallocation_option=formula_option(pool, model) if model.spec.auto_scale else None,
        auto_scale_run=autoscale.run,
        auto_scale_history=autoscale.history,
        node_counts=NodeCountsByClass(
            dedicated=_node_counts(nodes, NodeClass.DEDICATED),
            low_priority=_node_counts(nodes, NodeClass.LOW_PRIORITY),
        ),
        task_counts=PoolTaskCounts(
            active=sum(job.counts["active"] for job in pool.jobs.values()),
            running=sum(job.counts["preparing"] + job.counts["running"] for job in pool.jobs.values()),
        ),
        task_slot_counts=SlotCounts(total=sum(node.total for node in open_nodes), used=pool.slots_used),
        resize_errors=allocation.errors,
        selector=f"{labels.POOL}={pool.name},{labels.ROLE}={labels.Role.NODE.value}",
    )
    return status, allocation.look_again


def _classes(pool: PoolState, nodes: list[NodeRecord]) -> list[NodeClass]:
    """Dedicated, and the other one where the pool has or wants such nodes."""
    low = NodeClass.LOW_PRIORITY
    has = bool(target_of(pool, low)) or any(node.node_class is low for node in nodes)
    stopped = low in pool.sizings and pool.sizings[low].stopped
    return [NodeClass.DEDICATED, low] if has or stopped else [NodeClass.DEDICATED]


def _facts(pool: PoolState, model: Pool, of: NodeClass, every: list[NodeRecord], now: float) -> AllocationFacts:
    nodes = [node for node in every if node.node_class is of]
    staying = [node for node in nodes if node.stays]
    waiting = (node.verdict.message for node in staying if not node.placed and node.verdict is not None)
    refusals = [node.removal_refusal for node in nodes if not node.stays and node.removal_refusal]
    refused = _first_refused(staying)
    by_quota = refused is not None and refused.reason == QUOTA_EXCEEDED
    told, sizing = remembered(model, of), pool.sizings.get(of)
    same = told is not None and sizing is not None and told.began == int(sizing.began)
    timeouts = (e for e in model.status.resize_errors if e.code is ResizeErrorCode.ALLOCATION_TIMED_OUT)
    return AllocationFacts(
        target=target_of(pool, of),
        staying=len(staying),
        placed=sum(node.counts for node in staying),
        leaving=len(nodes) - len(staying) - len(refusals),
        began=_began(model, sizing.began if sizing is not None else now, now),
        timeout=model.spec.resize_timeout_seconds if model.spec.auto_scale is None else None,
        timed_out=same and any(is_of(error, of) for error in timeouts),
        stopped=sizing is not None and sizing.stopped and not pool.deleting,
        supply=pool.supply.refusal if of is NodeClass.DEDICATED else None,
        refusal=refused.message if refused is not None else "",
        over_quota=refused.message if refused is not None and by_quota else pool.over_quota.get(of, ""),
        waits_for=next(waiting, ""),
        not_removed=next(iter(refusals), ""),
        node_class=of,
    )


def _first_refused(nodes: list[NodeRecord]) -> Refused | None:
    """Why the API server does not let a node's Pod be made, of the first such node."""
    return next((node.pod_refusal for node in nodes if node.stays and node.pod_refusal is not None), None)


def _began(model: Pool, resized: float, now: float) -> float:
    """Since when nodes are sought: since the pool was resized, or has lost some of those that it had."""
    resizing = find(model.status.conditions, ConditionType.RESIZING)
    if resizing is None or resizing.status is not ConditionStatus.TRUE:
        return now
    return max(resized, resizing.last_transition_time.timestamp())


def _node_counts(nodes: list[NodeRecord], node_class: NodeClass) -> NodeCounts:
    counts: dict[str, int] = {}
    for node in nodes:
        if node.node_class is not node_class:
            continue
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


def _ready(pool: PoolState, model: Pool, nodes: list[NodeRecord], at: datetime) -> Condition:
    """Ready when as many nodes as wanted can run tasks."""

    def say(ready: bool, reason: PoolReason, message: str) -> Condition:
        return _condition(ConditionType.READY, model, at, ready, reason, message)

    if model.metadata.deletion_timestamp is not None:
        return say(False, PoolReason.DELETING, f"The pool is being deleted; {len(nodes)} nodes are left.")
    refused, target = _first_refused(nodes), whole_target_of(pool)
    if refused is not None:
        return say(False, PoolReason.NODES_UNUSABLE, refused.message)
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
        (NodeState.PREEMPTED, PoolReason.NODES_PREEMPTED),
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
    pool: PoolState, model: Pool, allocation: Allocation, counts: NodeTotals, nodes: list[NodeRecord], at: datetime
) -> Condition:
    low_target = target_of(pool, NodeClass.LOW_PRIORITY)
    text = f"The pool has {counts.dedicated} of {target_of(pool)} nodes."
    if low_target or counts.low_priority:
        low = f"{counts.low_priority} of {low_target} low-priority nodes"
        text = f"The pool has {counts.dedicated} of {target_of(pool)} dedicated and {low}."
    match allocation.state:
        case AllocationState.STEADY if not allocation.errors:
            reason = PoolReason.STEADY
        case AllocationState.STEADY:
            stopped = allocation.errors[0].code is ResizeErrorCode.RESIZE_STOPPED
            reason = PoolReason.RESIZE_STOPPED if stopped else PoolReason.RESIZE_FAILED
        case AllocationState.STOPPING:
            reason = PoolReason.STOPPING
        case _:
            reason = PoolReason.SHRINKING if len(nodes) > whole_target_of(pool) else PoolReason.GROWING
    resizing = allocation.state is not AllocationState.STEADY
    return _condition(ConditionType.RESIZING, model, at, resizing, reason, text)
