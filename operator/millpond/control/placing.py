"""Placement: while slots are free, draw a job, take its oldest task that fits, choose a node, start an attempt."""

from __future__ import annotations

from millpond.api import naming
from millpond.control.actions import AnyAction, StartAttempt
from millpond.control.attempt import Attempt
from millpond.control.displacing import kept_free
from millpond.control.fold_pods import enter
from millpond.control.former_pods import in_the_way, why_waits
from millpond.control.job_nodes import preparation_before
from millpond.control.limits import Limits
from millpond.control.managers import head_of
from millpond.control.pool_state import PoolState
from millpond.control.records import TaskRecord
from millpond.lifecycle.age import added_too_early
from millpond.scheduling.demand import Demand
from millpond.scheduling.node_slots import NodeSlots


def place(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Start as many attempts as fit. Costs what is placed plus what is found not to fit, never what waits."""
    if pool.model is None or pool.model.metadata.deletion_timestamp is not None:
        return
    policy = pool.model.spec.task_scheduling_policy
    passed: set[tuple[str, str]] = set()
    blocked: set[Demand] = set()
    closed: dict[str, set[Demand]] = {}
    kept = kept_free(pool)
    too_early = added_too_early(now, limits.task_lifetime)
    while pool.index.free_slots > 0:
        ticket = pool.order.next(policy.job_default_order.value, pool.begun, passed)
        if ticket is None:
            return
        job = pool.jobs[ticket[1]]
        # What no node takes of a job that some nodes are barred to, others may take of another job.
        barred = job.barred if not kept else job.barred | {node for node, jobs in kept.items() if job.name not in jobs}
        shut = blocked if not barred else blocked | closed.get(job.name, set())
        head = head_of(job, shut)
        if head is None:
            passed.add(ticket)
            continue
        (created, name), demand = head
        task = job.tasks[name]
        if created <= too_early:
            pool.dequeue(task)
            pool.mark("task", f"{job.name}/{name}")
            continue
        former = in_the_way(task, now, limits)
        if former is not None:
            task.problem = why_waits(task, former)
            pool.dequeue(task)
            pool.mark("task", f"{job.name}/{name}")
            continue
        node = pool.index.choose(demand, policy.node_fill_type.value, barred, task.preferred_node)
        if node is None:
            (closed.setdefault(job.name, set()) if barred else blocked).add(demand)
            continue
        _start(pool, task, node, actions)


def _start(pool: PoolState, task: TaskRecord, node: NodeSlots, actions: list[AnyAction]) -> None:
    """Bind the task's next attempt to the node, and assume that it is there."""
    job, number = task.job, task.attempt + 1
    pod = naming.attempt_pod(task.name, number)
    asked = task.demand
    demand = Demand(asked.slots, node.cpu_of(asked), node.memory_of(asked), asked.devices, asked.exclusive)
    attempt = Attempt(pool, pod, number, job, task.name, task.uid, pool.node(node.name), demand)
    attempt.manages = task is job.manager
    if job.prepares:
        attempt.preparation = preparation_before(pool, job, attempt.node)
    enter(pool, attempt, holds=True)
    actions.append(
        StartAttempt(
            namespace=pool.namespace,
            pool=pool.name,
            job=job.name,
            task=task.name,
            task_uid=task.uid,
            attempt=number,
            pod=pod,
            node=node.name,
            host=node.host,
            slots=demand.slots,
            cpu_millis=demand.cpu_millis or 0,
            memory_bytes=demand.memory_bytes or 0,
            manages=attempt.manages,
            exclusive=demand.exclusive,
            preparation=attempt.preparation,
        )
    )
