"""The node directory is made as described, again and again, and never through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from millpond.agent.beneath import RefusedPathError
from millpond.agent.layout import Owners, lay_out

ME = os.getuid(), os.getgid()
OWN = Owners(ME, ME, os.getgid(), os.getgid())


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    path = tmp_path / "launcher"
    path.write_bytes(b"\x7fELF program")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "node"
    path.mkdir()
    return path


MODES = {
    "shared": 0o2770,
    "workitems": 0o3777,
    "startup": 0o755,
    "startup/wd": 0o755,
    "fsmounts": 0o755,
    "applications": 0o755,
    "volatile": 0o755,
    "volatile/bin": 0o755,
    "volatile/bin/launcher": 0o755,
}


def modes(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): stat.S_IMODE(path.lstat().st_mode) for path in root.rglob("*")}


def test_the_layout_and_its_modes(root: Path, launcher: Path) -> None:
    lay_out(str(root), str(launcher), OWN)
    assert modes(root) == MODES
    assert (root / "volatile/bin/launcher").read_bytes() == launcher.read_bytes()


def test_whose_the_directories_are_also_when_the_start_task_gets_another_user(
    root: Path, launcher: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, tuple[int, int]] = {}

    def give(descriptor: int, user: int, group: int) -> None:
        given[str(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(root))] = (user, group)

    monkeypatch.setattr(os, "fchown", give)
    me = os.getuid()
    for start in ((65_532, 65_532), (70_000, 70_001)):
        lay_out(str(root), str(launcher), Owners(start, (80_001, 80_002), 90_001, 90_002))
        assert given == {
            "shared": (me, 90_001), "workitems": (me, 90_002), "startup": start, "startup/wd": start,
            "applications": (80_001, 80_002),
        }  # fmt: skip
        assert modes(root) == MODES


def test_making_it_again_keeps_files_and_mends_modes(root: Path, launcher: Path) -> None:
    lay_out(str(root), str(launcher), OWN)
    (root / "shared/data").write_text("kept")
    (root / "shared").chmod(0o700)
    inode = (root / "volatile/bin/launcher").stat().st_ino
    lay_out(str(root), str(launcher), OWN)
    assert (root / "shared/data").read_text() == "kept"
    assert modes(root)["shared"] == 0o2770
    assert (root / "volatile/bin/launcher").stat().st_ino == inode


def test_another_launcher_takes_the_old_ones_place(root: Path, launcher: Path) -> None:
    lay_out(str(root), str(launcher), OWN)
    launcher.write_bytes(b"\x7fELF newer")
    lay_out(str(root), str(launcher), OWN)
    assert os.listdir(root / "volatile/bin") == ["launcher"]
    assert (root / "volatile/bin/launcher").read_bytes() == b"\x7fELF newer"


@pytest.mark.parametrize(
    "name", ["shared", "workitems", "startup", "fsmounts", "volatile", "startup/wd", "volatile/bin"]
)
def test_a_link_in_the_way_is_refused_and_its_target_untouched(
    root: Path, launcher: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir(mode=0o700)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(target)
    with pytest.raises(RefusedPathError):
        lay_out(str(root), str(launcher), OWN)
    assert modes(target) == {}
    assert stat.S_IMODE(target.stat().st_mode) == 0o700


def test_a_link_in_place_of_the_launcher_is_replaced_not_followed(root: Path, launcher: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (root / "volatile/bin").mkdir(parents=True)
    (root / "volatile/bin/launcher").symlink_to(victim)
    lay_out(str(root), str(launcher), OWN)
    assert victim.read_text() == "untouched"
    assert (root / "volatile/bin/launcher").read_bytes() == launcher.read_bytes()


def test_a_missing_root_is_said_to_be_missing(tmp_path: Path, launcher: Path) -> None:
    with pytest.raises(RefusedPathError, match="there is no file"):
        lay_out(str(tmp_path / "absent"), str(launcher), OWN)


def test_the_root_of_a_claim_keeps_the_mode_that_the_kubelet_gave_it(
    root: Path, launcher: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.chmod(0o2775)
    inode, see = root.stat().st_ino, os.fstat

    def strange(descriptor: int) -> os.stat_result:
        """The root is another user's."""
        found = see(descriptor)
        return os.stat_result((*found[:4], found.st_uid + 1, *found[5:])) if found.st_ino == inode else found

    monkeypatch.setattr(os, "fstat", strange)
    lay_out(str(root), str(launcher), OWN)
    assert stat.S_IMODE(root.stat().st_mode) == 0o2775
    assert (root / "volatile/bin/launcher").exists()
