"""Commands that change what is wanted of jobs and tasks."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import SPACE, Shell


@pytest.fixture
def cluster(shell: Shell) -> Shell:
    shell.add("jobs", "frames", {"poolName": "render"})
    shell.add("tasks", "frame-1", {"jobName": "frames", "commandLine": "true"})
    return shell


def spec(shell: Shell, plural: str, name: str) -> dict[str, Any]:
    wanted: dict[str, Any] = shell.verbs.get(plural, SPACE, name)["spec"]
    return {field: wanted[field] for field in wanted if field not in ("poolName", "jobName", "commandLine")}


EDITS: list[tuple[str, dict[str, Any]]] = [
    ("job disable frames", {"desiredState": "Disabled", "disableTasks": "Requeue"}),
    ("job disable frames --tasks wait", {"desiredState": "Disabled", "disableTasks": "Wait"}),
    ("job terminate frames", {"desiredState": "Terminated"}),
    (
        "job terminate frames --force --reason enough",
        {"desiredState": "Terminated", "terminateReason": "enough", "force": True},
    ),
    ("task terminate frame-1", {"desiredState": "Terminated"}),
]


@pytest.mark.parametrize(("line", "edit"), EDITS, ids=[line for line, _ in EDITS])
def test_what_a_command_writes(cluster: Shell, line: str, edit: dict[str, Any]) -> None:
    noun, verb, name, *options = line.split()
    done = cluster(noun, verb, name, *options)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"{noun} {name} is being {verb[:7]}")
    assert spec(cluster, f"{noun}s", name) == edit


def test_each_enable_bears_a_time_of_its_own(cluster: Shell) -> None:
    times = []
    for _ in range(2):
        assert cluster("job", "enable", "frames").exit_code == 0
        wanted = spec(cluster, "jobs", "frames")
        assert wanted["desiredState"] == "Active"
        times.append(wanted["enabledAt"])
    assert times[0] < times[1]


def test_reactivating(cluster: Shell) -> None:
    assert cluster("task", "terminate", "frame-1").exit_code == 0
    assert cluster("task", "reactivate", "frame-1").exit_code == 0
    wanted = spec(cluster, "tasks", "frame-1")
    assert (wanted["desiredState"], "reactivatedAt" in wanted) == ("Active", True)


@pytest.mark.parametrize(("noun", "plural", "name"), [("job", "jobs", "frames"), ("task", "tasks", "frame-1")])
def test_deleting(cluster: Shell, noun: str, plural: str, name: str) -> None:
    assert cluster(noun, "delete", name).stdout == f"{noun} {name} is being deleted\n"
    assert not [one for one in cluster.verbs.list(plural) if one["metadata"]["name"] == name]


def test_deleting_by_force_tells_the_job_first(cluster: Shell) -> None:
    cluster.verbs.merge_patch("jobs", SPACE, "frames", {"metadata": {"finalizers": ["millpond.dev/job"]}})
    for _ in range(2):
        assert cluster("job", "delete", "frames", "--force").stdout == "job frames is being deleted\n"
    job = cluster.verbs.get("jobs", SPACE, "frames")
    assert job["spec"]["force"]
    assert job["metadata"]["deletionTimestamp"]


def test_a_task_has_no_force(cluster: Shell) -> None:
    assert cluster("task", "delete", "frame-1", "--force").exit_code == 2


@pytest.mark.parametrize("verb", ["disable", "enable", "terminate", "delete"])
def test_a_name_that_does_not_exist(cluster: Shell, verb: str) -> None:
    done = cluster("job", verb, "frame")
    assert done.exit_code == 1
    assert "Did you mean frames?" in done.stderr
