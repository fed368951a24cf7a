"""`job watch` on a model API server: piped lines, exit codes, and a job that changes while it is watched."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from millpond.cli import watch

from .conftest import Shell

GOOD = {"state": "Completed", "result": "Success"}
BAD = {"state": "Completed", "result": "Failure", "failure": {"code": "FailureExitCode", "message": "Exit 3."}}


@pytest.fixture
def job(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(watch, "PLAIN_SECONDS", 0.02)
    shell.add("jobs", "frames", {"poolName": "render"}, {"state": "Active"})
    return shell


def add_tasks(shell: Shell, *statuses: dict[str, Any]) -> None:
    for number, status in enumerate(statuses):
        shell.add("tasks", f"frame-{number}", {"jobName": "frames", "commandLine": "true"}, status)


@pytest.mark.parametrize(("last", "code"), [(GOOD, 0), (BAD, 1)])
def test_the_exit_code_is_the_job_s_success(job: Shell, last: dict[str, Any], code: int) -> None:
    add_tasks(job, GOOD, last)
    done = job("job", "watch", "frames")
    assert done.exit_code == code
    assert done.stdout.splitlines()[-1].split("  ")[1].startswith("2/2 done")
    assert done.stderr.startswith("Next: millpond task list --job frames")


def test_changes_are_followed_to_the_end(job: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job ends only once its watcher has told of the running task."""
    add_tasks(job, {"state": "Running", "nodeName": "render-a"})
    told: list[str] = []
    end_once = threading.Event()

    def echo(line: str, err: bool = False) -> None:
        told.append(line)
        if "1 running" in line and not end_once.is_set():
            end_once.set()
            job.set_status("tasks", "frame-0", GOOD)
            job.set_status("jobs", "frames", {"state": "Completed", "terminateReason": "AllTasksComplete"})

    monkeypatch.setattr(watch.click, "echo", echo)
    assert job("job", "watch", "frames", "--until", "complete").exit_code == 0
    assert [line.split("  ")[-1] for line in told[:2]] == ["Job frames is Active on pool render", "0/1 done, 1 running"]
    assert any("Job frames is Completed (AllTasksComplete)" in line for line in told)
    assert any("1/1 done" in line for line in told)


def test_an_unknown_job(job: Shell) -> None:
    done = job("job", "watch", "frame")
    assert done.exit_code == 1
    assert done.stderr == "Error: There is no job frame in namespace team.\nNext:  Did you mean frames?\n"
