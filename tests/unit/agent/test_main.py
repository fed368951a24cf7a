"""The agent as a process: arguments, output, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("path", ["../../../../../secret.txt", "/etc/passwd", "absent"])
def test_what_is_refused_is_said_on_stderr_with_exit_code_1(node: NodeDirectory, path: str) -> None:
    done = call("files", "cat", "--root", str(node.root), "-d", TASK, path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_tar_of_nothing_says_so(node: NodeDirectory) -> None:
    done = call("files", "tar", "--root", str(node.root), "-d", TASK, "*.gif")
    assert done.returncode == 1
    assert done.stderr == b"no file matches *.gif: list the files to see what is there\n"


OWNERS = (
    "--start-user",
    f"{os.getuid()}:{os.getgid()}",
    "--packages-user",
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
