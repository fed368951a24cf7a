"""The judgement's state as comparable facts: two worlds that know the same must be the same, however they got there."""

from __future__ import annotations

from typing import Any

from millpond.api.exit_conditions import JobAction
from millpond.api.reasons import TaskState
from millpond.control.job_status import latest_call
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord, TaskRecord
from millpond.control.world import World
from millpond.scheduling.dependencies import Key

Facts = dict[str, Any]


def digest(world: World) -> Facts:
    """Pools, jobs, tasks, attempts and nodes of all namespaces, as far as anything depends on them."""
    facts: Facts = {}
    for space, namespace in world.namespaces.items():
        for pool in namespace.pools.values():
            if not (
                any(map(_spoken_of, pool.jobs.values())) or pool.nodes or pool.attempts or pool.claimed or pool.model
            ):
                continue
            facts |= {f"{space}/{pool.name} {name}": fact for name, fact in _pool(pool).items()}
    return facts


def differences(one: Facts, two: Facts) -> list[str]:
    """Where two digests differ."""
    return [
        f"{name}: {one.get(name)} against {two.get(name)}"
        for name in sorted(one.keys() | two.keys())
        if one.get(name) != two.get(name)
    ]


def _pool(pool: PoolState) -> Facts:
    facts: Facts = {
        "begun": pool.begun,
        "slots used": pool.slots_used,
        "claimed": sorted(pool.claimed & set(pool.hosts)),
        "free slots": pool.index.free_slots,
    }
    for job in pool.jobs.values():
        if not _spoken_of(job):
            continue
        facts[f"job {job.name}"] = _job(job)
        facts |= {f"task {job.name}/{task.name}": _task(task) for task in job.tasks.values()}
    for node in pool.nodes.values():
        facts[f"node {node.name}"] = _node(pool, node)
    for name, attempt in pool.attempts.items():
        facts[f"attempt {name}"] = (
            attempt.number,
            attempt.holds,
            attempt.released,
            attempt.settled,
            attempt.node.name,
            attempt.manages,
            attempt.demand.exclusive,
        )
    return facts


def _spoken_of(job: JobRecord) -> bool:
    """False for a record that only waits to be dropped."""
    return job.model is not None or bool(job.tasks) or bool(job.attempts)


def _job(job: JobRecord) -> Facts:
    return {
        "state": job.state,
        "counts": dict(job.counts),
        "slot counts": dict(job.slot_counts),
        "waiting": job.waiting,
        "slots used": job.slots_used,
        "live": sorted(job.live),
        "manager": job.manager.name if job.manager else None,
        "filed": job.filed,
        "barred": sorted(job.barred),
        "prepared": sorted((name, of.preparation.name, of.release.name) for name, of in job.nodes.items() if of.pods),
        "told": (job.told, latest_call(job, JobAction.TERMINATE), latest_call(job, JobAction.DISABLE)),
    }


def _task(task: TaskRecord) -> Facts:
    return {
        "state": task.state,
        "result": task.result,
        "written": task.written,
        "settled": task.settled,
        "retries": task.retry_count,
        "requeues": task.requeue_count,
        "queued": task.queued,
        "last node": task.last_node,
        "live": task.live.pod if task.live else None,
        "blocked": (task.blocked, unmet(task)),
        "reaction": task.reaction,
        "kept until": task.kept_until,
        "problem": task.problem.reason if task.problem and task.state is not TaskState.COMPLETED else None,
    }


def unmet(task: TaskRecord) -> list[Key]:
    """What the task still waits for."""
    known = task.job.dependencies
    return list(known.unmet(task.name)) if known else []


def _node(pool: PoolState, node: NodeRecord) -> Facts:
    slots, is_open = node.slots, node.name in pool.index
    return {
        "state": node.verdict.state if node.verdict and node.model else None,
        "open": is_open,
        "slots": (slots.total, slots.free, slots.cpu_free, slots.memory_free) if slots and is_open else None,
        "holding": node.holding,
        "pods": sorted(node.pods),
    }
