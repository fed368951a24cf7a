"""Directories go when they are due or ordered, whole, and nothing else does: real files, and a clock in hand."""

from __future__ import annotations

import os
from math import inf
from pathlib import Path

import pytest
from millpond.agent import sweep as module
from millpond.agent.sweep import evict, sweep
from millpond.lifecycle.held import Held, order_for
from millpond.lifecycle.retention import Moment

from .shelves import Shelves, running

WEEK = 604800
NONE: frozenset[str] = frozenset()


def swept(shelves: Shelves, now: Moment | None = None, orders: frozenset[str] = NONE) -> int:
    with shelves.opened() as base:
        return sweep(base, now or shelves.now, orders)


def order(job: str, task: str, uid: str) -> frozenset[str]:
    return frozenset((order_for(Held(job, task, task, uid)),))


def test_a_directory_goes_when_its_time_has_passed_since_its_end_was_found(shelves: Shelves) -> None:
    shelves.put("frames", "1", retention=60)
    shelves.put("frames", "2", retention=3600)
    assert swept(shelves) == 0
    assert swept(shelves, shelves.pass_by(59)) == 0
    assert swept(shelves, shelves.pass_by(1)) == 1
    assert shelves.left() == ["frames/2"]
    assert swept(shelves, shelves.pass_by(3600)) == 1
    assert os.listdir(shelves.root / "workitems") == []
    assert os.listdir(shelves.root / "volatile/erased") == []
    assert (shelves.root.parent / "precious/file").read_text() == "kept"


def test_without_retention_it_goes_when_all_has_settled(shelves: Shelves) -> None:
    shelves.put("frames", "1", retention=0)
    assert swept(shelves) == 0
    assert swept(shelves, shelves.pass_by(60)) == 1


@pytest.mark.parametrize("clock", [10 * 365 * 24 * 3600.0, -10 * 365 * 24 * 3600.0])
def test_a_step_of_the_clock_deletes_nothing_early(shelves: Shelves, clock: float) -> None:
    shelves.put("frames", "1", retention=60)
    swept(shelves)
    assert swept(shelves, shelves.pass_by(30, clock=clock)) == 0
    assert swept(shelves, shelves.pass_by(30)) == 1


def test_what_runs_stays_however_old(shelves: Shelves) -> None:
    path = shelves.put("frames", "1", retention=0, ended=False)
    with running(path):
        assert swept(shelves, orders=order("frames", "1", "u")) == 0
        assert swept(shelves, shelves.pass_by(1e9)) == 0
    assert swept(shelves) == 0
    assert swept(shelves, shelves.pass_by(60)) == 1


def test_what_never_began_goes_after_a_week_at_least(shelves: Shelves) -> None:
    """It may wait for its image; or it was given up before its command, as without its resource files."""
    shelves.put("frames", "1", retention=0, ended=False, begun=False)
    shelves.put("frames", "2", retention=2 * WEEK, ended=False, begun=False)
    swept(shelves)
    assert swept(shelves, shelves.pass_by(WEEK - 1)) == 0
    assert swept(shelves, shelves.pass_by(1)) == 1
    assert shelves.left() == ["frames/2"]


def test_what_belongs_to_its_owner_goes_by_order_only(shelves: Shelves) -> None:
    shelves.put("frames", "jobpreparation", uid="job", retention=-1)
    assert swept(shelves) == 0
    assert swept(shelves, shelves.pass_by(1e9)) == 0
    assert swept(shelves, orders=order("frames", "jobpreparation", "job")) == 1


def test_an_order_does_not_mean_the_next_one_of_that_id(shelves: Shelves) -> None:
    shelves.put("frames", "1", uid="new")
    shelves.put("frames", "2", uid="old", ended=False, begun=False)
    assert swept(shelves, orders=order("frames", "1", "old") | order("frames", "2", "old")) == 1
    assert shelves.left() == ["frames/1"]


