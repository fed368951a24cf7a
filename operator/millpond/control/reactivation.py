"""Running a failed task again because a user asks for it; what cannot be done is said, and not tried again."""

from __future__ import annotations

from millpond.api.reasons import TaskReason, TaskState
from millpond.api.times import format_time
from millpond.control.actions import AnyAction, Event
from millpond.control.fold_dependencies import conclude, follow
from millpond.control.fold_tasks import settle_into_queue
from millpond.control.records import TaskRecord
from millpond.control.task_patch import ConditionPatch, TaskStatusPatch
from millpond.control.verdicts import write_task
from millpond.lifecycle.tasks import why_not_reactivated

AGAIN = "A user reactivated the task; it runs again."
WHY_NOT = {
    TaskReason.TASK_NOT_COMPLETED: "it has not ended yet",
    TaskReason.TASK_SUCCEEDED: "it succeeded",
    TaskReason.JOB_BEING_TERMINATED: "its job is ending",
    TaskReason.JOB_COMPLETED: "its job has ended",
    TaskReason.JOB_BEING_DELETED: "its job is being deleted",
}


def serve_reactivation(task: TaskRecord, now: float, actions: list[AnyAction]) -> bool:
    """Serve `spec.reactivatedAt`, once. True when that is being written; the rest is judged afterwards."""
    if task.reactivate is None or task.job.model is None:
        return False
    served = {"reactivatedAt": task.reactivate}
    code = why_not_reactivated(task.state, task.result, task.job.state)
    task.reactivate = None
    if code is not None:
        event = Event(code, f"The task cannot be reactivated: {WHY_NOT[code]}.", "Warning")
        write_task(task, TaskStatusPatch(served=served), actions, (event,))
        return True
    task.retry_count = task.refusals = 0
    task.backoff = task.not_before = 0.0
    write_task(task, _as_new(format_time(now), served), actions, (Event(TaskReason.REACTIVATED, AGAIN),))
    task.job.pool.count(task, TaskState.ACTIVE, None)
    task.settled = task.written
    conclude(task, None)
    follow(task)
    settle_into_queue(task)
    return True


def _as_new(at: str, served: dict[str, str]) -> TaskStatusPatch:
    return TaskStatusPatch(
        conditions=(
            ConditionPatch("Complete", "False", TaskReason.REACTIVATED, AGAIN, at),
            ConditionPatch("Succeeded", "Unknown", TaskReason.REACTIVATED, AGAIN, at),
        ),
        state=TaskState.ACTIVE,
        node_name=None,
        node_end=None,
        pod_name=None,
        start_time=None,
        end_time=None,
        exit_code=None,
        result=None,
        failure=None,
        subtasks=(),
        retry_count=0,
        last_retry_time=None,
        served=served,
    )
