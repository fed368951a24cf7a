"""Listing and showing: formats, filters, namespaces, and what is said when there is nothing."""

from __future__ import annotations

import json

import pytest
import yaml

from .conftest import Shell


@pytest.fixture
def farm(shell: Shell) -> Shell:
    shell.add("jobs", "frames", {"poolName": "render"}, {"state": "Active", "taskCounts": {"active": 1, "failed": 1}})
    shell.add("tasks", "frame-1", {"jobName": "frames", "commandLine": "true"}, {"state": "Active"})
    failed = {"state": "Completed", "result": "Failure", "exitCode": 3, "nodeName": "render-a"}
    shell.add("tasks", "frame-2", {"jobName": "frames", "commandLine": "false"}, failed)
    shell.add("tasks", "new", {"jobName": "new", "commandLine": "true"})
    shell.add("tasks", "other", {"jobName": "else", "commandLine": "true"}, {"state": "Active"})
    return shell


def test_a_list_is_a_table(farm: Shell) -> None:
    done = farm("task", "list")
    assert done.exit_code == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["NAME", "JOB", "STATE", "RESULT", "EXIT", "NODE", "RETRIES", "AGE"]
    assert [line[:3] for line in lines[1:]] == [
        ["frame-1", "frames", "Active"],
        ["frame-2", "frames", "Completed"],
        ["new", "new", "Active"],
        ["other", "else", "Active"],
    ]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["--job", "frames"], ["frame-1", "frame-2"]),
        (["--job", "frames", "--state", "Active"], ["frame-1"]),
        (["--result", "Failure"], ["frame-2"]),
        (["--node", "render-a"], ["frame-2"]),
        (["-A", "--job", "else"], ["other"]),
        (["--state", "Active"], ["frame-1", "new", "other"]),
        (["-n", "elsewhere"], []),
    ],
)
def test_filters_and_names(farm: Shell, filters: list[str], names: list[str]) -> None:
    done = farm("task", "ls", *filters, "-o", "name")
    assert done.stdout.split() == [f"task.millpond.dev/{name}" for name in names]


def test_json_and_yaml_are_what_the_server_has(farm: Shell) -> None:
    listed = json.loads(farm("task", "list", "-o", "json").stdout)
    assert (listed["kind"], [item["kind"] for item in listed["items"]]) == ("List", ["Task"] * 4)
    shown = yaml.safe_load(farm("task", "show", "frame-2", "-o", "yaml").stdout)
    assert shown == listed["items"][1]


def test_all_namespaces_are_named(farm: Shell) -> None:
    assert farm("job", "list", "-A").stdout.splitlines()[1].split()[:2] == ["team", "frames"]


def test_nothing_is_said_on_standard_error(farm: Shell) -> None:
    done = farm("pool", "list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "There are no pools in namespace team.\n"
    assert farm("task", "list", "--job", "x").stderr == "There are no tasks with job x in namespace team.\n"


@pytest.mark.parametrize(
    ("name", "next_step"),
    [
        ("frame-3", "Did you mean frame-1 or frame-2?"),
        ("zzz", "There are 4: frame-1, frame-2, new, other"),
    ],
)
def test_an_unknown_name_gets_suggestions(farm: Shell, name: str, next_step: str) -> None:
    done = farm("task", "show", name)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"Error: There is no task {name} in namespace team.\nNext:  {next_step}\n"
