"""What follows for the job and for dependent tasks from how a task ended (reference §2.17, §4.4, §4.7, §8.1).

Asked once, of a task that is completed: retries are over. Whether the job performs a job action is the job's to say.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache

import msgspec

from millpond.api.exit_conditions import DependencyAction, JobAction
from millpond.api.reasons import FailureCode
from millpond.api.views.task import ExitConditions, ExitOptions


class EndClass(Enum):
    """The classes of ends that exit conditions tell apart."""

    EXIT_CODE = auto()
    PRE_PROCESSING = auto()
    """The command was not started: an exit code, if there is one, is not the command's."""
    FILE_UPLOAD = auto()
    """The command ended with its exit code, and what it made was not uploaded."""
    OTHER = auto()
    """A user, the wall clock or the service ended it: its exit code says nothing of the command."""


class Reaction(msgspec.Struct, frozen=True, gc=False):
    """What follows from a task's end."""

    job_action: JobAction
    dependency_action: DependencyAction


class Call(msgspec.Struct, frozen=True, gc=False):
    """What a task's end asks of its job. Times: seconds since the epoch."""

    task: str
    job_action: JobAction
    ended: float
    created: float

    def concerns(self, job_created: float) -> bool:
        """Whether it is this job that is meant, and not one of the same name before it.

        A task that was there before the job may have ended under another. One that came later belongs to this one, even
        if its end, told by the clock of its host, seems to come first.
        """
        return max(self.ended, self.created) >= job_created


AFTER_SUCCESS = Reaction(JobAction.NONE, DependencyAction.SATISFY)
AFTER_FAILURE = Reaction(JobAction.TERMINATE, DependencyAction.BLOCK)


def class_of(failure_code: str | None) -> EndClass:
    """The class of an end, by the code of its failure; None for success."""
    match failure_code:
        case None | FailureCode.FAILURE_EXIT_CODE:
            return EndClass.EXIT_CODE
        case FailureCode.TASK_ENDED | "Unknown":
            return EndClass.OTHER
    return EndClass.FILE_UPLOAD if failure_code.startswith("FileUpload") else EndClass.PRE_PROCESSING


def react(conditions: ExitConditions | None, exit_code: int | None, failure_code: str | None) -> Reaction:
    """What follows from an end. A failure without a code is judged by its exit code."""
    usual = AFTER_SUCCESS if failure_code is None and not exit_code else AFTER_FAILURE
    if conditions is None:
        return usual
    options = _match(conditions, exit_code, failure_code)
    return usual if options is None else _with_defaults(options, usual)


@lru_cache(maxsize=64)
def _with_defaults(options: ExitOptions, usual: Reaction) -> Reaction:
    job_action, dependency_action = options.job_action, options.dependency_action
    return Reaction(
        JobAction(job_action) if job_action is not None else usual.job_action,
        DependencyAction(dependency_action) if dependency_action is not None else usual.dependency_action,
    )


def _match(conditions: ExitConditions, exit_code: int | None, failure_code: str | None) -> ExitOptions | None:
    """The options that fit: the exact code, the first range, the class of error, the default; None for none of them."""
    ended = class_of(failure_code)
    if exit_code is not None and ended in (EndClass.EXIT_CODE, EndClass.FILE_UPLOAD):
        for exact in conditions.exit_codes:
            if exact.code == exit_code:
                return exact.exit_options
        for span in conditions.exit_code_ranges:
            if span.start <= exit_code <= span.end:
                return span.exit_options
    if ended is EndClass.PRE_PROCESSING and conditions.pre_processing_error is not None:
        return conditions.pre_processing_error
    if ended is EndClass.FILE_UPLOAD and conditions.file_upload_error is not None:
        return conditions.file_upload_error
    if ended is EndClass.EXIT_CODE and not exit_code:
        return None
    return conditions.default
