"""Commands that change what is wanted of schedules."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import SPACE, Shell


@pytest.fixture
def cluster(shell: Shell) -> Shell:
    shell.add("jobschedules", "nightly", {"jobTemplate": {"spec": {"poolName": "render"}}})
    return shell


EDITS: list[tuple[str, dict[str, Any]]] = [
    ("disable", {"desiredState": "Disabled"}),
    ("enable", {"desiredState": "Active"}),
    ("terminate", {"desiredState": "Terminated"}),
    ("terminate --force", {"desiredState": "Terminated", "force": True}),
]


@pytest.mark.parametrize(("line", "edit"), EDITS, ids=[line for line, _ in EDITS])
def test_what_a_command_writes(cluster: Shell, line: str, edit: dict[str, Any]) -> None:
    done = cluster("schedule", *line.split(), "nightly")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"schedule nightly is being {line.split(maxsplit=1)[0]}")
    spec = cluster.verbs.get("jobschedules", SPACE, "nightly")["spec"]
    assert {field: value for field, value in spec.items() if field in ("desiredState", "force")} == (
        {"force": False} | edit if "force" in spec else edit
    )


def test_deletion(cluster: Shell) -> None:
    assert cluster("schedule", "delete", "nightly").exit_code == 0
    assert cluster.verbs.list("jobschedules") == []


def test_a_name_that_does_not_exist_is_not_made(cluster: Shell) -> None:
    done = cluster("schedule", "disable", "nightli")
    assert done.exit_code == 1
    assert "Did you mean nightly?" in done.stderr


def test_listing_and_showing(cluster: Shell) -> None:
    assert "nightly" in cluster("schedule", "list").stdout
    assert "Due:            once" in cluster("schedule", "show", "nightly").stdout
