"""The operator's table of contents: what one cycle of one pool judges, in order. Actions out, nothing performed.

The plan assumes its own actions: each step sees the verdicts of those before, and the next plan sees them all until the
watch shows the truth or `World.settle` says that an action failed. Same state and time, same actions in the same order.
"""

from __future__ import annotations

import msgspec

from millpond.control.actions import AnyAction
from millpond.control.displacing import displace, gives_way
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
    _judge_lives(pool, now, limits, actions)
    place(pool, now, limits, actions)
    if gives_way(pool):
        displace(pool, actions)
    _judge_size(pool, now, limits, actions)
    judge_pool(pool, now, limits, actions)
    sweep(pool, now, limits, actions)
    _schedule_summaries(pool, now, limits)
    return Plan(actions, _next_look(pool, now))


def _judge_lives(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """What has become of nodes, tasks and jobs; what one finds may mark what comes after it."""
    marked = pool.dirty
    if marked["node"]:
        judge_nodes(pool, now, limits, actions)
    if marked["age"]:
        judge_ages(pool, now, limits)
    if marked["attempt"]:
        judge_attempts(pool, now, limits, actions)
    if marked["group"]:
        judge_groups(pool, now, limits, actions)
    if marked["task"]:
        judge_tasks(pool, now, limits, actions)
    if marked["jobnode"]:
        judge_job_nodes(pool, now, limits, actions)
    if marked["job"]:
        judge_jobs(pool, now, limits, actions)


def _judge_size(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """How many nodes there are to be, and what makes room for them."""
    marked = pool.dirty
    if marked["samples"]:
        take_samples(pool, now, actions)
    if marked["autoscale"]:
        follow_formula(pool, now)
    if marked["size"]:
        resize(pool, now, limits, actions)
    if marked["supply"]:
        supply(pool, now, actions)


def _schedule_summaries(pool: PoolState, now: float, limits: Limits) -> None:
    """Have told in time what has changed in nothing but counts."""
    if pool.dirty["touched"]:
        schedule_node_summaries(pool, now, limits)
    if pool.dirty["counted"]:
        schedule_job_summaries(pool, limits)


def _next_look(pool: PoolState, now: float) -> float | None:
    """At once when a later step marked what an earlier one judges, else when the first deadline comes."""
    if pool.restless:
        return now
    return pool.deadlines[0][0] if pool.deadlines else None
