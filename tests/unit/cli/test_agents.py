"""Where the files of tasks and nodes are, and how the agent there is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from millpond.cli import agents
from millpond.cli.agents import Place, ask
from millpond.cli.errors import CliError
from millpond.cluster.exec import Ran

from .conftest import Shell

PLACE = Place("render-a", "render-a-pod", "workitems/j/job-1/t")


class OneCluster:
    """As much of a cluster as asking needs."""

    connection = "connection"
    one_namespace = "team"


async def asked(monkeypatch: pytest.MonkeyPatch, answer: Ran, place: Place, *arguments: str, **more: Any) -> list[Any]:
    """Ask, and tell what `exec` was called with."""
    seen: list[Any] = []

    async def execute(*given: Any, listening: bool) -> Ran:
        seen.extend([*given[:5], listening])
        receive: Callable[[bytes], Awaitable[None]] = given[5]
        await receive(b"x")
        return answer

    async def receive(chunk: bytes) -> None:
        assert chunk == b"x"

    monkeypatch.setattr(agents, "execute", execute)
    await ask(OneCluster(), place, *arguments, receive=receive, **more)  # type: ignore[arg-type]
    return seen


async def test_names_come_after_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await asked(monkeypatch, Ran(0, ""), PLACE, "cat", "-f.txt", options=("--follow",), listening=True)
    agent = ("millpond", "agent", "files", "cat", "--directory", PLACE.directory, "--follow", "--", "-f.txt")
    assert seen == ["connection", "team", "render-a-pod", "agent", agent, True]


async def test_a_whole_node_has_no_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await asked(monkeypatch, Ran(0, ""), Place("n", "p", ""), "list")
    assert seen[4] == ("millpond", "agent", "files", "list", "--")


@pytest.mark.parametrize(("said", "told"), [(" refused \n", "refused"), ("", "exit code 9 and said nothing")])
async def test_the_agent_s_words_are_passed_on(monkeypatch: pytest.MonkeyPatch, said: str, told: str) -> None:
    with pytest.raises(CliError, match=f"On node render-a: .*{told}"):
        await asked(monkeypatch, Ran(9, said), PLACE, "list")


def test_a_node_without_a_pod_has_no_files(shell: Shell) -> None:
    shell.add("computenodes", "render-a", {"poolName": "render"})
    done = shell("node", "files", "list", "render-a")
    assert done.exit_code == 1
    assert "Node render-a has no Pod yet" in done.stderr
