"""`task subtasks` shows what a Task says of its instances."""

from __future__ import annotations

import json

import pytest

from .conftest import Shell

SETTINGS = {"numberOfInstances": 3, "coordinationCommandLine": "meet"}
ENDED = {"id": 1, "nodeName": "trio-a", "state": "Completed", "result": "Success", "exitCode": 0}
FAILED = {
    "id": 2,
    "nodeName": "trio-b",
    "state": "Completed",
    "result": "Failure",
    "exitCode": 3,
    "failure": {"category": "UserError", "code": "FailureExitCode", "message": "It exited with 3."},
}


@pytest.fixture
def trio(shell: Shell) -> Shell:
    spec = {"jobName": "j", "commandLine": "mpirun", "multiInstanceSettings": SETTINGS}
    shell.add("tasks", "mpi", spec, {"subtasks": [ENDED, FAILED]})
    shell.add("tasks", "waits", spec)
    shell.add("tasks", "plain", {"jobName": "j", "commandLine": "true"})
    return shell


def test_a_row_for_each_instance(trio: Shell) -> None:
    lines = trio("task", "subtasks", "mpi").stdout.splitlines()
    assert lines[1].split() == ["1", "trio-a", "Completed", "Success", "0"]
    assert lines[2].split() == ["2", "trio-b", "Completed", "Failure", "3", "It", "exited", "with", "3."]
    assert json.loads(trio("task", "subtasks", "mpi", "-o", "json").stdout) == [ENDED, FAILED]
    assert trio("task", "subtasks", "mpi", "-o", "name").stdout == "1\n2\n"


def test_what_is_said_where_there_is_nothing(trio: Shell) -> None:
    assert "has not started" in trio("task", "subtasks", "waits").stderr
    assert "is no multi-instance task" in trio("task", "subtasks", "plain").stderr


def test_the_page_of_the_task_tells_how_many(trio: Shell) -> None:
    line = next(line for line in trio("task", "show", "mpi").stdout.splitlines() if line.startswith("Instances"))
    assert line.split() == ["Instances:", "3"]
