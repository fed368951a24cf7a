"""How a job's preparation or release task is doing on a node, by its Pod (reference §2.12, §2.13)."""

from __future__ import annotations

from millpond.api.views.pod import PodView
from millpond.lifecycle.exits import TASK_CONTAINER, Ending, judge_ended
from millpond.lifecycle.run import Run, RunState, completed_run
from millpond.lifecycle.waits import judge_waiting


def observe_run(pod: PodView, waited: float, image_limit: float, startup_limit: float) -> Run:
    """The run that a Pod is. All times are seconds since its creation.

    One that does not start in its time has failed, for as long as it does not start after all.
    """
    exit_ = judge_ended(pod) if pod.terminal else judge_waiting(pod, waited, image_limit, startup_limit)
    if exit_ is None:
        state = pod.container(TASK_CONTAINER)
        return Run(start_time=state.running.started_at if state and state.running else None)
    if exit_.ending in (Ending.INTERRUPTED, Ending.REFUSED):
        return Run(RunState.LOST)
    return completed_run(exit_, exit_.failure)
