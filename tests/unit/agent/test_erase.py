"""A node directory is erased whole, whatever tasks left in it, and nothing outside it is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from millpond.agent.beneath import RefusedPathError
from millpond.agent.erase import erase

NAME = "studio.farm.farm-aaaaa"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two node directories, and something beside their root that must stay."""
    for path in (f"nodes/{NAME}/workitems", "nodes/studio.farm.farm-bbbbb/shared", "precious"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "precious" / "file").write_text("kept")
    return tmp_path / "nodes"


def test_all_of_it_goes_and_nothing_else(root: Path) -> None:
    node = root / NAME
    (node / "workitems" / "a" / "b").mkdir(parents=True)
    (node / "workitems" / "a" / "0").mkdir()
    (node / "0").write_text("named as what is moved up")
    (node / "workitems" / "a" / "b" / "file").write_text("x")
    (node / "workitems" / "link").symlink_to(root.parent / "precious")
    (node / "top").symlink_to("/")
    os.mkfifo(node / "workitems" / "a" / "pipe")
    os.link(root.parent / "precious" / "file", node / "hard")
    erase(str(root), NAME)
    assert [path.name for path in root.iterdir()] == ["studio.farm.farm-bbbbb"]
    assert (root.parent / "precious" / "file").read_text() == "kept"
    erase(str(root), NAME)


def test_depth_costs_nothing(root: Path) -> None:
    directory = os.open(root / NAME, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=directory)
        inner = os.open("d", os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = inner
    os.close(directory)
    erase(str(root), NAME)
    assert not (root / NAME).exists()


@pytest.mark.parametrize("name", ["", ".", "..", "../precious", f"{NAME}/workitems", "/etc", f"{NAME}/../x"])
def test_only_a_plain_name_is_erased(root: Path, name: str) -> None:
    with pytest.raises(RefusedPathError):
        erase(str(root), name)
    assert (root / NAME / "workitems").is_dir()


def test_a_link_in_the_place_of_the_directory_is_refused(root: Path) -> None:
    (root / "link").symlink_to(root.parent / "precious")
    with pytest.raises(RefusedPathError):
        erase(str(root), "link")
    assert (root.parent / "precious" / "file").exists()
