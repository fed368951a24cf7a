"""Files of a node directory through the agent as a process: output, sentences, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from .conftest import NodeDirectory

AGENT = [sys.executable, "-c", "from millpond.agent.main import agent; agent()"]
TASK = "workitems/frames/job-1/042"


def call(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*AGENT, *arguments], capture_output=True, timeout=30, check=False)


def test_list_prints_a_line_for_each_file(node: NodeDirectory) -> None:
    done = call("files", "list", "--root", str(node.root), "-d", TASK, "wd/*.png")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["path"], line["size"], line["isDirectory"]) for line in lines] == [("wd/a.png", 4, False)]
    assert done.returncode == 0


def test_cat_from_an_offset(node: NodeDirectory) -> None:
    done = call("files", "cat", "--root", str(node.root), "-d", TASK, "--offset", "1", "stdout.txt")
    assert (done.returncode, done.stdout) == (0, b"ello\n")


def test_a_part_of_a_file(node: NodeDirectory) -> None:
    done = call("files", "cat", "--root", str(node.root), "-d", TASK, "--offset", "1", "--length", "3", "stdout.txt")
    assert (done.returncode, done.stdout) == (0, b"ell")


def test_properties(node: NodeDirectory) -> None:
    (node.task / "stdout.txt").chmod(0o640)
    os.utime(node.task / "stdout.txt", (1.5, 1.5))
    done = call("files", "stat", "--root", str(node.root), "-d", TASK, "stdout.txt")
    told = {"path": "stdout.txt", "size": 6, "mtime": 1.5, "mode": "0640", "isDirectory": False}
    assert (done.returncode, json.loads(done.stdout)) == (0, told)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("-d", TASK, "../../../../../secret.txt"), 1),
        (("-d", TASK, "/etc/passwd"), 1),
        (("-d", TASK, "wd"), 1),
        (("-d", f"{TASK}x", "stdout.txt"), 3),
        (("-d", TASK, "absent"), 4),
        (("-d", TASK, "--offset", "7", "stdout.txt"), 5),
    ],
)
def test_what_is_refused_is_said_on_stderr_and_the_exit_code_says_why(
    node: NodeDirectory, arguments: tuple[str, ...], code: int
) -> None:
    done = call("files", "cat", "--root", str(node.root), *arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_what_is_deleted_and_what_is_not(node: NodeDirectory) -> None:
    place = ("files", "delete", "--root", str(node.root), "-d", TASK)
    assert call(*place, "wd/a.png", "wd/notes.txt").returncode == 0
    assert not (node.task / "wd/a.png").exists()
    assert not (node.task / "wd/notes.txt").exists()
    done = call(*place, "wd/out")
    assert (done.returncode, b"--recursive" in done.stderr) == (1, True)
    assert call(*place, "--recursive", "wd/out").returncode == 0
    assert not (node.task / "wd/out").exists()
    assert call(*place, "wd/out").returncode == 4
    assert call(*place[:-1], f"{TASK}x", "wd").returncode == 3
