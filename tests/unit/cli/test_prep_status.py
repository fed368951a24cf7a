"""`job prep-status` gathers what nodes say of a job."""

from __future__ import annotations

import json

import pytest

from .conftest import Shell

DONE = {"state": "Completed", "result": "Success", "exitCode": 0, "retryCount": 1}
FAILED = {
    "state": "Completed",
    "result": "Failure",
    "exitCode": 3,
    "failure": {"category": "UserError", "code": "FailureExitCode", "message": "It exited with 3."},
}


@pytest.fixture
def farm(shell: Shell) -> Shell:
    shell.add("jobs", "frames", {"poolName": "render", "jobPreparationTask": {"commandLine": "fetch"}})
    shell.add("jobs", "plain", {"poolName": "render"})
    return shell


def test_a_row_for_each_node(farm: Shell) -> None:
    other = {"jobName": "other", "preparation": FAILED}
    mine = {"jobName": "frames", "preparation": DONE, "release": {"state": "Running"}}
    farm.add("computenodes", "render-a", {"poolName": "render"}, {"jobs": [mine, other]})
    farm.add(
        "computenodes", "render-b", {"poolName": "render"}, {"jobs": [{"jobName": "frames", "preparation": FAILED}]}
    )
    farm.add("computenodes", "render-c", {"poolName": "render"}, {"jobs": [other]})
    lines = farm("job", "prep-status", "frames").stdout.splitlines()
    assert lines[1].split() == ["render-a", "Completed", "Success", "0", "1", "Running"]
    assert lines[2].split() == ["render-b", "Completed", "Failure", "3", "It", "exited", "with", "3."]
    assert len(lines) == 3
    told = json.loads(farm("job", "prep-status", "frames", "-o", "json").stdout)
    assert told[0] == {"nodeName": "render-a"} | mine
    assert farm("job", "prep-status", "frames", "-o", "name").stdout == "render-a\nrender-b\n"
    assert "other: failed (exit code 3)" in farm("node", "show", "render-a").stdout


def test_what_is_said_where_there_is_nothing(farm: Shell) -> None:
    assert "has not been prepared on any node yet" in farm("job", "prep-status", "frames").stderr
    assert "has no preparation task" in farm("job", "prep-status", "plain").stderr
    assert farm("job", "prep-status", "frame").exit_code == 1
