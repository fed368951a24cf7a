"""What users may delete on a node, and what not: nothing that runs, nothing that is not theirs, nothing by a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from millpond.agent.beneath import MissingFileError, RefusedPathError
from millpond.agent.remove import remove

from .shelves import Shelves, running


@pytest.fixture
def task(shelves: Shelves) -> Path:
    (shelves.root / "shared/cache").mkdir()
    (shelves.root / "shared/cache/file").write_text("x")
    return shelves.put("frames", "1")


def delete(shelves: Shelves, path: str, *, recursive: bool = False) -> None:
    with shelves.opened() as base:
        remove(base, tuple(path.split("/")), recursive=recursive)


@pytest.mark.parametrize("path", ["workitems/frames/job-1/1/wd/deep/result", "shared/cache/file"])
def test_a_file(shelves: Shelves, task: Path, path: str) -> None:
    delete(shelves, path)
    assert not (shelves.root / path).exists()
    assert (shelves.root / path).parent.is_dir()
    with pytest.raises(MissingFileError):
        delete(shelves, path)


@pytest.mark.parametrize("path", ["workitems/frames/job-1/1/wd", "shared/cache"])
def test_a_directory_that_is_not_empty_only_with_all_that_is_in_it(shelves: Shelves, task: Path, path: str) -> None:
    with pytest.raises(RefusedPathError, match="--recursive"):
        delete(shelves, path)
    delete(shelves, path, recursive=True)
    assert not (shelves.root / path).exists()


def test_an_empty_directory(shelves: Shelves, task: Path) -> None:
    (shelves.root / "shared/empty").mkdir()
    delete(shelves, "shared/empty")
    assert not (shelves.root / "shared/empty").exists()


def test_nothing_in_which_a_task_runs(shelves: Shelves, task: Path) -> None:
    with running(task), pytest.raises(RefusedPathError, match="a task runs in 'workitems/frames/job-1/1'"):
        delete(shelves, "workitems/frames/job-1/1/wd/deep/result")
    assert (task / "wd/deep/result").exists()


@pytest.mark.parametrize(
    "path",
    [
        "shared",
        "volatile",
        "volatile/bin/launcher",
        "startup/wd",
        "workitems",
        "workitems/frames",
        "workitems/frames/job-1",
        "workitems/frames/job-1/1",
        "workitems/frames/job-2/1/wd",
        "workitems/frames/job-1/1/keep.json",
        "workitems/frames/job-1/1/exit.json",
    ],
)
def test_what_is_not_for_users_to_delete(shelves: Shelves, task: Path, path: str) -> None:
    with pytest.raises(RefusedPathError):
        delete(shelves, path, recursive=True)
    assert (task / "wd/deep/result").exists()


def test_links_are_deleted_and_not_followed(shelves: Shelves, task: Path) -> None:
    precious = shelves.root.parent / "precious"
    (task / "wd/link").symlink_to(precious)
    (task / "wd/deep/out").symlink_to(precious)
    delete(shelves, "workitems/frames/job-1/1/wd/link")
    assert not os.path.lexists(task / "wd/link")
    with pytest.raises(RefusedPathError, match="symbolic link"):
        delete(shelves, "workitems/frames/job-1/1/wd/deep/out/file")
    delete(shelves, "workitems/frames/job-1/1/wd", recursive=True)
    assert (precious / "file").read_text() == "kept"
