"""Commands that ran: exit codes, signals, memory, time, what they wrote, and what the launcher could not start."""

from __future__ import annotations

from typing import Any

from millpond.api.reasons import FailureCode as Code
from millpond.lifecycle.tasks import Ledger, Tries

from support.builders import ended, exited
from support.failuretable.case import Case

OK, FAILED, RETRIED = Ledger.SUCCESS, Ledger.FAILURE, Ledger.RETRY
FULL = "The node directory is full: stdout.txt is missing its last 8192 bytes; the container log has them."
ONCE_MORE = Tries(max_retries=1)


def of_code(name: str, code: int, state: dict[str, Any] | None = None, *says: str, **more: Any) -> Case:
    """A command that ended by itself with a code that is not 0, and no retries left."""
    state = state or exited(code, message=f"The command ended with exit code {code}.")
    return Case(name, FAILED, Code.FAILURE_EXIT_CODE, code, state, says=says or (f"exit code {code}",), **more)


def killed_by(signal: int) -> dict[str, Any]:
    """The container of a command that a signal ended."""
    return exited(128 + signal, signal=signal, message=f"The command was ended by signal {signal} (…).")


def unstarted(name: str, code: Code, cause: str, exit_code: int, message: str, *says: str) -> Case:
    """A command that the launcher could not start: never tried again."""
    state = exited(exit_code, cause, message=message)
    return Case(name, FAILED, code, exit_code, state, says=says, tries=Tries(max_retries=-1))


SIGNALS = tuple(of_code(f"signal {n}", 128 + n, killed_by(n), f"signal {n} ") for n in range(1, 65))

