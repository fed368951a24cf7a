"""Following what a task writes, from before its start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from millpond.cli import streams

from .conftest import Shell

DIRECTORY = "workitems/frames/job-1/frame"


@pytest.fixture
def waiting(shell: Shell, node_directory: Path) -> Shell:
    directory = node_directory / DIRECTORY
    directory.mkdir(parents=True)
    (directory / "stdout.txt").write_text("hello\n")
    (directory / "exit.json").write_text("{}")
    shell.add("tasks", "frame", {"jobName": "frames", "commandLine": "true"}, {"state": "Active"})
    shell.add("computenodes", "render-a", {"poolName": "render"}, {"podName": "render-a", "hostName": "host-1"})
    return shell


def test_without_follow_a_waiting_task_has_nothing(waiting: Shell) -> None:
    assert waiting("task", "stdout", "frame").exit_code == 1


def test_follow_waits_for_the_task_to_start(waiting: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task starts when its reader has said that it waits."""
    told: list[str] = []

    def echo(line: str, err: bool = False) -> None:
        told.append(line)
        assert err
        waiting.set_status("tasks", "frame", {"state": "Running", "nodeName": "render-a", "directory": DIRECTORY})

    monkeypatch.setattr(streams.click, "echo", echo)
    done = waiting("task", "stdout", "--follow", "frame")
    assert told == ["Task frame has not started; waiting. Why: millpond explain task frame"]
    assert (done.exit_code, done.stdout) == (0, "hello\n")


@pytest.mark.parametrize("state", ["gone", "ended"])
def test_follow_ends_with_a_task_that_never_runs(waiting: Shell, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    def echo(*_: Any, **__: Any) -> None:
        if state == "gone":
            waiting.verbs.delete("tasks", "team", "frame")
        else:
            waiting.set_status("tasks", "frame", {"state": "Completed", "result": "Failure"})

    monkeypatch.setattr(streams.click, "echo", echo)
    assert waiting("task", "stdout", "-f", "frame").exit_code == 1
