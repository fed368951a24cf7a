"""The agent as a process: arguments, output, exit codes; its files are in `test_file_commands`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from millpond.lifecycle.held import Held, order_for

from .conftest import NodeDirectory
from .shelves import Shelves

AGENT = [sys.executable, "-c", "from millpond.agent.main import agent; agent()"]
TASK = "workitems/frames/job-1/042"


def call(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*AGENT, *arguments], capture_output=True, timeout=30, check=False)


def upload(node: NodeDirectory, cause: str) -> subprocess.CompletedProcess[bytes]:
    """Upload to a store whose Secret is not there."""
    record = {"name": "042-1", "cause": cause, "exitCode": 0}
    (node.root / TASK / "exit.json").write_text(json.dumps(record))
    place = {"containerUrl": "s3://results", "credentialsSecretName": "store"}
    output = json.dumps({"filePattern": "*", "destination": place})
    words = (
        "upload",
        "--root",
        str(node.root),
        "-d",
        TASK,
        "--run",
        "042-1",
        "--limit",
        "5",
        "--credentials",
        "/no/such",
    )
    whole = os.environ | {"MILLPOND_OUTPUT_FILE_0": output}
    return subprocess.run([*AGENT, *words], capture_output=True, timeout=30, check=False, env=whole)


def test_an_upload_that_fails_is_said_on_stderr_with_exit_code_1(node: NodeDirectory) -> None:
    done = upload(node, "Exited")
    said = b"The Secret store does not open the store: it is not there, or empty: create it in the task's namespace.\n"
    assert (done.returncode, done.stderr) == (1, said)
    assert (node.root / TASK / "fileuploaderr.txt").read_text().endswith(said.decode())


def test_after_a_task_that_was_ended_nothing_is_uploaded(node: NodeDirectory) -> None:
    done = upload(node, "Terminated")
    assert (done.returncode, done.stderr) == (0, b"")
    assert not (node.root / TASK / "fileuploaderr.txt").exists()


OWNERS = (
    "--start-user",
    f"{os.getuid()}:{os.getgid()}",
    "--tasks-group",
    str(os.getgid()),
    "--agents-group",
    str(os.getgid()),
)


@pytest.mark.parametrize("user", ["1000", "a:b", "1:", ":1", "1:-1"])
def test_layout_for_nobody(tmp_path: Path, user: str) -> None:
    done = call("layout", "--root", str(tmp_path), *OWNERS, "--start-user", user)
    assert done.returncode == 2
    assert b"no UID:GID" in done.stderr


def test_layout_of_a_directory(tmp_path: Path) -> None:
    root, launcher = tmp_path / "node", tmp_path / "launcher"
    root.mkdir()
    launcher.write_text("program")
    done = call("layout", "--root", str(root), "--launcher", str(launcher), *OWNERS)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (root / "startup/wd").is_dir()


def test_the_sweeper_sweeps_until_it_is_asked_to_leave(shelves: Shelves, tmp_path: Path) -> None:
    shelves.put("frames", "1", uid="gone")
    orders = tmp_path / "orders"
    orders.write_text(order_for(Held("frames", "1", "1", "gone")))
    sweeper = subprocess.Popen([*AGENT, "sweep", "--root", str(shelves.root), "--orders", str(orders)])
    try:
        until = time.monotonic() + 20
        while shelves.left() and time.monotonic() < until:
            time.sleep(0.02)
        assert shelves.left() == []
        sweeper.send_signal(signal.SIGTERM)
        assert sweeper.wait(10) == 0
    finally:
        sweeper.kill()
        sweeper.wait()


def test_a_sweeper_without_a_directory(tmp_path: Path) -> None:
    done = call("sweep", "--root", str(tmp_path / "absent"))
    assert done.returncode == 4
    assert done.stderr.count(b"\n") == 1