COMMANDS = (
    Case("exit 0", OK, exit_code=0, state=exited(0)),
    Case("exit 0 with retries made", OK, exit_code=0, state=exited(0), tries=Tries(3, 3)),
    of_code("exit 1", 1),
    of_code("exit 2", 2),
    of_code("exit 3", 3),
    of_code("exit 42", 42),
    of_code("exit 124, as timeout(1) does", 124),
    of_code("exit 125, the launcher's own code", 125),
    of_code("exit 126 by the command itself", 126),
    of_code("exit 127 by the command itself", 127),
    of_code("exit 128", 128),
    of_code("exit 129 without a signal", 129),
    of_code("exit 192, beyond it no signal", 192),
    of_code("exit 193", 193),
    of_code("exit 254", 254),
    of_code("exit 255", 255),
    of_code("exit 1 of a command that was to be retried once", 1, tries=Tries(1, 1)),
    Case("exit 1 with a retry left", RETRIED, exit_code=1, state=exited(1), tries=ONCE_MORE),
    Case("exit 1 for the third time of three", RETRIED, exit_code=1, state=exited(1), tries=Tries(2, 3)),
    Case("exit 1 with retries without limit", RETRIED, exit_code=1, state=exited(1), tries=Tries(10_000, -1)),
    Case("killed by a signal with a retry left", RETRIED, exit_code=139, state=killed_by(11), tries=ONCE_MORE),
    # Memory
    of_code("out of memory", 137, exited(137, reason="OOMKilled"), "resources.limits.memory", "want of memory"),
    of_code("out of memory with the launcher", 137, ended(137, "OOMKilled"), "resources.limits.memory"),
    of_code("out of memory, then its Pod was deleted", 137, ended(137, "OOMKilled"), pod={"deleted": True}),
    of_code("a child out of memory, the command fails", 1, exited(1, reason="OOMKilled"), "A process of it", "memory"),
    Case("a child out of memory, the command succeeds", OK, exit_code=0, state=exited(0, reason="OOMKilled")),
    Case("out of memory with a retry left", RETRIED, exit_code=137, state=ended(137, "OOMKilled"), tries=ONCE_MORE),
    # No record
    Case("exit 0, the record found no room", OK, exit_code=0, state=ended(0)),
    of_code("exit 1, the record found no room", 1, ended(1)),
    of_code("the launcher killed from outside", 137, ended(137), "signal 9"),
    of_code("a termination message that is no record", 3, ended(3, message="oops")),
    of_code("a record that is cut", 3, ended(3, message='{"cause":')),
    of_code("a record of a later launcher", 3, ended(3, message='{"cause":"Bored"}')),
    of_code("a command line that the launcher does not know", 2, ended(2)),
    # Time
    *(
        Case(name, FAILED, Code.TASK_ENDED, code, state, pod, says=("maximum execution time", "maxWallClockSeconds"))
        for name, code, state, pod in (
            ("wall clock", 143, exited(143, "WallClock"), {}),
            ("wall clock, deaf to TERM", 137, exited(137, "WallClock"), {}),
            ("wall clock, took TERM well", 0, exited(0, "WallClock"), {}),
            ("a deadline on the Pod", 143, exited(143, "Terminated"), {"reason": "DeadlineExceeded"}),
            ("a deadline on the Pod, killed", 137, ended(137), {"reason": "DeadlineExceeded"}),
            ("a deadline before the start", None, None, {"phase": "Failed", "reason": "DeadlineExceeded"}),
        )
    ),
    Case("wall clock with retries left", FAILED, Code.TASK_ENDED, 143, exited(143, "WallClock"), tries=ONCE_MORE),
    Case("exit 0 at the deadline", OK, None, 0, exited(0), {"phase": "Failed", "reason": "DeadlineExceeded"}),
    # What the launcher cannot start
    unstarted("program not found", Code.COMMAND_PROGRAM_NOT_FOUND, "CommandNotFound", 127, 'The command "render" was not found in PATH (/bin) of the image.', "not found in PATH"),
    unstarted("path not found", Code.COMMAND_PROGRAM_NOT_FOUND, "CommandNotFound", 127, "The command /no/such does not exist in the image or the task's directory.", "does not exist"),
    unstarted("not executable", Code.COMMAND_LAUNCH_FAILED, "NotExecutable", 126, "The command /etc/passwd may not be executed by the task's user. Make it executable (chmod +x), or start it through its interpreter.", "may not be executed"),
    unstarted("a directory", Code.COMMAND_LAUNCH_FAILED, "NotExecutable", 126, "The command /etc is a directory. Name a program in it.", "is a directory"),
    unstarted("no permission on the way", Code.COMMAND_LAUNCH_FAILED, "NotExecutable", 126, "The command /opt/tool/run cannot be reached: the task's user may not search a directory on its path.", "cannot be reached"),
    unstarted("bad interpreter", Code.COMMAND_LAUNCH_FAILED, "NotExecutable", 126, "The command ./run exists, but the interpreter it needs (its #! line, or the dynamic loader of a program built for another image) does not. Use an image that has it.", "interpreter"),
    unstarted("wrong platform", Code.COMMAND_LAUNCH_FAILED, "NotExecutable", 126, "The command ./run is no program for this machine: it is built for another processor, or is a script without a #! line.", "no program for this machine"),
    unstarted("arguments too long", Code.COMMAND_LAUNCH_FAILED, "NotExecutable", 126, "The command sh was not started: its arguments and environment are too long.", "too long"),
    # The node directory
    unstarted("working directory is a file", Code.RESOURCE_DIRECTORY_CREATE_FAILED, "NodeDirectory", 125, "The task's directory cannot be used: cannot make /mnt/batch/tasks/workitems/j/job-1/t/wd: mkdir: not a directory. Check that the node directory is mounted and that the task's user may write there.", "directory cannot be used"),
    unstarted("node directory read-only", Code.RESOURCE_DIRECTORY_CREATE_FAILED, "NodeDirectory", 125, "The task's directory cannot be used: cannot make /mnt/batch/tasks/workitems: mkdir: read-only file system. Check that the node directory is mounted and that the task's user may write there.", "read-only"),
    unstarted("node directory of somebody else", Code.RESOURCE_DIRECTORY_CREATE_FAILED, "NodeDirectory", 125, "The task's directory cannot be used: cannot make /mnt/batch/tasks/workitems: mkdir: permission denied. Check that the node directory is mounted and that the task's user may write there.", "permission denied"),
    unstarted("disk full at the start", Code.DISK_FULL, "DiskFull", 125, "The task's directory cannot be used: cannot make /mnt/batch/tasks/workitems: mkdir: no space left on device. The node directory is full: shorten retentionSeconds or give the node more space.", "node directory is full"),
    of_code("disk full while it ran, the command fails", 1, exited(1, message=f"The command ended with exit code 1. {FULL}"), "node directory is full"),
    Case("disk full while it ran, the command succeeds", OK, None, 0, exited(0, message=FULL)),
    of_code("the image's root is read-only, the command fails", 1, exited(1, message="The command ended with exit code 1.")),
)  # fmt: skip
