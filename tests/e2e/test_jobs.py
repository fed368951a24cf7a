"""The life of a job on real kubelets: order, ends, and waiting for a pool."""

from __future__ import annotations

from datetime import UTC, datetime

from support.installation import Space
from support.live import Document, condition


def test_tasks_go_by_the_priority_of_their_jobs(shared: Space) -> None:
    """One slot is left free while the tasks are handed in, so that they go one after another."""
    shared.job("fill", "shared")
    for number in range(3):
        shared.task(f"fill-{number}", "fill", "sleep 300")
    shared.live.until("tasks", shared.name, lambda tasks: filled(tasks) == 3, "three slots are filled")
    shared.task("gate", "fill", "sleep 3")
    shared.until_state("tasks", "gate", "Running")
    for name, priority in (("low", -5), ("high", 5), ("middle", 0)):
        shared.job(name, "shared", priority=priority, onAllTasksComplete="TerminateJob")
        for number in range(2):
            shared.task(f"{name}-{number}", name, "true")
    ends = {}
    for name in ("high", "middle", "low"):
        shared.until_state("jobs", name, "Completed")
        ends[name] = [shared.completed(f"{name}-{number}") for number in range(2)]
    starts = [status["startTime"] for name in ("high", "middle", "low") for status in ends[name]]
    assert starts == sorted(starts)
    shared.live.delete("jobs", shared.name, "fill")
    shared.live.until("tasks", shared.name, lambda tasks: filled(tasks) == 0, "the job took its tasks along")


def filled(tasks: dict[str, Document]) -> int:
    own = [task for task in tasks.values() if task["metadata"]["name"].startswith("fill-")]
    return sum(task.get("status", {}).get("state", "Active") == "Running" or not task for task in own)


def test_a_job_ends_with_its_last_task_and_tells_how_they_went(shared: Space) -> None:
    shared.job("mixed", "shared", onAllTasksComplete="TerminateJob")
    for number in range(3):
        shared.task(f"mixed-{number}", "mixed", f"exit {number // 2}")
    status = shared.until_state("jobs", "mixed", "Completed")["status"]
    counts = {name: count for name, count in status["taskCounts"].items() if count}
    assert counts == {"succeeded": 2, "failed": 1, "completed": 3}
    assert status["terminateReason"] == "AllTasksComplete"
    succeeded = condition({"status": status}, "Succeeded")
    assert (succeeded["status"], succeeded["reason"]) == ("False", "TasksFailed")
    assert "AllTasksComplete" in shared.until_event("mixed", "JobCompleted")


def test_an_empty_job_ends_after_its_grace(shared: Space) -> None:
    shared.job("empty", "shared", onAllTasksComplete="TerminateJob")
    assert shared.until_state("jobs", "empty", "Completed")["status"]["terminateReason"] == "AllTasksComplete"


def test_a_job_is_ended_by_its_wall_clock_and_by_its_user(shared: Space) -> None:
    shared.job("short", "shared", constraints={"maxWallClockSeconds": 4})
    shared.job("stopped", "shared")
    for name in ("short", "stopped"):
        shared.task(f"{name}-task", name, "sleep 300")
        shared.until_state("tasks", f"{name}-task", "Running")
    wish = {"desiredState": "Terminated", "terminateReason": "no longer needed"}
    shared.live.patch("jobs", shared.name, "stopped", {"spec": wish})
    for name, reason in (("short", "MaxWallClockTimeExpiry"), ("stopped", "no longer needed")):
        assert shared.until_state("jobs", name, "Completed")["status"]["terminateReason"] == reason
        status = shared.completed(f"{name}-task")
        assert (status["result"], status["failure"]["code"]) == ("Failure", "TaskEnded")


def test_a_schedule_makes_three_jobs_that_run_their_tasks(shared: Space) -> None:
    """A due time that is moved on is another one, so that no minute has to pass between two jobs."""
    template = {
        "spec": {"poolName": "shared", "onAllTasksComplete": "TerminateJob"},
        "tasks": [{"metadata": {"name": name}, "spec": {"commandLine": "true"}} for name in ("one", "two")],
    }
    for number in (1, 2, 3):
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        shared.schedule("again", {"doNotRunUntil": now}, template)
        ended = shared.until_state("jobs", f"again-{number}", "Completed")
        assert ended["status"]["taskCounts"]["succeeded"] == 2
        assert ended["metadata"]["annotations"]["millpond.dev/due-time"] == now
        told = shared.until_state("jobschedules", "again", "Completed")["status"]
        assert (told["jobsCreated"], told["recentJobName"]) == (number, f"again-{number}")
    assert "again-3" in shared.millpond("schedule", "show", "again")
    shared.live.delete("jobschedules", shared.name, "again")
    shared.until_gone("jobschedules", "again")
    assert not [name for name in names(shared, "jobs") + names(shared, "tasks") if name.startswith("again")]


def names(space: Space, plural: str) -> list[str]:
    return [one["metadata"]["name"] for one in space.live.all(plural, space.name)]


def test_a_deleted_job_stops_what_runs_and_takes_all_its_tasks_along(shared: Space) -> None:
    shared.job("doomed", "shared")
    for number in range(3):
        shared.task(f"doomed-{number}", "doomed", 'trap "" TERM; sleep 300')
    shared.until_state("tasks", "doomed-0", "Running")
    shared.live.delete("jobs", shared.name, "doomed")
    told = shared.until_told("jobs", "doomed", "Complete", "Deleting")
    assert told["status"] == "False"
    shared.until_gone("jobs", "doomed")
    assert not [one for one in shared.live.all("tasks", shared.name) if one["spec"]["jobName"] == "doomed"]
    shared.live.until(
        "pods", shared.name, lambda pods: not [p for p in pods if p.startswith("doomed")], "no Pod is left"
    )
