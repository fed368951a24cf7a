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
    swept = status | {"directory": "workitems/frames/job-1/frame-4", "podName": "frame-4-1"}
    shell.add("tasks", "frame-4", {"jobName": "frames", "commandLine": "true"}, swept)
    new = {"state": "Preparing", "nodeName": "render-a"}
    shell.add("tasks", "frame-5", {"jobName": "frames", "commandLine": "true"}, new)
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


def test_properties_of_files(ran: Shell) -> None:
    (entry,) = json.loads(ran("task", "files", "list", "frame-1", "-o", "json", "wd/out/a.png").stdout)
    assert (entry["contentType"], entry["mode"][-1]) == ("image/png", "4")
    heading, *rows = ran("task", "files", "list", "frame-1", "-o", "wide").stdout.splitlines()
    assert heading.split() == ["SIZE", "MODIFIED", "MODE", "TYPE", "PATH"]
    assert any("0755" in row and row.endswith("wd/run.sh") for row in rows)
    assert any(" directory " in row and row.endswith("wd/out/") for row in rows)


def test_properties_of_one(ran: Shell) -> None:
    shown = ran("task", "files", "show", "frame-1", "stdout.txt").stdout.splitlines()
    told = dict(line.split(": ", 1) for line in shown)
    assert {name: value.strip() for name, value in told.items()} | {"Modified": ""} == {
        "Path": "stdout.txt", "Type": "file", "Mode": told["Mode"].strip(), "Modified": "", "Size": "16 B (16 bytes)",
        "Content": "text/plain",
    }  # fmt: skip
    directory = ran("task", "files", "stat", "frame-1", "wd", "-o", "json").stdout
    assert (json.loads(directory)["isDirectory"], "contentType" in directory) == (True, False)
    assert ran("node", "files", "show", "render-a", "shared", "-o", "name").stdout == "shared\n"


def test_parts_are_read(ran: Shell) -> None:
    read = ("task", "files", "read", "frame-1", "stdout.txt")
    assert ran(*read).stdout_bytes == b"line 1\n\xff\x00line 2\n"
    assert ran(*read, "--offset", "7", "--length", "2").stdout_bytes == b"\xff\x00"
    assert ran(*read, "--offset", "9", "-f").stdout_bytes == b"line 2\n"
    assert ran(*read, "--length", "2", "-f").exit_code == 2
    node = ran("node", "files", "read", "render-a", f"{DIRECTORY}/stderr.txt", "--length", "2")
    assert node.stdout_bytes == b"oo"


def test_files_are_deleted(ran: Shell, node_directory: Path) -> None:
    (node_directory / "shared/cache").write_text("x")
    done = ran("task", "files", "delete", "frame-1", "-r", "wd/out", "wd/run.sh")
    assert (done.exit_code, done.stdout.count("deleted wd/")) == (0, 2)
    assert ran("node", "files", "rm", "render-a", "shared/cache").exit_code == 0
    assert [path.name for path in (node_directory / DIRECTORY / "wd").iterdir()] == []
    assert [path.name for path in (node_directory / "shared").iterdir()] == []


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


LEFT = "has left its pool, and the task's files with it"
CLEANED_UP = "the time for which they were kept has passed, or they were deleted"
REFUSED = {
    ("task", "stdout", "frame-2"): (
        "Task frame-2 has not run on any node, so it has no files.",
        "millpond explain task frame-2",
    ),
    ("task", "stdout", "frame-3"): (
        f"Node render-z, on which task frame-3 ran, {LEFT} (TaskFilesUnavailable).",
        "kubectl logs frame-3-1, while its Pod is kept.",
    ),
    ("task", "files", "get", "frame-1", "*.gif"): (
        "On node render-a: no file matches *.gif (FileNotFound).",
        "millpond task files list frame-1",
    ),
    ("task", "stdout", "frame-4"): (
        f"The files of task frame-4 are not on node render-a any more: {CLEANED_UP} (TaskFilesCleanedup).",
        "kubectl logs frame-4-1, while its Pod is kept.",
    ),
    ("task", "files", "list", "frame-5"): (
        "Task frame-5 has no files on node render-a yet.",
        "millpond task show frame-5",
    ),
    ("task", "files", "read", "frame-1", "wd/absent"): (
        "On node render-a: there is no file 'wd/absent': list the files to see what is there (FileNotFound)",
        "",
    ),
    ("task", "files", "read", "frame-1", "--offset", "6", "stderr.txt"): (
        "On node render-a: 'stderr.txt' has 5 bytes: nothing begins at 6 (InvalidRange)",
        "",
    ),
    ("task", "files", "delete", "frame-5", "wd"): (
        "Task frame-5 has not ended: its files are its own until then.",
        "millpond task terminate frame-5, or wait for its end.",
    ),
    ("task", "files", "delete", "frame-1", "wd/out"): (
        f"On node render-a: '{DIRECTORY}/wd/out' is a directory with files in it: delete it with --recursive",
        "",
    ),
    ("node", "files", "delete", "render-a", "startup"): (
        "On node render-a: 'startup' is not deleted: only files in 'shared' are, and those of a task's directory",
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
