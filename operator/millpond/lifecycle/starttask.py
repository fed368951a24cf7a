"""How a node's start task is doing, from the node Pod's containers (reference §2.8, §3.8)."""

from __future__ import annotations

from millpond.api.reasons import FailureCode
from millpond.api.views.pod import ContainerState, PodView
from millpond.lifecycle.exits import Ending, Exit, judge_ended
from millpond.lifecycle.failure import Failure, user_error
from millpond.lifecycle.fetching import fetch_failure
from millpond.lifecycle.pulls import NEVER, PERHAPS, pull_failure
from millpond.lifecycle.run import Run, RunState, completed_run

START_TASK_CONTAINER = "start-task"


def observe_start_task(pod: PodView) -> Run:
    """The start task of a node Pod that has one. However it ended, it has run: nobody makes it again by itself."""
    state = pod.container(START_TASK_CONTAINER)
    if state is not None and state.running is not None:
        return Run(RunState.RUNNING, start_time=state.running.started_at)
    if state is None or state.terminated is None:
        return Run(RunState.WAITING, failure=_of_image(state))
    exit_ = judge_ended(pod, START_TASK_CONTAINER)
    return completed_run(exit_, fetch_failure(pod) or _failure(exit_))


def _of_image(state: ContainerState | None) -> Failure | None:
    waiting = state.waiting if state is not None else None
    return pull_failure(waiting) if waiting is not None and waiting.reason in (*NEVER, *PERHAPS) else None


def _failure(exit_: Exit) -> Failure | None:
    # Its container ends with exit code 0 whatever the command did: only the launcher's record tells of success.
    if exit_.ending is Ending.PREPROCESSING or (exit_.ending is Ending.SUCCESS and exit_.retries is not None):
        return exit_.failure
    tries = f"{exit_.retries + 1} times" if exit_.retries else "once"
    why = exit_.failure.message if exit_.failure is not None else exit_.message or "It left no word of its end."
    message = (
        f"The start task was tried {tries}. {why} "
        "Read startup/stderr.txt on the node; mend the command, then reboot the node to try again."
    )
    return user_error(FailureCode.FAILURE_EXIT_CODE, message)