def test_who_takes_the_directory_between_the_look_and_the_deletion_keeps_it(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shelves.put("frames", "1", retention=0, found=100)
    honest = module.hold_alone

    def taken_first(descriptor: int) -> bool:
        (path / "keep.json").write_text('{"owner": "1", "uid": "next", "retentionSeconds": 0}')
        return honest(descriptor)

    monkeypatch.setattr(module, "hold_alone", taken_first)
    assert swept(shelves) == 0
    assert shelves.left() == ["frames/1"]


def test_a_sweep_that_was_killed_half_way_is_continued(shelves: Shelves, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        shelves.put("frames", f"{number}", retention=0, found=100)

    class KilledError(BaseException):
        pass

    honest, calls = module.empty, 0

    def killed(directory: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KilledError
        honest(directory)

    monkeypatch.setattr(module, "empty", killed)
    with pytest.raises(KilledError):
        swept(shelves)
    assert shelves.left() == ["frames/2"]
    assert os.listdir(shelves.root / "volatile/erased") == ["0"]
    monkeypatch.setattr(module, "empty", honest)
    assert swept(shelves) == 1
    assert os.listdir(shelves.root / "volatile/erased") == []


def test_links_out_of_the_directory_are_deleted_and_not_followed(shelves: Shelves) -> None:
    path = shelves.put("frames", "1", retention=0, found=100)
    (path / "wd/out").symlink_to(shelves.root.parent / "precious")
    (path / "wd/file").symlink_to(shelves.root.parent / "precious/file")
    (path / "wd/closed").mkdir(mode=0o000)
    assert swept(shelves) == 1
    assert (shelves.root.parent / "precious/file").read_text() == "kept"


def test_a_link_in_the_place_of_a_directory_is_passed_over(shelves: Shelves) -> None:
    (shelves.root / "workitems/frames/job-1").mkdir(parents=True)
    (shelves.root / "workitems/frames/job-1/1").symlink_to(shelves.root.parent / "precious")
    (shelves.root / "workitems/audio").symlink_to(shelves.root.parent / "precious")
    assert swept(shelves, shelves.pass_by(1e9)) == 0
    assert (shelves.root.parent / "precious/file").exists()


def test_one_that_cannot_be_deleted_does_not_keep_the_others(shelves: Shelves, monkeypatch: pytest.MonkeyPatch) -> None:
    shelves.put("frames", "1", retention=0, found=100)
    shelves.put("frames", "2", retention=0, found=100)
    honest = os.rename

    def rename(name: str, *rest: object, **more: int) -> None:
        if name == "1":
            raise PermissionError(13, "no")
        honest(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(module.os, "rename", rename)
    with pytest.raises(PermissionError):
        swept(shelves)
    assert shelves.left() == ["frames/1"]


def test_a_full_disk_takes_first_what_goes_first_and_no_more_than_needed(shelves: Shelves) -> None:
    running_one = shelves.put("frames", "running", retention=0, ended=False)
    shelves.put("frames", "late", retention=9000)
    shelves.put("frames", "soon", retention=1000)
    shelves.put("frames", "middle", retention=2000)
    shelves.put("frames", "prepared", retention=-1)
    shelves.put("frames", "fresh", ended=False, begun=False)
    with running(running_one), shelves.opened() as base:
        needed = iter([True, True, True, False, False])
        assert evict(base, shelves.now, lambda: next(needed)) == 2
        assert shelves.left() == ["frames/fresh", "frames/late", "frames/prepared", "frames/running"]
        assert evict(base, shelves.now, lambda: True) == 1
        assert shelves.left() == ["frames/fresh", "frames/prepared", "frames/running"]


def test_without_anything_to_delete_a_full_disk_is_left_full(shelves: Shelves) -> None:
    with shelves.opened() as base:
        assert evict(base, shelves.now, lambda: True) == 0


def test_a_sweep_holds_one_directory_at_a_time(shelves: Shelves, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def look(*_: object) -> float:
        seen.append(len(os.listdir("/proc/self/fd")))
        return inf

    for number in range(50):
        shelves.put("frames", f"{number}")
    monkeypatch.setattr(module, "seconds_left", look)
    swept(shelves)
    assert len(seen) == 50
    assert max(seen) - min(seen) <= 1


def test_the_grave_is_nobody_else_s(shelves: Shelves, tmp_path: Path) -> None:
    swept(shelves)
    assert (tmp_path / "node/volatile/erased").stat().st_mode & 0o777 == 0o700
