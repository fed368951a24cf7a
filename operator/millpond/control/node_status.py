"""The status of a ComputeNode: what the record and its verdict look like to users."""

from __future__ import annotations

from datetime import UTC, datetime

from millpond.api.computenode import ComputeNodeStatus, NodeOperation, NodeServed, NodeTotals, RecentTask
from millpond.api.conditions import Condition, ConditionStatus, put
from millpond.api.failure import NameValue, NodeError
from millpond.api.pool import SlotCounts
from millpond.api.reasons import ConditionType
from millpond.api.resources import format_bytes, format_millicores
from millpond.api.starttask import CommandStatus
from millpond.control.node_job_status import command_status, describe_jobs, time_of
from millpond.control.node_record import NodeRecord
from millpond.control.node_tally import NodeTally
from millpond.control.plan_upgrade import is_outdated
from millpond.control.pool_state import PoolState
from millpond.lifecycle.nodes import Fault, NodeVerdict
from millpond.lifecycle.operations import served_by
from millpond.lifecycle.run import Run, RunState
from millpond.scheduling.node_slots import NodeSlots


def describe_node(pool: PoolState, node: NodeRecord, verdict: NodeVerdict, now: float) -> ComputeNodeStatus:
    """The whole status. What cannot be seen any more (a Pod's address after its end) keeps its last value."""
    old = node.model.status if node.model else ComputeNodeStatus()
    pod = node.pod
    at = datetime.fromtimestamp(int(now), UTC)
    ready = Condition(
        type=ConditionType.READY,
        status=ConditionStatus.TRUE if verdict.takes_tasks else ConditionStatus.FALSE,
        observed_generation=node.model.metadata.generation if node.model else None,
        last_transition_time=at,
        reason=verdict.reason,
        message=verdict.message,
    )
    placed = pod is not None and pod.spec.node_name is not None
    used = sum(attempt.demand.slots for attempt in node.attempts.values() if attempt.holds)
    return ComputeNodeStatus(
        conditions=put(old.conditions, ready),
        state=verdict.state,
        host_name=pod.spec.node_name if pod and placed else old.host_name,
        pod_name=pod.metadata.name if pod else old.pod_name,
        ip_address=(pod.status.pod_ip if pod else None) or old.ip_address,
        slots=SlotCounts(total=pool.model.spec.task_slots_per_node if pool.model else old.slots.total, used=used),
        resources={} if node.done and node.restarting else _resources(node.slots) if node.slots else old.resources,
        draining=None if node.done else node.chosen or node.draining,
        served=_served(node, old),
        outdated=is_outdated(pool, node),
        start_task=_start_task(verdict.start_task) or (None if _booted(node, old) else old.start_task),
        jobs=describe_jobs(pool, node, () if _reimaged(node) else old.jobs),
        recent_tasks=_recent(node),
        totals=_totals(node.tally),
        errors=tuple(_error(fault) for fault in verdict.faults),
        allocation_time=old.allocation_time or (at if placed else None),
        last_boot_time=time_of(pod.status.start_time) if pod and pod.status.start_time else old.last_boot_time,
    )


def _error(fault: Fault) -> NodeError:
    values = tuple(NameValue(name=one.name, value=one.value) for one in fault.values)
    return NodeError(code=fault.code, message=fault.message, values=values)


def _recent(node: NodeRecord) -> tuple[RecentTask, ...]:
    return tuple(
        RecentTask(
            job_name=one.job,
            task_name=one.task,
            subtask_id=one.subtask or None,
            result=one.result,
            exit_code=one.exit_code,
        )
        for one in reversed(node.tally.recent)
    )


def _totals(tally: NodeTally) -> NodeTotals:
    return NodeTotals(tasks_run=tally.run, tasks_succeeded=tally.succeeded, counted_through=tally.through)


def _served(node: NodeRecord, old: ComputeNodeStatus) -> NodeServed | None:
    """What was asked for once and is done, with what is done now."""
    if not node.done or node.draining is None or node.model is None:
        return old.served
    return served_by(node.draining.operation, node.model.spec, old.served)


def _reimaged(node: NodeRecord) -> bool:
    return node.done and node.operation is NodeOperation.REIMAGE


def _booted(node: NodeRecord, old: ComputeNodeStatus) -> bool:
    """True when the node has started anew since its status was written: what the start task did before is past."""
    began = node.pod.status.start_time if node.pod is not None else None
    return began is not None and time_of(began) != old.last_boot_time


def _resources(slots: NodeSlots) -> dict[str, str]:
    devices = {name: str(amount) for name, amount in slots.devices_total.items()}
    return {"cpu": format_millicores(slots.cpu_total), "memory": format_bytes(slots.memory_total), **devices}


def _start_task(seen: Run | None) -> CommandStatus | None:
    return command_status(seen) if seen is not None and seen.state is not RunState.WAITING else None
