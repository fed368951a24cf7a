"""What becomes of a job: its state from its counts, its clock and its owner's wish (reference §2.9, §3.3, §4.7).

A state that would last no moment is skipped: a job without running tasks goes from Active to Disabled or Completed.
"""

from __future__ import annotations

import msgspec

from millpond.api.job import DisableTasks
from millpond.api.reasons import JobState, TaskReason, TerminateReason


class JobFacts(msgspec.Struct, frozen=True, gc=False):
    """Times: seconds since the epoch. `unfinished` counts tasks not Completed, `bound` the attempts to wait for.

    `task_failed`: a task has ended so that its job is to be terminated.
    """

    state: JobState
    terminate_reason: str | None
    wants_termination: bool
    wanted_reason: str | None
    wants_disabling: bool
    """A user wants the job disabled, or a disable that the service made is in force (`disable_lasts`)."""
    told: bool
    """The object itself says that the job is in this state."""
    terminates_when_all_complete: bool
    has_ever_had_tasks: bool
    manager_ended: bool
    """Its manager has completed, and was to take the job along."""
    unfinished: int
    task_failed: bool
    bound: int
    unreleased: bool
    """Preparation or release tasks of the job are still to end, or to run."""
    writing: bool
    """A verdict on one of its tasks is not written yet; another pool must not go on without it."""
    stopping: int
    """How many of `bound` are being stopped."""
    unplaceable: bool
    """The pool that was to be made for it cannot be."""
    deleting: bool
    """Its Job was deleted, and stays until it may go."""
    created: float
    empty_since: float
    max_wall_clock_seconds: int | None


class JobVerdict(msgspec.Struct, frozen=True, gc=False):
    """The state to be in and, when terminating or completed, why. `look_again`: when time alone may change that."""

    state: JobState
    terminate_reason: str | None = None
    look_again: float | None = None
    may_go: bool = False
    """Nothing of a deleted job runs any more: its tasks can be deleted, and then itself."""


def judge_job(facts: JobFacts, now: float, empty_grace_seconds: float) -> JobVerdict:
    """The next state. A job that has never had a task is judged complete only after the grace without one."""
    if facts.deleting:
        return JobVerdict(JobState.DELETING, facts.terminate_reason, may_go=not _is_busy(facts))
    if facts.state is JobState.COMPLETED:
        return JobVerdict(JobState.COMPLETED, facts.terminate_reason)
    if facts.state is JobState.TERMINATING:
        return _ending(facts, facts.terminate_reason)
    if facts.unplaceable:
        return _ending(facts, None)
    reason, look_again = _reason_to_end(facts, now)
    if reason is not None:
        return _ending(facts, reason)
    state = _paused_or_active(facts)
    if state is JobState.ACTIVE and facts.manager_ended:
        return _ending(facts, TerminateReason.JM_COMPLETE.value)
    if state is not JobState.ACTIVE or not facts.terminates_when_all_complete or facts.unfinished:
        return JobVerdict(state, look_again=look_again)
    due = now if facts.has_ever_had_tasks else facts.empty_since + empty_grace_seconds
    if now >= due:
        return _ending(facts, TerminateReason.ALL_TASKS_COMPLETE.value)
    return JobVerdict(state, look_again=due if look_again is None else min(due, look_again))


def _ending(facts: JobFacts, reason: str | None) -> JobVerdict:
    return JobVerdict(JobState.TERMINATING if _is_busy(facts) else JobState.COMPLETED, reason)


def _is_busy(facts: JobFacts) -> bool:
    """True while the job's end has to wait for what is on nodes."""
    return facts.bound > 0 or facts.unreleased


def _reason_to_end(facts: JobFacts, now: float) -> tuple[str | None, float | None]:
    """Why the job must end now, whether paused or not; or None and the time at which that may change."""
    if facts.wants_termination:
        return facts.wanted_reason or TerminateReason.USER_TERMINATE.value, None
    expiry = None
    if facts.max_wall_clock_seconds is not None:
        expiry = facts.created + facts.max_wall_clock_seconds
        if now >= expiry:
            return TerminateReason.MAX_WALL_CLOCK_TIME_EXPIRY.value, None
    if facts.task_failed:
        return TerminateReason.TASK_FAILED.value, None
    return None, expiry


def _paused_or_active(facts: JobFacts) -> JobState:
    if facts.wants_disabling:
        return JobState.DISABLING if facts.bound > 0 or facts.writing else JobState.DISABLED
    match facts.state:
        case JobState.DISABLING | JobState.DISABLED:
            return JobState.ENABLING
        case JobState.ENABLING if not facts.told or facts.stopping > 0:
            # Nothing starts while the object says Disabled, since its pool may be changed then.
            return JobState.ENABLING
        case _:
            return JobState.ACTIVE


def disable_lasts(user_disables: bool, enabled_at: object, served: object) -> bool:
    """Whether a disable that the service made stays in force.

    A user lifts it with a new time in `spec.enabledAt`, which manifests kept in Git need not name; or by taking it over
    (`desiredState: Disabled`) and enabling the job afterwards.
    """
    return not user_disables and enabled_at == served


def fate_of_running(state: JobState, option: DisableTasks, stopping: bool) -> DisableTasks:
    """What becomes of an attempt that is bound while its job is in this state; `stopping`: its Pod is being deleted.

    What a disable has begun to stop is booked by it when the job is enabled before it has ended. A disable that is
    changed to `Wait` meanwhile has it run again: that is nearest to what is wanted now, and the stop was a user's act.
    """
    if ends_tasks(state):
        return DisableTasks.TERMINATE
    if state not in (JobState.DISABLING, JobState.DISABLED, JobState.ENABLING):
        return DisableTasks.WAIT
    if stopping:
        return DisableTasks.TERMINATE if option is DisableTasks.TERMINATE else DisableTasks.REQUEUE
    return DisableTasks.WAIT if state is JobState.ENABLING else option


def ends_tasks(state: JobState) -> bool:
    """Whether tasks of a job in this state end, and no more may be added."""
    return state in (JobState.TERMINATING, JobState.COMPLETED, JobState.DELETING)


def starts_tasks(state: JobState) -> bool:
    """Whether tasks of a job in this state may start; `why_none_start` says it in words."""
    return state is _ACTIVE


_ACTIVE = JobState.ACTIVE
"""Looked up once: the question is asked several times for each task that ends."""


def why_no_more(state: JobState) -> TaskReason | None:
    """The code under which a job in this state takes no tasks, neither new nor reactivated ones; or None."""
    return why_none_start(state) if ends_tasks(state) else None


def why_none_start(state: JobState) -> TaskReason | None:
    """The code under which a job in this state starts no tasks (reference §8.6), or None."""
    match state:
        case JobState.ACTIVE:
            return None
        case JobState.TERMINATING:
            return TaskReason.JOB_BEING_TERMINATED
        case JobState.COMPLETED:
            return TaskReason.JOB_COMPLETED
        case JobState.DELETING:
            return TaskReason.JOB_BEING_DELETED
        case _:
            return TaskReason.JOB_DISABLED
