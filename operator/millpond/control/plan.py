"""The operator's table of contents: what one cycle of one pool judges, in order. Actions out, nothing performed.

The plan assumes its own actions: each step sees the verdicts of those before, and the next plan sees them all until the
watch shows the truth or `World.settle` says that an action failed. Same state and time, same actions in the same order.
"""

from __future__ import annotations

import msgspec

from millpond.control.actions import AnyAction
from millpond.control.displacing import displace
from millpond.control.limits import Limits
from millpond.control.placing import place
from millpond.control.plan_ages import judge_ages
from millpond.control.plan_attempts import judge_attempts
from millpond.control.plan_autoscale import follow_formula
from millpond.control.plan_groups import judge_groups
from millpond.control.plan_job_nodes import judge_job_nodes
from millpond.control.plan_jobs import judge_jobs, schedule_job_summaries
from millpond.control.plan_nodes import judge_nodes, schedule_node_summaries
from millpond.control.plan_pool import judge_pool, sweep
from millpond.control.plan_samples import take_samples
from millpond.control.plan_size import resize
from millpond.control.plan_supply import supply
from millpond.control.plan_tasks import judge_tasks
from millpond.control.pool_state import PoolState


class Plan(msgspec.Struct, frozen=True):
    """What to do now, and when to look again even if nothing happens (seconds since the epoch)."""

    actions: list[AnyAction]
    wake_at: float | None = None


def plan(pool: PoolState, now: float, limits: Limits) -> Plan:
    """Judge all that has changed, or become due, since the last plan of this pool."""
    actions: list[AnyAction] = []
    pool.mark_due(now)
    judge_nodes(pool, now, limits, actions)
    judge_ages(pool, now, limits)
    judge_attempts(pool, now, limits, actions)
    judge_groups(pool, now, limits, actions)
    judge_tasks(pool, now, limits, actions)
    judge_job_nodes(pool, now, limits, actions)
    judge_jobs(pool, now, limits, actions)
    place(pool, now, limits, actions)
    displace(pool, actions)
    take_samples(pool, now, actions)
    follow_formula(pool, now)
    resize(pool, now, limits, actions)
    supply(pool, now, actions)
    judge_pool(pool, now, limits, actions)
    sweep(pool, now, limits, actions)
    schedule_node_summaries(pool, now, limits)
    schedule_job_summaries(pool, limits)
    return Plan(actions, _next_look(pool, now))


def _next_look(pool: PoolState, now: float) -> float | None:
    """At once when a later step marked what an earlier one judges, else when the first deadline comes."""
    if pool.restless:
        return now
    return pool.deadlines[0][0] if pool.deadlines else None
