"""Pages of single objects: the reason and the next step are on them."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.cli.pages import page

NOW = 1_795_543_200.0


def document(spec: dict[str, Any], **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "x", "namespace": "team"}, "spec": spec, "status": status}


def condition(kind: str, status: str, reason: str, message: str = "Because.") -> dict[str, str]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-11-24T17:59:00Z",
    }


def test_a_failed_task_in_full() -> None:
    failure = {"category": "UserError", "code": "FailureExitCode", "message": "It exited with 3."}
    task = document(
        {"jobName": "frames", "commandLine": "false"},
        state="Completed",
        result="Failure",
        exitCode=3,
        failure=failure,
        attempt=2,
        retryCount=1,
        nodeName="render-a",
        podName="x-2",
        startTime="2026-11-24T17:58:00Z",
        endTime="2026-11-24T17:59:00Z",
        conditions=[condition("Complete", "True", "TaskFailed", "It exited with 3.")],
    )
    assert page("task", task, NOW) == [
        "Name:           x",
        "Namespace:      team",
        "Job:            frames",
        "Command:        false",
        "Slots:          1",
        "State:          Completed",
        "Result:         Failure",
        "Exit code:      3",
        "Failure:        FailureExitCode (UserError)",
        "Because:        It exited with 3.",
        "Attempt:        2",
        "Retries:        1",
        "Node:           render-a",
        "Pod:            x-2",
        "Started:        2026-11-24T17:58:00Z (2m ago)",
        "Ended:          2026-11-24T17:59:00Z (60s ago)",
        "Took:           60s",
        "",
        "Conditions:",
        "  Complete=True (TaskFailed, 60s)",
        "    It exited with 3.",
        "",
        "Next:           millpond task stderr x",
    ]


NEXT: dict[str, tuple[str, dict[str, Any], str]] = {
    "task succeeded": (
        "task",
        document({}, state="Completed", result="Success", nodeName="n"),
        "millpond task stdout x",
    ),
    "task runs": ("task", document({}, state="Running"), "millpond task stdout -f x"),
    "task waits": ("task", document({}, state="Active"), "millpond explain task x"),
    "task is new": ("task", document({}), "millpond explain task x"),
    "job runs": ("job", document({}, state="Active"), "millpond job watch x"),
    "job has failures": (
        "job",
        document({}, state="Completed", taskCounts={"failed": 1}),
        "millpond task list --job x --result Failure -o wide",
    ),
    "job is done": ("job", document({}, state="Completed"), ""),
    "start task failed": (
        "node",
        document({}, state="StartTaskFailed", startTask={"state": "Completed", "exitCode": 1}),
        "millpond node files get x 'startup/*.txt'",
    ),
    "node is well": ("node", document({}, state="Idle"), ""),
    "node is disabled": ("node", document({"schedulable": False}, state="Offline"), "millpond node enable x"),
    "node is behind its pool": ("node", document({}, state="Idle", outdated=True), "millpond node reboot x"),
    "pool is not ready": (
        "pool",
        document({}, conditions=[condition("Ready", "False", "NodesStarting")]),
        "millpond node list --pool x -o wide",
    ),
    "pool is ready": ("pool", document({}, conditions=[condition("Ready", "True", "NodesReady")]), ""),
}


@pytest.mark.parametrize("case", NEXT)
def test_the_next_step(case: str) -> None:
    noun, shown, step = NEXT[case]
    last = page(noun, shown, NOW)[-1]
    assert last.removeprefix("Next:").strip() == step if step else not last.startswith("Next:")


def test_an_object_that_nobody_looked_at_says_so() -> None:
    lines = page("pool", {"metadata": {"name": "x", "namespace": "team"}, "spec": {}}, NOW)
    assert lines[-1] == "Nothing has looked at it yet: is the Millpond operator running?"


def test_a_pool_with_a_formula_shows_its_last_run_and_a_fault_with_its_place() -> None:
    run = {"time": "2026-11-24T10:00:00Z", "results": "$TargetDedicatedNodes=2"}
    said = condition("AutoscaleSucceeded", "False", "AutoScalingFormulaSyntaxError", "Line 1\n    a = (\n         ^")
    lines = page("pool", document({}, autoScaleRun=run, conditions=[said]), NOW)
    assert "Evaluated:      2026-11-24T10:00:00Z" in lines
    assert "Results:        $TargetDedicatedNodes=2" in lines
    first = lines.index("    Line 1")
    assert lines[first + 1 : first + 3] == ["        a = (", "             ^"]


def test_a_task_says_what_it_depends_on_and_where_it_would_best_run() -> None:
    needs = {"taskIds": ["prep"], "taskIdRanges": [{"start": 1, "end": 41}]}
    lines = page("task", document({"jobName": "j", "dependsOn": needs, "affinity": {"taskName": "prep"}}), NOW)
    assert "Depends on:     prep, 1 to 41" in lines
    assert "Best run on:    the node of task prep" in lines
    assert "Best run on:    lab-a" in page("task", document({"jobName": "j", "affinity": {"nodeName": "lab-a"}}), NOW)


def test_a_job_says_what_slots_its_tasks_require_where_that_is_more_than_one_each() -> None:
    counts = {"active": 2, "running": 1, "succeeded": 1, "failed": 1, "completed": 2}
    lines = page("job", document({}, taskCounts=counts, taskSlotCounts=counts | {"active": 6}), NOW)
    assert "Tasks:          2 active, 1 running, 1 succeeded, 1 failed" in lines
    assert "Slots:          6 active, 1 running, 1 succeeded, 1 failed" in lines
    plain = page("job", document({}, taskCounts=counts, taskSlotCounts=counts), NOW)
    assert not any(line.startswith("Slots:") for line in plain)


def test_a_node_says_what_it_ran_and_when_it_started() -> None:
    recent = [{"jobName": "j", "taskName": name, "result": "Success"} for name in ("b", "a")]
    lines = page("node", document({}, state="Idle", recentTasks=recent, lastBootTime="2026-01-01T00:00:00Z"), NOW)
    assert "Recent tasks:   b Success, a Success" in lines
    assert any(line.startswith("Started:        2026-01-01T00:00:00Z (") for line in lines)
    assert not any(line.startswith("Outdated:") for line in lines)
