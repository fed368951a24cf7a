"""Commands that change what is wanted of compute nodes."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import SPACE, Shell


@pytest.fixture
def cluster(shell: Shell) -> Shell:
    for name in ("render-a", "render-b", "render-c"):
        shell.add("computenodes", name, {"poolName": "render"})
    return shell


def spec(shell: Shell, name: str) -> dict[str, Any]:
    wanted: dict[str, Any] = shell.verbs.get("computenodes", SPACE, name)["spec"]
    return {field: value for field, value in wanted.items() if field != "poolName"}


@pytest.mark.parametrize(
    ("options", "written"),
    [((), "Requeue"), (("--option", "terminate"), "Terminate"), (("--option", "task-completion"), "TaskCompletion")],
)
def test_disabling_several_nodes(cluster: Shell, options: tuple[str, ...], written: str) -> None:
    done = cluster("node", "disable", "render-a", "render-b", *options)
    assert (done.exit_code, done.stdout) == (0, "node render-a is being disabled\nnode render-b is being disabled\n")
    for name in ("render-a", "render-b"):
        assert spec(cluster, name) == {"schedulable": False, "disableSchedulingOption": written}
    assert spec(cluster, "render-c") == {}


def test_enabling(cluster: Shell) -> None:
    cluster("node", "disable", "render-a")
    done = cluster("node", "enable", "render-a")
    assert (done.exit_code, done.stdout) == (0, "node render-a is being enabled\n")
    assert spec(cluster, "render-a")["schedulable"] is True


def test_what_is_so_already_is_refused_and_the_others_are_changed(cluster: Shell) -> None:
    cluster("node", "disable", "render-a", "render-b")
    again = cluster("node", "disable", "render-a", "render-b", "render-c", "--option", "terminate")
    assert again.exit_code == 1
    assert "Scheduling on nodes render-a, render-b is disabled already (NodeAlreadyInTarget" in again.stderr
    assert again.stdout == "node render-c is being disabled\n"
    assert spec(cluster, "render-a")["disableSchedulingOption"] == "Requeue"
    cluster("node", "enable", "render-a")
    assert "Scheduling on node render-a is enabled already" in cluster("node", "enable", "render-a").stderr


def test_a_name_that_does_not_exist_changes_no_node(cluster: Shell) -> None:
    done = cluster("node", "disable", "render-a", "rendar-b")
    assert done.exit_code == 1
    assert "Did you mean render-" in done.stderr
    assert spec(cluster, "render-a") == {}


@pytest.mark.parametrize(
    ("verb", "time", "option"), [("reboot", "restartedAt", "rebootOption"), ("reimage", "reimagedAt", "reimageOption")]
)
def test_each_restart_bears_a_time_of_its_own(cluster: Shell, verb: str, time: str, option: str) -> None:
    times = []
    for _ in range(2):
        done = cluster("node", verb, "render-a", "render-b", "--option", "task-completion")
        assert (done.exit_code, done.stdout.splitlines()[0]) == (0, f"node render-a is being {verb.rstrip('e')}ed")
        assert spec(cluster, "render-b")[option] == "TaskCompletion"
        times.append(spec(cluster, "render-a")[time])
    assert times[0] < times[1]
