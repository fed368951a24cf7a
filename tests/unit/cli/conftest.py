"""The command line against a model API server, and against a node directory served by the agent itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commandline import SERVER, SPACE, Shell, serve_node, shell_at

__all__ = ["SERVER", "SPACE", "Shell"]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    return shell_at(monkeypatch)


@pytest.fixture
def node_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A node directory, and `exec` as a call of the agent on it."""
    root = tmp_path / "node"
    root.mkdir()
    serve_node(monkeypatch, root)
    return root
