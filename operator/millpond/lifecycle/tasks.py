"""What becomes of a task when an attempt has ended: the ledger it is charged to and the state it goes to.

Reference §3.6, §4.5, §4.6, §4.13. An `Exit` says how the attempt ended; `Wishes` say what users and the pool wanted
meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from millpond.api.reasons import FailureCode, JobState, TaskReason, TaskResult, TaskState
from millpond.lifecycle.draining import Fate
from millpond.lifecycle.exits import Ending, Exit
from millpond.lifecycle.failure import Failure, user_error
from millpond.lifecycle.jobs import why_no_more

UNLIMITED = -1


class Ledger(StrEnum):
    """Where an ended attempt is booked: every attempt is in exactly one."""

    SUCCESS = "Success"
    FAILURE = "Failure"
    RETRY = "Retry"
    """Charged to the task: `retryCount` rises."""
    REQUEUE = "Requeue"
    """A user's act took the node away: `requeueCount` rises."""
    RECOVERY = "Recovery"
    """The cluster's fault: counted nowhere."""


class Wishes(msgspec.Struct, frozen=True, gc=False):
    """What was wanted of the attempt while it ran."""

    ended_by_user: bool = False
    """The task or its job was to be terminated, or the job disabled with `Terminate`."""
    job_disabled: bool = False
    """The job was disabled with `Requeue`."""
    displaced: str = ""
    """The job to a task of which it was to give way."""
    drained: Fate = Fate.STAYS
    """What becomes of it because its node is being emptied, by a user's act."""
    node_lost: bool = False
    """The node was given up."""
    at_once: bool = False
    """Nobody waits until its node has stopped it."""

    @property
    def stop(self) -> bool:
        """True when the attempt is to be stopped where it runs."""
        return self.ended or self.job_disabled or bool(self.displaced) or self.drained is Fate.REQUEUED

    @property
    def ended(self) -> bool:
        """True when the task is to be completed, and never to run again."""
        return self.ended_by_user or self.drained is Fate.ENDED


def wishes_of_all(each: Sequence[Wishes]) -> Wishes:
    """What is wanted of a group, by what is wanted of its Pods: what is to become of one becomes of all."""
    fates = {wishes.drained for wishes in each}
    return Wishes(
        ended_by_user=any(wishes.ended_by_user for wishes in each),
        job_disabled=any(wishes.job_disabled for wishes in each),
        displaced=next((wishes.displaced for wishes in each if wishes.displaced), ""),
        drained=next((fate for fate in (Fate.ENDED, Fate.REQUEUED) if fate in fates), Fate.STAYS),
        node_lost=any(wishes.node_lost for wishes in each),
        at_once=any(wishes.at_once for wishes in each),
    )


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """`failure` is set exactly when the ledger is FAILURE; `exit_code` stays None where no process ended."""

    ledger: Ledger
    exit_code: int | None = None
    failure: Failure | None = None
    start_time: str | None = None
    end_time: str | None = None
    message: str = ""
    refused: bool = False
    """A recovery in which nothing of the task ran: after too many in a row it fails."""

    @property
    def result(self) -> TaskResult | None:
        """What the task has come to; None where it is to run again."""
        return _RESULTS.get(self.ledger)


_RESULTS = {Ledger.SUCCESS: TaskResult.SUCCESS, Ledger.FAILURE: TaskResult.FAILURE}


ENDED_BY_USER = user_error(FailureCode.TASK_ENDED, "The task was ended by user request.")
ENDED_WITH_NODE = user_error(
    FailureCode.TASK_ENDED,
    "The task was ended because its node was removed, disabled or restarted with option Terminate. "
    "Reactivate it to run it again.",
)


class Tries(msgspec.Struct, frozen=True, gc=False):
    """How often the task was tried again before this attempt, and how often it may be."""

    retries: int = 0
    max_retries: int = 0
    """Allowed beyond the first try; -1 is unlimited."""
    refusals: int = 0
    """Attempts that nodes turned away, one after the other, up to this one."""
    max_refusals: int = UNLIMITED


def accept(exit_: Exit) -> Verdict:
    """Book a success: it stands, whatever was wanted meanwhile and however often the task was tried."""
    return _final(Ledger.SUCCESS, exit_, None)


def decide(exit_: Exit, wishes: Wishes, tries: Tries) -> Verdict:
    """Book an ended attempt."""
    match exit_.ending:
        case Ending.SUCCESS:
            return accept(exit_)
        case Ending.PREPROCESSING | Ending.WALL_CLOCK | Ending.FILE_UPLOAD:
            return _final(Ledger.FAILURE, exit_, exit_.failure)
        case Ending.NONZERO if not wishes.ended:
            if tries.max_retries == UNLIMITED or tries.retries < tries.max_retries:
                return _final(Ledger.RETRY, exit_, None)
            return _final(Ledger.FAILURE, exit_, exit_.failure)
    if wishes.ended_by_user:
        return _final(Ledger.FAILURE, exit_, ENDED_BY_USER)
    if wishes.ended:
        return _final(Ledger.FAILURE, exit_, ENDED_WITH_NODE)
    if wishes.job_disabled:
        return Verdict(Ledger.REQUEUE, message="The job was disabled; the task runs again once it is enabled.")
    if wishes.displaced:
        text = f"The task gave way to a task of job {wishes.displaced}, which goes first; it runs again."
        return Verdict(Ledger.REQUEUE, message=text)
    if wishes.drained is Fate.REQUEUED:
        return Verdict(Ledger.REQUEUE, message="The node was removed, disabled or restarted; the task runs again.")
    if wishes.node_lost:
        return Verdict(Ledger.RECOVERY, message="The node was lost; the task runs again elsewhere.")
    if exit_.ending is Ending.REFUSED and UNLIMITED != tries.max_refusals <= tries.refusals + 1:
        return _final(Ledger.FAILURE, exit_, _refused_too_often(exit_, tries.refusals + 1))
    return Verdict(
        Ledger.RECOVERY,
        message=f"{exit_.message or 'The task was ended from outside, by nobody known.'} It runs again.",
        refused=exit_.ending is Ending.REFUSED,
    )


def _refused_too_often(exit_: Exit, times: int) -> Failure:
    text = (
        f"No node took the task, {times} times in a row. The last time: {exit_.message} "
        "Look at the hosts, then submit the task again."
    )
    return user_error(FailureCode.MAX_INTERNAL_RETRY_COUNT_REACHED, text)


def why_not_reactivated(state: TaskState, result: str | None, job: JobState) -> TaskReason | None:
    """The code under which a task cannot be run again (reference §3.6), or None when it can."""
    if (over := why_no_more(job)) is not None:
        return over
    if state is not TaskState.COMPLETED:
        return TaskReason.TASK_NOT_COMPLETED
    return TaskReason.TASK_SUCCEEDED if result == TaskResult.SUCCESS else None


GIVEN_UP = Exit(Ending.INTERRUPTED)
"""The exit of an attempt whose end nobody will see: its node is gone, or silent for too long."""


def _final(ledger: Ledger, exit_: Exit, failure: Failure | None) -> Verdict:
    return Verdict(ledger, exit_.exit_code, failure, exit_.start_time, exit_.end_time)
