"""Samples of the pools that have a formula: each 30 s, after those were read that an earlier life kept.

Source: azure-batch-semantics §5.5, §5.6.
"""

from __future__ import annotations

from millpond.api.pool import Pool
from millpond.api.reasons import AutoScaleReason
from millpond.control.actions import Announce, AnyAction, Event, KeepSamples, LoadSamples
from millpond.control.node_counts import count_nodes
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord
from millpond.control.sample_record import SampleRecord
from millpond.lifecycle.jobs import starts_tasks
from millpond.scaling.kept_samples import HOUR
from millpond.scaling.measurement import combine
from millpond.scaling.sample_blocks import write_block


def take_samples(pool: PoolState, now: float, actions: list[AnyAction]) -> None:
    """Take and keep a sample if one is due. A pool without a formula has none."""
    if not pool.taken("samples"):
        return
    model = pool.model
    if model is None or model.metadata.deletion_timestamp is not None or model.spec.auto_scale is None:
        pool.samples = None
        return
    record = pool.samples
    if record is None or record.uid != model.metadata.uid:
        record = pool.samples = SampleRecord(model.metadata.uid)
    _tell_trouble(pool, model, record, actions)
    if not record.loaded:
        if not record.loading and now >= record.not_before:
            record.loading = True
            actions.append(LoadSamples(namespace=pool.namespace, pool=pool.name, uid=record.uid))
        return
    if now >= record.due(now):
        record.rows.record(int(now), measure_pool(pool, now))
        actions.append(_keep(pool, record, int(now)))
    due = record.due(now)
    if due != record.look_at:
        record.look_at = due
        pool.look_at(due, "samples", pool.name)


def measure_pool(pool: PoolState, now: float) -> dict[str, float]:
    """What the variables are now, by name; those that are not known are left out.

    Active tasks are those that a free slot would start now: not those whose job is disabled or has ended, nor those
    that can never run as they are. Running ones have a Pod, from its creation until it is counted.
    """
    jobs = [job for job in pool.jobs.values() if job.model is not None]
    active = sum(_wanted(job) for job in jobs if starts_tasks(job.state) and not job.deleting)
    running = sum(len(job.live) for job in pool.jobs.values())
    nodes = count_nodes(pool)
    measured = [node.measurement for node in pool.nodes.values() if node.measurement is not None]
    return {
        **combine(measured, now),
        "$ActiveTasks": active,
        "$RunningTasks": running,
        "$PendingTasks": active + running,
        "$SucceededTasks": sum(job.counts["succeeded"] for job in jobs),
        "$FailedTasks": sum(job.counts["failed"] for job in jobs),
        "$CurrentDedicatedNodes": nodes.dedicated,
        "$CurrentLowPriorityNodes": nodes.low_priority,
        "$UsableNodeCount": nodes.usable,
        "$PreemptedNodeCount": nodes.preempted,
    }


def _wanted(job: JobRecord) -> int:
    """Its waiting tasks; a multi-instance task counts its instances (reference §4.10 item 12)."""
    return job.waiting + sum(task.demand.instances - 1 for task in job.gathering.values())


def _keep(pool: PoolState, record: SampleRecord, now: int) -> KeepSamples:
    sealed = {hour: write_block(record.rows.slice(hour, hour + HOUR)) for hour in record.unsealed(now)}
    present = now // HOUR * HOUR
    return KeepSamples(
        namespace=pool.namespace,
        pool=pool.name,
        uid=record.uid,
        sealed=sealed,
        dropped=tuple(record.outlived(now, sum(map(len, sealed.values())))) if sealed else (),
        current=write_block(record.rows.slice(present, now + 1)),
    )


def _tell_trouble(pool: PoolState, model: Pool, record: SampleRecord, actions: list[AnyAction]) -> None:
    if record.trouble and record.trouble != record.told:
        event = Event(AutoScaleReason.SAMPLES_NOT_KEPT, record.trouble, "Warning")
        uid = model.metadata.uid
        actions.append(Announce(namespace=pool.namespace, kind="Pool", name=pool.name, uid=uid, events=(event,)))
        record.told = record.trouble
