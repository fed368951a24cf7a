"""Commands that change how many nodes a pool has."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import SPACE, Shell


@pytest.fixture
def cluster(shell: Shell) -> Shell:
    shell.add("pools", "render", {"targetDedicatedNodes": 3}, {"allocationState": "Resizing"})
    for number in range(101):
        shell.add("computenodes", f"render-{number}", {"poolName": "render"})
    return shell


def spec(shell: Shell, plural: str, name: str) -> dict[str, Any]:
    wanted: dict[str, Any] = shell.verbs.get(plural, SPACE, name)["spec"]
    return wanted


@pytest.mark.parametrize(
    ("options", "option"), [((), None), (("--option", "taskcompletion"), "TaskCompletion")], ids=["plain", "option"]
)
def test_each_resize_bears_a_time_of_its_own(cluster: Shell, options: tuple[str, ...], option: str | None) -> None:
    times = []
    for _ in range(2):
        done = cluster("pool", "resize", "render", "--dedicated", "5", *options)
        assert (done.exit_code, done.stdout) == (0, "pool render is being resized\n")
        wanted = spec(cluster, "pools", "render")
        assert (wanted["targetDedicatedNodes"], wanted.get("nodeDeallocationOption")) == (5, option)
        times.append(wanted["resizedAt"])
    assert times[0] < times[1]


def test_each_class_has_its_target(cluster: Shell) -> None:
    assert cluster("pool", "resize", "render", "--low-priority", "4").exit_code == 0
    wanted = spec(cluster, "pools", "render")
    assert (wanted["targetDedicatedNodes"], wanted["targetLowPriorityNodes"]) == (3, 4)
    done = cluster("pool", "resize", "render")
    assert done.exit_code == 2
    assert "--low-priority N" in done.stderr


def test_stopping_a_resize(cluster: Shell) -> None:
    done = cluster("pool", "stop-resize", "render")
    assert (done.exit_code, done.stdout) == (0, "the resize of pool render is being stopped\n")
    assert "resizeStoppedAt" in spec(cluster, "pools", "render")


def test_a_pool_that_is_steady_has_no_resize_to_stop(cluster: Shell) -> None:
    cluster.set_status("pools", "render", {"allocationState": "Steady"})
    done = cluster("pool", "stop-resize", "render")
    assert done.exit_code == 1
    assert "pool render is not being resized" in done.stderr
    assert "resizeStoppedAt" not in spec(cluster, "pools", "render")


def test_removing_nodes(cluster: Shell) -> None:
    done = cluster("node", "remove", "render-1", "render-2", "render-1", "--option", "terminate")
    assert (done.exit_code, done.stdout) == (0, "node render-1 is being removed\nnode render-2 is being removed\n")
    for name in ("render-1", "render-2"):
        wanted = spec(cluster, "computenodes", name)
        assert (wanted["removalOption"], "removedAt" in wanted) == ("Terminate", True)


def test_a_hundred_nodes_are_removed_and_no_more(cluster: Shell) -> None:
    names = [f"render-{number}" for number in range(101)]
    done = cluster("node", "remove", *names)
    assert done.exit_code == 2
    assert "at most 100" in done.stderr
    assert all("removedAt" not in spec(cluster, "computenodes", name) for name in names)
    assert cluster("node", "remove", *names[:100]).exit_code == 0


def test_a_name_that_does_not_exist_removes_none(cluster: Shell) -> None:
    done = cluster("node", "remove", "render-1", "render-999")
    assert done.exit_code == 1
    assert "removedAt" not in spec(cluster, "computenodes", "render-1")


@pytest.mark.parametrize("arguments", [("--dedicated", "-1"), ("--dedicated", "10001"), ()], ids=str)
def test_a_size_that_cannot_be(cluster: Shell, arguments: tuple[str, ...]) -> None:
    assert cluster("pool", "resize", "render", *arguments).exit_code == 2
