"""Pools that follow a formula: it is evaluated when due, and what it says is in force from this very plan on."""

from __future__ import annotations

from millpond.api.nodetemplate import NodeClass
from millpond.control.plan_samples import measure_pool
from millpond.control.pool_state import PoolState
from millpond.control.sizing import target_of
from millpond.formula import Inputs
from millpond.scaling.autoscale import chance, due_at, run
from millpond.scaling.samples import Histories


def follow_formula(pool: PoolState, now: float) -> None:
    """Evaluate the pool's formula if that is due, and have the pool resized by what comes of it.

    Not before the samples are there that an earlier life of the operator kept.
    """
    if not pool.taken("autoscale"):
        return
    model, samples = pool.model, pool.samples
    if model is None or model.spec.auto_scale is None or samples is None or not samples.loaded:
        return
    wanted, last = model.spec.auto_scale, pool.decided.told if pool.decided else model.status.auto_scale_run
    due = due_at(wanted, last, now)
    if now >= due:
        # What has just changed counts already. It is kept with the next sample.
        samples.rows.record(int(now), measure_pool(pool, now))
        inputs = Inputs(
            now=now,
            target_dedicated=target_of(pool),
            target_low_priority=target_of(pool, NodeClass.LOW_PRIORITY),
            task_slots_per_node=model.spec.task_slots_per_node,
            samples=Histories(samples.rows),
            rand=chance(model.metadata.uid, int(now)),
        )
        pool.decided = run(wanted, inputs)
        pool.mark("size", pool.name)
        pool.mark("pool", pool.name)
        due = due_at(wanted, pool.decided.told, now)
    if due != pool.evaluate_at:
        pool.evaluate_at = due
        pool.look_at(due, "autoscale", pool.name)
