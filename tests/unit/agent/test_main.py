"""The agent as a process: arguments, output, exit codes, signals."""

from __future__ import annotations

import json
import os
import select
import signal
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


def test_layout_of_a_directory(tmp_path: Path) -> None:
    root, launcher = tmp_path / "node", tmp_path / "launcher"
    root.mkdir()
    launcher.write_text("program")
    done = call("layout", "--root", str(root), "--launcher", str(launcher), "--user", str(os.getuid()))
    assert (done.returncode, done.stderr) == (0, b"")
    assert (root / "startup/wd").is_dir()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_run_stays_reaps_and_leaves_when_asked(tmp_path: Path, ending: signal.Signals) -> None:
    """The agent adopts orphans as process 1 does, here as their subreaper."""
    code = (
        "import ctypes, subprocess, os; from millpond.agent.stay import stay\n"
        "ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\n"
        "subprocess.run(['sh', '-c', '(read x <&3; exit 5) & echo $!'], pass_fds=(3,))\n"
        "stay()"
    )
    gate, open_gate = os.pipe()
    with subprocess.Popen(
        ["sh", "-c", f'exec 3<&{gate}; exec "$@"', "sh", sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        pass_fds=(gate,),
    ) as process:
        os.close(gate)
        assert process.stdout is not None
        orphan = int(process.stdout.readline())
        watch = os.pidfd_open(orphan)
        os.close(open_gate)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        _await_exit(watch)
        os.close(watch)
        process.send_signal(ending)
        assert process.wait(timeout=10) == 0


def _await_exit(watch: int) -> None:
    ready, _, _ = select.select([watch], [], [], 10)
    assert ready
