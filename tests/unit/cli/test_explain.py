"""`explain task` folds the lists of a namespace and says what holds the task back."""

from __future__ import annotations

import json

import pytest

from .conftest import Shell

POOL = {"targetDedicatedNodes": 1, "taskSlotsPerNode": 2, "nodeTemplate": {"image": "debian:12"}}
IDLE = {
    "conditions": [{"type": "Ready", "status": "True", "reason": "Idle", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
    "state": "Idle",
    "hostName": "host-1",
    "slots": {"total": 2, "used": 0},
    "resources": {"cpu": "4", "memory": "8Gi"},
}


def task(shell: Shell, name: str, **spec: object) -> None:
    shell.add("tasks", name, {"jobName": "frames", "commandLine": "true"} | spec, {"state": "Active"})


@pytest.fixture
def farm(shell: Shell) -> Shell:
    shell.add("jobs", "frames", {"poolName": "render"})
    task(shell, "one")
    return shell


def test_from_no_pool_to_a_free_place(farm: Shell) -> None:
    assert farm("explain", "task", "one", "-o", "name").stdout == "PoolNotFound\n"
    farm.add("pools", "render", POOL)
    assert farm("explain", "task", "one", "-o", "name").stdout == "NoNodes\n"
    farm.add("computenodes", "render-a", {"poolName": "render"}, IDLE | {"state": "Starting", "conditions": []})
    assert farm("explain", "task", "one", "-o", "name").stdout == "NodesNotReady\n"
    farm.set_status("computenodes", "render-a", IDLE)
    assert farm("explain", "task", "one", "-o", "name").stdout == "NextInLine\n"


def test_words(farm: Shell) -> None:
    farm.add("pools", "render", POOL)
    task(farm, "wide", requiredSlots=3)
    assert farm("explain", "task", "wide").stdout.splitlines() == [
        "Task wide of job frames is Active.",
        "",
        "✗ TooManySlots",
        "  requiredSlots is 3, but nodes of pool render have 2.",
        "  → Lower requiredSlots in a new task, or use a pool with more taskSlotsPerNode.",
    ]


def test_json(farm: Shell) -> None:
    told = json.loads(farm("explain", "task", "one", "-o", "json").stdout)
    assert (told["task"], told["state"]) == ("one", "Active")
    assert told["findings"][0]["reason"] == "PoolNotFound"
    assert told["findings"][0]["blocks"] is True


def test_an_unknown_task(farm: Shell) -> None:
    done = farm("explain", "task", "on")
    assert done.exit_code == 1
    assert "Did you mean one?" in done.stderr


def ran(shell: Shell, name: str, seconds: int) -> None:
    times = {"startTime": "2026-01-01T00:00:00Z", "endTime": f"2026-01-01T00:00:{seconds:02}Z"}
    status = {"state": "Completed", "result": "Success", "attempt": 1} | times
    shell.add("tasks", name, {"jobName": "frames", "commandLine": "true"}, status)


def test_the_start_is_told_where_it_can_be(farm: Shell) -> None:
    farm.add("pools", "render", POOL)
    farm.add("computenodes", "render-a", {"poolName": "render"}, IDLE)
    assert "unknown, as only 0 of the pool's tasks have run" in farm("explain", "task", "one").stdout
    for number in range(8):
        ran(farm, f"past-{number}", 30)
        task(farm, f"before-{number}", requiredSlots=1)
    told = farm("explain", "task", "one").stdout.splitlines()
    assert told[-1] == (
        "The next start is expected in about 2m, as tasks ran lately, unless others come that go first."
    )
    start = json.loads(farm("explain", "task", "one", "-o", "json").stdout)["start"]
    assert (start["earliest"], start["latest"]) == (120.0, 120.0)
    assert "start" not in json.loads(farm("explain", "task", "past-0", "-o", "json").stdout)


def test_a_job(farm: Shell) -> None:
    assert farm("explain", "job", "frames", "-o", "name").stdout == "PoolNotFound\n"
    farm.add("pools", "render", POOL)
    problem = {"type": "Scheduled", "status": "False", "reason": "TooManySlots", "message": "requiredSlots is 9."}
    for name in ("wide", "wider"):
        farm.add(
            "tasks", name, {"jobName": "frames", "commandLine": "true", "requiredSlots": 9}, {"conditions": [problem]}
        )
    assert farm("explain", "job", "frames").stdout.splitlines() == [
        "Job frames is Active: of its 3 tasks 0 run and 3 wait.",
        "",
        "✗ TooManySlots",
        "  2 of its tasks are held back, wide for one: requiredSlots is 9.",
        "  → millpond explain task wide",
        "",
        "✗ NoNodes",
        "  Pool render wants 1 nodes and has none yet.",
        "  → millpond pool show render",
    ]
    told = json.loads(farm("explain", "job", "frames", "-o", "json").stdout)
    assert [finding["reason"] for finding in told["findings"]] == ["TooManySlots", "NoNodes"]


def test_an_unknown_job(farm: Shell) -> None:
    done = farm("explain", "job", "frame")
    assert done.exit_code == 1
    assert "Did you mean frames?" in done.stderr
