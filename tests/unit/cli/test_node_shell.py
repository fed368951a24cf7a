"""A shell on a node: which kubectl command it becomes."""

from __future__ import annotations

import shutil

import pytest
from millpond.cli.access import Access
from millpond.cli.errors import CliError
from millpond.cli.node_shell import COMMAND, SHELL, kubectl

ELSEWHERE = Access(kubeconfig="/x/config", context="other")


@pytest.fixture(autouse=True)
def _kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")


def test_a_terminal_in_the_node_directory() -> None:
    words = kubectl(Access(), "lab", "render-a", (), terminal=True)
    assert words[:-3] == [
        "/bin/kubectl", "--namespace=lab", "exec", "--stdin", "--tty", "render-a", "--container=agent", "--",
    ]  # fmt: skip
    assert words[-3:] == ["sh", "-c", SHELL]
    assert "cd /mnt/batch/tasks;" in SHELL


def test_a_command_without_a_terminal_on_another_cluster() -> None:
    words = kubectl(ELSEWHERE, "lab", "render-a", ("ls", "-l"), terminal=False)
    assert words[1:4] == ["--kubeconfig=/x/config", "--context=other", "--namespace=lab"]
    assert "--tty" not in words
    assert words[-7:] == ["--", "sh", "-c", COMMAND, "sh", "ls", "-l"]


def test_without_kubectl_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(CliError, match="needs kubectl") as refused:
        kubectl(Access(), "lab", "render-a", (), terminal=True)
    assert "node files" in refused.value.next_step
