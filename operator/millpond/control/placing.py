"""Placement: while slots are free, draw a job, take its oldest task that fits, choose a node, start an attempt."""

from __future__ import annotations

from collections.abc import Collection

from millpond.api import naming
from millpond.api.nodetemplate import NodeClass
from millpond.control.actions import AnyAction, StartAttempt
from millpond.control.attempt import Attempt
from millpond.control.displacing import gives_way, kept_free
from millpond.control.fold_pods import enter
from millpond.control.former_pods import may_begin
from millpond.control.gathering import address_of, is_bound, keep_nodes, nodes_of_group
from millpond.control.job_nodes import preparation_before
from millpond.control.limits import Limits
from millpond.control.managers import head_of
from millpond.control.pool_state import PoolState
from millpond.control.records import TaskRecord
from millpond.scheduling.demand import Demand
from millpond.scheduling.groups import Reservation
from millpond.scheduling.node_slots import NodeSlots
from millpond.scheduling.placement import FillType


def place(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Start as many attempts as fit. Costs what is placed plus what is found not to fit, never what waits."""
    if pool.model is None or pool.model.metadata.deletion_timestamp is not None:
        return
    if pool.index.free_slots <= 0 and not pool.gathering:
        return
    policy = pool.model.spec.task_scheduling_policy
    passed: set[tuple[str, str]] = set()
    blocked: set[Demand] = set()
    closed: dict[str, set[Demand]] = {}
    kept = kept_free(pool) if gives_way(pool) else {}
    waits = keep_nodes(pool, now, limits) if pool.gathering else None
    while pool.index.free_slots > 0:
        ticket = pool.order.next(policy.job_default_order, pool.begun, passed)
        if ticket is None:
            return
        job = pool.jobs[ticket[1]]
        # What no node takes of a job that some nodes are barred to, others may take of another job.
        barred = job.barred if not kept else job.barred | {node for node, jobs in kept.items() if job.name not in jobs}
        narrow = bool(barred) or waits is not None
        shut = blocked if not narrow else blocked | closed.get(job.name, set())
        head = head_of(job, shut)
        if head is None:
            passed.add(ticket)
            continue
        (_, name), demand = head
        task = job.tasks[name]
        if not may_begin(pool, task, now, limits):
            continue
        nodes = _nodes_for(pool, task, policy.node_fill_type, barred, waits, now)
        if not nodes:
            (closed.setdefault(job.name, set()) if narrow else blocked).add(demand)
            continue
        _start(pool, task, nodes, actions)
        if waits is not None:
            waits.lose(nodes)
            if waits.group.ticket == task.ticket:
                # Another one goes first now, so that others may use other nodes.
                waits = keep_nodes(pool, now, limits)
                passed.clear()
                closed.clear()


def _nodes_for(
    pool: PoolState,
    task: TaskRecord,
    fill: FillType,
    barred: Collection[str],
    waits: Reservation | None,
    now: float,
) -> list[NodeSlots]:
    """The nodes on which the task starts, a primary's first; none where it cannot start now."""
    if task.demand.instances:
        return nodes_of_group(pool, task, barred, waits, now)
    if waits is not None and is_bound(waits, task, now):
        barred = waits.kept.union(barred)
    node = pool.index.choose(task.demand, fill, barred, task.preferred_node)
    return [node] if node is not None else []


def _start(pool: PoolState, task: TaskRecord, nodes: list[NodeSlots], actions: list[AnyAction]) -> None:
    """Bind the task's next attempt to the node, or its instances to theirs, and assume that it is there."""
    number, instances = task.attempt + 1, task.demand.instances
    meet = address_of(pool, nodes[0].name) if instances else ""
    for instance, node in enumerate(nodes):
        attempt = _attempt(pool, task, number, instance, node)
        enter(pool, attempt, holds=True)
        actions.append(
            StartAttempt(
                namespace=pool.namespace,
                pool=pool.name,
                job=task.job.name,
                task=task.name,
                task_uid=task.uid,
                attempt=number,
                pod=attempt.pod,
                node=node.name,
                host=node.host,
                slots=attempt.demand.slots,
                cpu_millis=attempt.demand.cpu_millis or 0,
                memory_bytes=attempt.demand.memory_bytes or 0,
                manages=attempt.manages,
                exclusive=attempt.demand.exclusive,
                instance=instance,
                instances=instances,
                rendezvous=meet,
                preparation=attempt.preparation,
                dedicated=attempt.node.node_class is NodeClass.DEDICATED,
            )
        )


def _attempt(pool: PoolState, task: TaskRecord, number: int, instance: int, node: NodeSlots) -> Attempt:
    job, asked = task.job, task.demand
    pod = naming.member_pod(task.name, number, instance)
    demand = Demand(asked.slots, *node.room_of(asked), asked.devices, asked.exclusive)
    attempt = Attempt(pool, pod, number, job, task.name, task.uid, pool.node(node.name), demand)
    attempt.instance, attempt.instances = instance, asked.instances
    attempt.manages = task is job.manager
    if job.prepares:
        attempt.preparation = preparation_before(pool, job, attempt.node)
    return attempt
