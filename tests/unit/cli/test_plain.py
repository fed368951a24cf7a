"""Progress for pipes: each piece of news once, in lines that read well."""

from __future__ import annotations

from millpond.cli.plain import MOST_FAILURES, PlainView, stamp

from .test_progress import BAD, GOOD, job, progress, task


def test_plain_lines_tell_news_once() -> None:
    said: list[str] = []
    view = PlainView(said.append)
    seen = progress()
    view.show(seen, 0)
    seen.replace([task("a"), task("b")])
    view.show(seen, 1)
    view.show(seen, 2)
    seen.put(task("a", **BAD))
    seen.put(task("b", "Running"))
    view.show(seen, 61)
    seen.put(task("b", **GOOD))
    seen.job = job("Completed") | {"status": {"state": "Completed", "terminateReason": "AllTasksComplete"}}
    view.close(seen, 3661)
    assert said == [
        " 0:00  Job frames is Active on pool render",
        " 0:01  0/2 done, 2 waiting",
        " 1:01  a failed: FailureExitCode: It exited with 3.",
        " 1:01  1/2 done, 1 failed, 1 running",
        "1:01:01  Job frames is Completed (AllTasksComplete)",
        "1:01:01  2/2 done, 1 failed",
    ]


def test_very_many_failures_are_counted_not_told() -> None:
    said: list[str] = []
    view = PlainView(said.append)
    seen = progress(*[task(f"t{number}", **BAD) for number in range(200)])
    view.show(seen, 0)
    view.show(seen, 1)
    assert sum("failed: " in line for line in said) == MOST_FAILURES
    assert sum("counted only" in line for line in said) == 1


def test_a_task_that_cannot_run_is_told_once() -> None:
    said: list[str] = []
    view = PlainView(said.append)
    problem = {"type": "Scheduled", "status": "False", "reason": "TooManySlots", "message": "It needs 9 slots."}
    seen = progress(task("a", conditions=[problem]), task("b", "Running"))
    view.show(seen, 0)
    view.show(seen, 1)
    assert said[1:] == [" 0:00  a cannot run: It needs 9 slots.", " 0:00  0/2 done, 1 running, 1 waiting"]


def test_stamps() -> None:
    assert [stamp(seconds) for seconds in (0, 59.9, 60, 3600)] == [" 0:00", " 0:59", " 1:00", "1:00:00"]
