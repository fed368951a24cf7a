"""Output and files of tasks, through the agent itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Shell

DIRECTORY = "workitems/frames/job-1/frame-1"


@pytest.fixture
def ran(shell: Shell, node_directory: Path) -> Shell:
    task = node_directory / DIRECTORY
    (task / "wd/out").mkdir(parents=True)
    (node_directory / "shared").mkdir()
    (task / "stdout.txt").write_bytes(b"line 1\n\xff\x00line 2\n")
    (task / "stderr.txt").write_text("oops\n")
    (task / "wd/out/a.png").write_bytes(b"pixels")
    (task / "wd/run.sh").write_text("#!/bin/sh\n")
    (task / "wd/run.sh").chmod(0o755)
    status = {"state": "Completed", "result": "Success", "nodeName": "render-a", "directory": DIRECTORY}
    shell.add("tasks", "frame-1", {"jobName": "frames", "commandLine": "true"}, status)
    shell.add("tasks", "frame-2", {"jobName": "frames", "commandLine": "true"}, {"state": "Active"})
    gone = status | {"nodeName": "render-z", "podName": "frame-3-1"}
    shell.add("tasks", "frame-3", {"jobName": "frames", "commandLine": "true"}, gone)
    shell.add("computenodes", "render-a", {"poolName": "render"}, {"podName": "render-a", "hostName": "host-1"})
    return shell


def test_stdout_is_printed_byte_by_byte(ran: Shell) -> None:
    assert ran("task", "stdout", "frame-1").stdout_bytes == b"line 1\n\xff\x00line 2\n"
    assert ran("task", "stderr", "frame-1").stdout == "oops\n"
    assert ran("task", "stdout", "-f", "frame-1").stdout_bytes == b"line 1\n\xff\x00line 2\n"


def test_files_are_listed(ran: Shell) -> None:
    lines = ran("task", "files", "list", "frame-1").stdout.splitlines()
    assert [line.split()[-1] for line in lines] == [
        "PATH", "stderr.txt", "stdout.txt", "wd/", "wd/out/", "wd/out/a.png", "wd/run.sh",
    ]  # fmt: skip
    assert ran("task", "files", "ls", "frame-1", "-o", "name", "**/*.png").stdout == "wd/out/a.png\n"
    (entry,) = json.loads(ran("task", "files", "list", "frame-1", "-o", "json", "stderr.txt").stdout)
    assert (entry["path"], entry["size"], entry["isDirectory"]) == ("stderr.txt", 5, False)


def test_files_are_fetched(ran: Shell, tmp_path: Path) -> None:
    target = tmp_path / "here"
    done = ran("task", "files", "get", "frame-1", "wd", "-o", str(target))
    assert done.exit_code == 0
    assert (target / "wd/out/a.png").read_bytes() == b"pixels"
    assert (target / "wd/run.sh").stat().st_mode & 0o777 == 0o755
    assert done.stderr == "2 files, 16 B, from node render-a\n"


def test_files_of_a_node_are_beneath_its_directory(ran: Shell, tmp_path: Path) -> None:
    assert "shared/" in ran("node", "files", "list", "render-a").stdout
    done = ran("node", "files", "get", "render-a", f"{DIRECTORY}/wd/out/*.png", "--output-dir", str(tmp_path))
    assert done.exit_code == 0
    assert (tmp_path / DIRECTORY / "wd/out/a.png").read_bytes() == b"pixels"


REFUSED = {
    ("task", "stdout", "frame-2"): (
        "Task frame-2 has not run on any node, so it has no files.",
        "millpond explain task frame-2",
    ),
    ("task", "stdout", "frame-3"): (
        "Node render-z, on which task frame-3 ran, has left its pool, and the task's files with it.",
        "kubectl logs frame-3-1, while its Pod is kept.",
    ),
    ("task", "files", "get", "frame-1", "*.gif"): (
        "On node render-a: no file matches *.gif: list the files to see what is there",
        "",
    ),
    ("task", "files", "get", "frame-1", "../../../x"): (
        "On node render-a: '../../../x' leads out of the directory by '..': name files inside it",
        "",
    ),
}


@pytest.mark.parametrize("command", REFUSED, ids=" ".join)
def test_what_cannot_be_had_is_explained(ran: Shell, command: tuple[str, ...]) -> None:
    message, next_step = REFUSED[command]
    done = ran(*command)
    assert done.exit_code == 1
    assert done.stderr == f"Error: {message}\n" + (f"Next:  {next_step}\n" if next_step else "")
