"""Azure Batch's minimum scenario about files (azure-batch-semantics §13: 27), by the command line's own code.

The node directory is a real one, served by the agent's own commands and swept with a clock in hand. What the operator
orders is judged by its own judgement, of the objects that the commands see.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from millpond.agent.beneath import open_root
from millpond.agent.sweep import sweep
from millpond.agent.workitems import held
from millpond.api.views.task import TaskView
from millpond.control.litter import is_litter
from millpond.control.world import World
from millpond.lifecycle.held import order_for
from millpond.lifecycle.retention import Moment
from support.commandline import SPACE, Shell, serve_node, shell_at

HOUR = 3600.0


class Node:
    """A node on which a task runs: its directory, the host's time, and what the command line shows of it."""

    def __init__(self, root: Path, shell: Shell) -> None:
        self.root = root
        self.shell = shell
        self.uptime = 1000.0
        self.task = root / "workitems/frames/job-1/frame-1"
        (root / "volatile").mkdir(parents=True)
        (self.task / "wd").mkdir(parents=True)
        shell.add("computenodes", "render-a", {"poolName": "render"}, {"podName": "render-a", "hostName": "host-1"})
        shell.add("tasks", "frame-1", {"jobName": "frames", "commandLine": "render"}, self._status("Running"))
        self.uid = shell.verbs.get("tasks", SPACE, "frame-1")["metadata"]["uid"]
        keep = {"owner": "frame-1", "uid": self.uid, "retentionSeconds": HOUR}
        (self.task / "keep.json").write_text(json.dumps(keep | {"retentionSeconds": int(HOUR)}))

    def _status(self, state: str) -> dict[str, Any]:
        directory = "workitems/frames/job-1/frame-1"
        return {"state": state, "nodeName": "render-a", "podName": "frame-1-1", "directory": directory}

    @contextmanager
    def running(self) -> Iterator[None]:
        """As the launcher has it."""
        (self.task / "stdout.txt").write_text("line 1\n")
        descriptor = os.open(self.task, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
        (self.task / "exit.json").write_text('{"cause": "Exited", "exitCode": 0}')
        os.close(descriptor)
        self.shell.set_status("tasks", "frame-1", self._status("Completed") | {"result": "Success"})

    def swept(self, after: float, orders: frozenset[str] = frozenset()) -> int:
        self.uptime += after
        base = open_root(str(self.root))
        try:
            return sweep(base, Moment("boot", self.uptime, 1.8e9), orders)
        finally:
            os.close(base)

    def ordered(self) -> frozenset[str]:
        """What the operator orders by the Tasks that there are."""
        world = World()
        for task in self.shell.verbs.list("tasks"):
            world.observe_task(msgspec.convert(task, TaskView))
        base = open_root(str(self.root))
        try:
            directories = list(held(base))
        finally:
            os.close(base)
        space = world.namespace(SPACE)
        return frozenset(order_for(one) for one in directories if is_litter(space, one, frozenset(), 0.0))

    def stdout(self) -> tuple[int, str]:
        done = self.shell("task", "stdout", "frame-1")
        return done.exit_code, done.stdout if done.exit_code == 0 else done.stderr


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    serve_node(monkeypatch, tmp_path / "node", here=True)
    return Node(tmp_path / "node", shell_at(monkeypatch))


def test_scenario_27_files_are_read_while_the_task_runs_and_until_their_retention_has_passed(node: Node) -> None:
    with node.running():
        assert node.stdout() == (0, "line 1\n")
        assert node.swept(after=100 * HOUR) == 0
    assert node.swept(after=0) == 0
    assert node.swept(after=HOUR - 1) == 0
    assert node.stdout() == (0, "line 1\n")
    assert "(FileNotFound)" in node.shell("task", "files", "read", "frame-1", "stdin.txt").stderr
    assert node.swept(after=1) == 1
    code, said = node.stdout()
    assert (code, "(TaskFilesCleanedup)" in said) == (1, True)


def test_scenario_27_files_go_with_their_task_and_with_their_node(node: Node) -> None:
    with node.running():
        assert node.ordered() == frozenset()
    node.shell.verbs.delete("computenodes", SPACE, "render-a")
    code, said = node.stdout()
    assert (code, "(TaskFilesUnavailable)" in said) == (1, True)
    node.shell.verbs.delete("tasks", SPACE, "frame-1")
    assert "no task frame-1" in node.stdout()[1]
    assert node.swept(after=0, orders=node.ordered()) == 1
    assert not node.task.exists()
