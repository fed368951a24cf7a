"""The attempts of multi-instance tasks: all Pods of one are judged together, and are one attempt in the books.

It is counted when the primary has ended and so has every other Pod, as far as anybody will see; what ends one ends all.
A group that is not whole, since one of its Pods was never made or is gone, cannot run: it meets nowhere, and is ended.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from millpond.api.times import parse_time
from millpond.control.actions import AnyAction
from millpond.control.attempt import Attempt
from millpond.control.hindrances import hindrance_of_task
from millpond.control.limits import Limits
from millpond.control.plan_ages import expire, watch_age
from millpond.control.plan_attempts import (
    host_is_silent,
    let_go,
    stop,
    tell_progress,
    tries_of,
    waits_in_vain,
    watch_start,
    wishes_of,
)
from millpond.control.pool_state import PoolState
from millpond.control.records import TaskRecord
from millpond.control.verdicts import book
from millpond.lifecycle.age import added_too_early
from millpond.lifecycle.exits import TASK_CONTAINER, Ending, Exit, judge_ended
from millpond.lifecycle.groups import Subtask, describe, whole_exit
from millpond.lifecycle.tasks import GIVEN_UP, Wishes, decide, wishes_of_all
from millpond.lifecycle.uploads import judge_attempt
from millpond.lifecycle.waits import judge_waiting, starts_since

FAREWELL = 5.0
"""Seconds that the others have to end by themselves once the primary has."""


class Side(msgspec.Struct, gc=False):
    """One Pod of a group as it stands now. `end` is how it ended, if it has."""

    attempt: Attempt
    wishes: Wishes
    end: Exit | None = None
    silent: bool = False
    """Nothing new can be known of it."""

    @property
    def started(self) -> str | None:
        """When its container did."""
        state = self.attempt.view.container(TASK_CONTAINER) if self.attempt.view is not None else None
        begun = (state.running or state.terminated) if state is not None else None
        return begun.started_at if begun is not None else None


def judge_groups(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Judge each group of which a Pod is marked."""
    judged: set[tuple[str, int]] = set()
    for name in pool.taken("group"):
        marked = pool.attempts.get(name)
        if marked is None or (marked.task_uid, marked.number) in judged:
            continue
        judged.add((marked.task_uid, marked.number))
        pods = pods_of(marked)
        if marked.record is not None and not marked.settled:
            _judge(pool, pods, marked.record, now, limits, actions)
        for pod in pods:
            if pod.settled and pod.view is not None:
                let_go(pool, pod, actions)


def pods_of(attempt: Attempt) -> list[Attempt]:
    """The Pods of its group that are there or asked for, the primary first."""
    others = attempt.job.attempts.get(attempt.task, {}).values()
    mine = (pod for pod in others if pod.number == attempt.number and pod.task_uid == attempt.task_uid)
    return sorted(mine, key=lambda pod: pod.instance)


def _judge(
    pool: PoolState, pods: list[Attempt], task: TaskRecord, now: float, limits: Limits, actions: list[AnyAction]
) -> None:
    primary = pods[0]
    if primary.instance:
        # Nobody will see how the attempt ended: its primary is gone, or was never made.
        task.vanished = max(task.vanished, primary.number)
        task.job.pool.mark("task", f"{task.job.name}/{task.name}")
        return
    if primary.view is None:
        return
    sides = [_side(pool, pod, task, now, limits) for pod in pods]
    wishes = wishes_of_all([side.wishes for side in sides])
    ended = sides[0].end is not None and all(side.end is not None or side.silent for side in sides[1:])
    if ended or wishes.at_once:
        members = {side.attempt.instance: side.end for side in sides[1:]}
        verdict = decide(whole_exit(sides[0].end or GIVEN_UP, members), wishes, tries_of(task, limits))
        book(primary, task, verdict, now, limits, actions, _subtasks(sides))
        return
    if task.created <= added_too_early(now, limits.task_lifetime) and not wishes.ended_by_user:
        expire(primary, task, now, limits, actions)
        return
    watch_age(pool, task, limits)
    if wishes.stop or len(pods) < primary.instances or any(map(_breaks, sides)):
        farewell = _farewell(sides[0].end)
        if now < farewell and not wishes.stop:
            # They hear of the primary's end from the agent, and end well.
            pool.look_at(farewell, "attempt", primary.pod)
            return
        for side in sides:
            if side.end is None and side.attempt.view is not None and not side.attempt.deleting:
                stop(pool, side.attempt, actions)
        return
    _follow(pool, sides, task, now, limits, actions)


def _side(pool: PoolState, attempt: Attempt, task: TaskRecord, now: float, limits: Limits) -> Side:
    side, view = Side(attempt, wishes_of(pool, attempt, task, now, limits)), attempt.view
    if view is None:
        return side
    if view.terminal:
        side.end = judge_ended(view) if attempt.instance else judge_attempt(view)
    elif side.wishes.node_lost or side.wishes.at_once:
        side.end = GIVEN_UP
    elif host_is_silent(pool, view, attempt, now, limits):
        side.silent = True
    else:
        waited, hindrance = now - parse_time(starts_since(view)), hindrance_of_task(task, [attempt])
        side.end = judge_waiting(view, waited, limits.image_pull, limits.startup, hindrance)
    return side


def _breaks(side: Side) -> bool:
    """True for a Pod without which the group cannot go on."""
    pod = side.attempt
    in_vain = pod.view is not None and bool(pod.preparation) and waits_in_vain(pod, pod.view)
    # The others end well when the primary's command has; its output files may still be on their way then.
    ended = side.end is not None and (pod.instance == 0 or side.end.ending is not Ending.SUCCESS)
    return ended or pod.deleting or in_vain


def _farewell(end: Exit | None) -> float:
    """Until when the others are let alone after the primary has ended by itself."""
    if end is None or end.ending is Ending.INTERRUPTED or end.end_time is None:
        return 0.0
    return parse_time(end.end_time) + FAREWELL


def _subtasks(sides: Sequence[Side]) -> tuple[Subtask, ...]:
    return tuple(describe(side.attempt.instance, side.attempt.node.name, side.started, side.end) for side in sides[1:])


def _follow(
    pool: PoolState, sides: list[Side], task: TaskRecord, now: float, limits: Limits, actions: list[AnyAction]
) -> None:
    """Write that the group gathers or runs: it does once the last of its containers has started."""
    started = [side.started for side in sides]
    for side in sides:
        if side.started is None and side.attempt.view is not None:
            watch_start(pool, side.attempt, side.attempt.view, now, limits)
    last = max((start for start in started if start is not None), default=None)
    begun = None if None in started else last
    hindrance = hindrance_of_task(task, [side.attempt for side in sides])
    tell_progress(sides[0].attempt, task, begun, hindrance, now, limits, actions, _subtasks(sides))
