"""What a task's directory says of itself, and what is believed of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from millpond.agent import workitems
from millpond.agent.beneath import directory
from millpond.agent.workitems import (
    Keep,
    TaskDirectory,
    has_begun,
    held,
    hold_alone,
    idle_since,
    is_running,
    read_keep,
    task_directories,
)
from millpond.lifecycle.held import Held
from millpond.lifecycle.retention import Moment

from .shelves import Shelves, running

WEEK = 604800
FOUND = TaskDirectory("frames", "1")


def test_directories_in_order_and_nothing_that_is_none(shelves: Shelves) -> None:
    shelves.put("frames", "2")
    shelves.put("frames", "1")
    shelves.put("audio", "1")
    (shelves.root / "workitems/audio/job-1/file").write_text("")
    (shelves.root / "workitems/audio/job-1/link").symlink_to(shelves.root.parent / "precious")
    (shelves.root / "workitems/elsewhere").symlink_to(shelves.root / "workitems/audio")
    (shelves.root / "workitems/empty").mkdir()
    with shelves.opened() as base:
        found = list(task_directories(base))
    assert found == [TaskDirectory("audio", "1"), TaskDirectory("frames", "1"), TaskDirectory("frames", "2")]


@pytest.mark.parametrize(
    ("said", "keep"),
    [
        ('{"owner": "a", "uid": "b", "retentionSeconds": 0}', Keep("a", "b", 0)),
        ('{"owner": "a", "uid": "b", "retentionSeconds": -1}', Keep("a", "b", -1)),
        ('{"owner": "a", "uid": "b", "retentionSeconds": -2}', Keep("a", "b", WEEK)),
        ('{"owner": "a", "uid": "b", "retentionSeconds": 1e9}', Keep("a", "b", WEEK)),
        ('{"owner": 1, "uid": ["b"], "retentionSeconds": "7"}', Keep("", "", WEEK)),
        ("[]", Keep("", "", WEEK)),
        ("[" * 4000, Keep("", "", WEEK)),
        ("\0" * 10_000, Keep("", "", WEEK)),
        ("", Keep("", "", WEEK)),
    ],
)
def test_a_task_s_word_is_taken_where_it_makes_sense(shelves: Shelves, said: str, keep: Keep) -> None:
    (shelves.put("frames", "1") / "keep.json").write_text(said)
    with shelves.opened() as base, directory(base, FOUND.parts) as descriptor:
        assert read_keep(descriptor) == keep


@pytest.mark.parametrize("instead", ["link", "fifo", "directory", "nothing"])
def test_what_is_no_file_says_nothing(shelves: Shelves, instead: str) -> None:
    path = shelves.put("frames", "1") / "keep.json"
    path.unlink()
    match instead:
        case "link":
            (shelves.root / "other").write_text('{"owner": "a", "uid": "b", "retentionSeconds": 0}')
            path.symlink_to(shelves.root / "other")
        case "fifo":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
    with shelves.opened() as base, directory(base, FOUND.parts) as descriptor:
        assert read_keep(descriptor) == Keep()


def test_a_run_shares_its_directory_and_nobody_has_it_alone_meanwhile(shelves: Shelves) -> None:
    path = shelves.put("frames", "1")
    with shelves.opened() as base, directory(base, FOUND.parts) as descriptor:
        with running(path):
            assert is_running(descriptor)
            assert not hold_alone(descriptor)
        assert not is_running(descriptor)
        assert hold_alone(descriptor)


@pytest.mark.parametrize(("ended", "alone"), [(True, True), (False, False)])
def test_where_there_are_no_locks_the_record_tells(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch, ended: bool, alone: bool
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "not supported")

    shelves.put("frames", "1", ended=ended)
    monkeypatch.setattr(workitems.fcntl, "flock", refuse)
    with shelves.opened() as base, directory(base, FOUND.parts) as descriptor:
        assert hold_alone(descriptor) is alone
        assert is_running(descriptor) is not alone


@pytest.mark.parametrize(("ended", "begun"), [(True, True), (False, True), (True, False), (False, False)])
def test_that_nothing_runs_any_more_is_noted_when_it_is_first_found(shelves: Shelves, ended: bool, begun: bool) -> None:
    """A run whose launcher was killed has left no record; one that has not begun has left nothing at all."""
    path = shelves.put("frames", "1", ended=ended, begun=begun)
    first = shelves.now
    with shelves.opened() as base, directory(base, FOUND.parts) as descriptor:
        assert has_begun(descriptor) is (ended or begun)
        assert idle_since(descriptor, shelves.now) == first
        assert idle_since(descriptor, shelves.pass_by(100)) == first
    assert (path / "ended.json").exists()
    assert sorted(name for name in os.listdir(path) if name.startswith(".")) == []


@pytest.mark.parametrize("note", ["{}", '{"boot": 1, "uptime": 1, "time": 1}', '{"boot": "b", "uptime": "x"}', "{"])
def test_a_note_that_makes_no_sense_is_written_anew(shelves: Shelves, note: str) -> None:
    path = shelves.put("frames", "1") / "ended.json"
    path.write_text(note)
    with shelves.opened() as base, directory(base, FOUND.parts) as descriptor:
        assert idle_since(descriptor, shelves.now) == shelves.now
    assert Moment(**json.loads(path.read_text())) == shelves.now


def test_without_room_for_the_note_the_time_counts_from_when_there_is(shelves: Shelves) -> None:
    path = shelves.put("frames", "1")
    (path / "ended.json").mkdir()
    (path / "ended.json" / "x").mkdir()
    with shelves.opened() as base, directory(base, FOUND.parts) as descriptor:
        idle_since(descriptor, shelves.now)
        later = shelves.pass_by(100)
        assert idle_since(descriptor, later) == later
    assert [name for name in os.listdir(path) if name.startswith(".")] == []


def test_what_is_held_and_whose(shelves: Shelves) -> None:
    shelves.put("frames", "1", uid="u")
    (shelves.put("frames", "2") / "keep.json").unlink()
    with shelves.opened() as base:
        assert list(held(base)) == [Held("frames", "1", "1", "u"), Held("frames", "2", "", "")]


def test_paths(tmp_path: Path) -> None:
    assert FOUND.parts == ("workitems", "frames", "job-1", "1")
