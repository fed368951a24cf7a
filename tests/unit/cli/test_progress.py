"""A job's progress: tallies, trouble, and the verdict that ends the watching."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.cli.progress import Progress, counts_line


def job(state: str = "Active", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "frames"}, "spec": {"poolName": "render"} | spec, "status": {"state": state}}


def task(name: str, state: str = "Active", **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"jobName": "frames"}, "status": {"state": state} | status}


GOOD = {"state": "Completed", "result": "Success"}
BAD = {
    "state": "Completed",
    "result": "Failure",
    "failure": {"code": "FailureExitCode", "message": "It exited with 3."},
}


def progress(*tasks: dict[str, Any], of: dict[str, Any] | None = None) -> Progress:
    made = Progress("frames", of or job())
    made.replace(list(tasks))
    return made


def test_tallies_follow_tasks_through_their_lives() -> None:
    seen = progress(task("a"), task("b", "Preparing"), task("c", "Running", nodeName="n"))
    assert counts_line(seen) == "0/3 done, 1 running, 1 preparing, 1 waiting"
    seen.put(task("c", **GOOD))
    seen.put(task("b", **BAD))
    seen.put(task("b", **BAD))
    assert counts_line(seen) == "2/3 done, 1 failed, 1 waiting"
    assert [line.name for line in seen.failures] == ["b"]
    seen.replace([task("c", **GOOD)])
    assert counts_line(seen) == "1/1 done"
    assert not seen.running


SUCCEEDED = {"type": "Succeeded", "status": "True", "reason": "AllTasksSucceeded", "message": ""}


def completed(succeeded: bool | None) -> dict[str, Any]:
    ended = job("Completed")
    if succeeded is not None:
        ended["status"]["conditions"] = [SUCCEEDED | {"status": str(succeeded)}]
    return ended


VERDICTS: dict[str, tuple[Progress, bool, int | None]] = {
    "nothing yet": (progress(), False, None),
    "runs": (progress(task("a", "Running")), False, None),
    "all good": (progress(task("a", **GOOD)), False, 0),
    "one bad": (progress(task("a", **GOOD), task("b", **BAD)), False, 1),
    "all good and the job stays, but complete is wanted": (progress(task("a", **GOOD)), True, None),
    "all good and the job will end": (
        progress(task("a", **GOOD), of=job(onAllTasksComplete="TerminateJob")),
        False,
        None,
    ),
    "all ended and the job is ending": (progress(task("a", **BAD), of=job("Terminating")), False, None),
    "completed well": (progress(task("a", **GOOD), of=completed(True)), True, 0),
    "completed badly": (progress(task("a", **GOOD), of=completed(False)), True, 1),
    "completed, nobody says how, all good": (progress(task("a", **GOOD), of=completed(None)), True, 0),
    "completed, nobody says how, one never ran": (progress(task("a"), of=completed(None)), True, 1),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_verdicts(case: str) -> None:
    seen, until_complete, code = VERDICTS[case]
    assert seen.verdict(until_complete=until_complete) == code


def test_a_deleted_job_is_no_success() -> None:
    seen = progress(task("a", **GOOD))
    seen.job = None
    assert seen.verdict(until_complete=False) == 1


def test_trouble_is_told_while_nothing_runs() -> None:
    not_ready = {"type": "Ready", "status": "False", "message": "1 of 3 nodes can run tasks."}
    problem = {"type": "Scheduled", "status": "False", "message": "It needs 9 slots."}
    seen = progress(task("a", conditions=[problem]))
    assert [line.why for line in seen.stuck.values()] == ["It needs 9 slots."]
    assert seen.trouble() == ""
    seen.pool = {"metadata": {"name": "render"}, "status": {"conditions": [not_ready]}}
    assert seen.trouble() == "Pool render: 1 of 3 nodes can run tasks."
    assert seen.job
    seen.job["status"]["conditions"] = [{"type": "Scheduled", "status": "False", "message": "There is no Pool render."}]
    assert seen.trouble() == "There is no Pool render."
    seen.put(task("b", "Running"))
    assert seen.trouble() == ""
