"""`explain task` folds the lists of a namespace and says what holds the task back."""

from __future__ import annotations

import json

import pytest

from .conftest import Shell

POOL = {"targetDedicatedNodes": 1, "taskSlotsPerNode": 2, "nodeTemplate": {"image": "debian:12"}}
IDLE = {
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
    farm.add("computenodes", "render-a", {"poolName": "render"}, IDLE | {"state": "Starting"})
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
