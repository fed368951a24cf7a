"""A node directory with one task in it, beside which lies what no reader may see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from millpond.agent.beneath import open_root

from .shelves import Shelves


@dataclass
class NodeDirectory:
    root: Path
    task: Path
    base: int
    """Descriptor of the task's directory."""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeDirectory]:
    (tmp_path / "secret.txt").write_text("not for you")
    root = tmp_path / "node"
    task = root / "workitems/frames/job-1/042"
    (task / "wd/out/deep").mkdir(parents=True)
    (task / "stdout.txt").write_text("hello\n")
    (task / "stderr.txt").write_text("")
    (task / "wd/a.png").write_bytes(b"\x89PNG")
    (task / "wd/out/b.png").write_bytes(b"bb")
    (task / "wd/out/deep/c d.png").write_bytes(b"ccc")
    (task / "wd/notes.txt").write_text("notes")
    base = open_root(str(task))
    yield NodeDirectory(root, task, base)
    os.close(base)


@pytest.fixture
def shelves(tmp_path: Path) -> Shelves:
    """A node directory without tasks, and something beside it that must stay."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("kept")
    for name in ("workitems", "volatile", "shared"):
        (tmp_path / "node" / name).mkdir(parents=True)
    return Shelves(tmp_path / "node")
