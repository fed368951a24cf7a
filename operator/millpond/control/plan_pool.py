"""The pool as a whole: Pods to sweep, and its status."""

from __future__ import annotations

from millpond.control.actions import AnyAction, Event, SweepPods, WritePool
from millpond.control.autoscale_status import resize_events
from millpond.control.limits import Limits
from millpond.control.plan_network import close_network
from millpond.control.pool_state import PoolState
from millpond.control.pool_status import describe_pool


def judge_pool(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Judge the pool if it is marked, or if its counts have changed."""
    marked = bool(pool.taken("pool"))
    if marked:
        close_network(pool, now, actions)
        _write(pool, now, actions, limits)
    elif actions and pool.model is not None and not pool.summary_scheduled:
        pool.summary_scheduled = True
        pool.look_at(pool.last_summary + limits.summary, "pool", pool.name)


def sweep(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Delete counted Pods, many at a time; those that a sweep leaves behind are for the next one."""
    if pool.taken("sweep"):
        pool.sweep_scheduled = False
        if pool.counted:
            actions.append(SweepPods(namespace=pool.namespace, pool=pool.name))
    if pool.counted and not pool.sweep_scheduled:
        pool.sweep_scheduled = True
        pool.look_at(now + limits.sweep, "sweep", pool.name)


def _write(pool: PoolState, now: float, actions: list[AnyAction], limits: Limits) -> None:
    model = pool.model
    if model is None:
        return
    pool.summary_scheduled = False
    status, look_again = describe_pool(pool, model, now)
    if look_again is not None:
        pool.look_at(look_again, "pool", pool.name)
    old = model.status
    if status == old and not pool.unwritten:
        return
    counts = {
        "node_counts": old.node_counts,
        "task_counts": old.task_counts,
        "task_slot_counts": old.task_slot_counts,
    }
    if status.model_copy(update=counts) == old and now < pool.last_summary + limits.summary:
        pool.summary_scheduled = True
        pool.look_at(pool.last_summary + limits.summary, "pool", pool.name)
        return
    events = resize_events(pool, model, status)
    events += tuple(
        Event(error.code, error.message, "Warning") for error in status.resize_errors if error not in old.resize_errors
    )
    pool.last_summary, pool.unwritten = now, False
    pool.model = model.model_copy(update={"status": status})
    actions.append(
        WritePool(
            namespace=pool.namespace,
            pool=pool.name,
            version=model.metadata.resource_version,
            status=status,
            events=events,
        )
    )
