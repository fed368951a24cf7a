"""What the upload of a task's output files adds to how its attempt ended (reference §4.5, §7.4, §8.1).

The container that uploads works when the command has ended, and has the last word: its exit code is 0, or its message
says in a code and a sentence what went wrong. Without its word nothing is known of the files.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from millpond.api.reasons import FailureCategory, FailureCode
from millpond.api.views.pod import ContainerState, PodView, Terminated
from millpond.lifecycle.exits import TASK_CONTAINER, Ending, Exit, judge_ended
from millpond.lifecycle.failure import Failure, server_error
from millpond.lifecycle.kubelet import LOST, ran_out_of_memory, sentence, was_stopped, why_stopped
from millpond.lifecycle.record import LauncherRecord

UPLOAD_CONTAINER = "upload"
LONGEST_MESSAGE = 600
"""Characters; what is written in fileuploaderr.txt is whole."""
UPLOADED = (Ending.SUCCESS, Ending.NONZERO, Ending.WALL_CLOCK)
"""Ends of commands that ran and were not called off: only after these anything is uploaded."""

CATEGORIES = {
    FailureCode.FILE_UPLOAD_CONTAINER_NOT_FOUND: FailureCategory.USER_ERROR,
    FailureCode.FILE_UPLOAD_ACCESS_DENIED: FailureCategory.USER_ERROR,
    FailureCode.FILE_UPLOAD_CONFLICT: FailureCategory.SERVER_ERROR,
    FailureCode.FILE_UPLOAD_TIMED_OUT: FailureCategory.SERVER_ERROR,
    FailureCode.FILE_UPLOAD_MISC_ERROR: FailureCategory.SERVER_ERROR,
}


NOTHING: frozenset[str] = frozenset()
SUCCEEDED = frozenset({"TaskSuccess", "TaskCompletion"})
FAILED = frozenset({"TaskFailure", "TaskCompletion"})


def conditions_met(record: LauncherRecord | None, run: str, *, begun: bool) -> frozenset[str]:
    """The upload conditions that the end of a run meets, by the record in the task's directory (reference §7.4).

    `begun` says whether that directory shows that a command was started. None are met where no command ran, and where
    the run was told to end: by its user, or because it is to run again.
    """
    if record is None:
        # Killed together with its launcher, as for want of memory.
        return FAILED if begun else NOTHING
    if record.name != run:
        # An earlier run's, which the launcher of this one would have removed.
        return NOTHING
    match record.cause:
        case "Exited":
            return FAILED if record.exit_code else SUCCEEDED
        case "WallClock":
            return FAILED
        case _:
            return NOTHING


class UploadReport(msgspec.Struct, frozen=True, gc=False):
    """The last word of an upload that failed, as its container's termination message."""

    code: FailureCode
    message: str

    def encode(self) -> bytes:
        """As a termination message, of bounded length."""
        return msgspec.json.encode(replace(self, message=self.message[:LONGEST_MESSAGE]))


_decode = msgspec.json.Decoder(UploadReport).decode


def judge_attempt(pod: PodView) -> Exit:
    """The end of a task's Pod in a terminal phase: its command's, or that of the upload after it."""
    exit_, state = judge_ended(pod), _upload(pod)
    if state is None or exit_.ending not in UPLOADED:
        return exit_
    ended = state.terminated
    if ended is not None and ended.exit_code == 0 and ended.reason not in LOST:
        return exit_
    failure = _told(ended)
    if exit_.failure is not None and exit_.ending is Ending.WALL_CLOCK:
        # The limit is what ended the task, and its message says what else it cost.
        why = (failure or _untold(state)).message
        return replace(exit_, failure=replace(exit_.failure, message=f"{exit_.failure.message} {why}"))
    if failure is None and (why := _why_lost(pod, state)):
        # An exit code that is no success stands, whatever was lost after it.
        return (
            exit_
            if exit_.ending is Ending.NONZERO
            else replace(exit_, ending=Ending.INTERRUPTED, failure=None, message=why)
        )
    return replace(exit_, ending=Ending.FILE_UPLOAD, failure=failure or _untold(state))


def uploads(pod: PodView) -> bool:
    """True while the command has ended and its output files are being uploaded."""
    task, state = pod.container(TASK_CONTAINER), _upload(pod)
    return task is not None and task.terminated is not None and state is not None and state.running is not None


def _upload(pod: PodView) -> ContainerState | None:
    """The container that uploads; most Pods have none."""
    return pod.container(UPLOAD_CONTAINER) if pod.status.init_container_statuses else None


def _told(ended: Terminated | None) -> Failure | None:
    """The failure that the container reported; None where it left no word."""
    if ended is None or not ended.message.startswith("{"):
        return None
    try:
        report = _decode(ended.message)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
    category = CATEGORIES.get(report.code)
    return Failure(category, report.code, sentence(report.message)) if category is not None else None


def _why_lost(pod: PodView, state: ContainerState) -> str:
    """Who took the upload away before its end, in a sentence; "" where it came to its own."""
    ended = state.terminated
    if state.running is not None or (ended is not None and ended.reason in LOST):
        return "The node was lost while it uploaded the task's output files."
    if was_stopped(pod):
        return f"The upload of the task's output files was cut short. {why_stopped(pod)}"
    return ""


def _untold(state: ContainerState) -> Failure:
    ended = state.terminated
    if ended is None:
        why = f"its container did not run ({state.waiting.reason if state.waiting else 'unknown'})"
    elif ran_out_of_memory(ended):
        why = "its container was killed for want of memory"
    else:
        why = f"its container ended without a word, with exit code {ended.exit_code}"
    text = f"The output files were not uploaded: {why}. Read fileuploaderr.txt in the task's directory."
    return server_error(FailureCode.FILE_UPLOAD_MISC_ERROR, text)
