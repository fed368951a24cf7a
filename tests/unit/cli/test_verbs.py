"""Every command explains itself, and asks for what it needs."""

from __future__ import annotations

import click
import pytest
from millpond.cli.shell import Group
from millpond.cli.verbs import explain, job, node, pool, task

from .conftest import Shell

NOUNS = {"pool": pool, "node": node, "job": job, "task": task, "explain": explain}


def commands(group: Group, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The paths of all commands of a group and its groups."""
    found: list[tuple[str, ...]] = []
    for name, command in group.commands.items():
        inner = commands(command, (*path, name)) if isinstance(command, Group) else [(*path, name)]
        found += inner
    return found


PATHS = [path for noun, group in NOUNS.items() for path in commands(group, (noun,))]


def test_the_commands() -> None:
    assert {" ".join(path) for path in PATHS} == {
        *(f"{noun} {verb}" for noun in ("pool", "node", "job", "task") for verb in ("list", "show")),
        *(f"{noun} files {verb}" for noun in ("node", "task") for verb in ("list", "show", "read", "get", "delete")),
        "node shell",
        *(f"pool autoscale {verb}" for verb in ("evaluate", "samples")),
        *(f"node {verb}" for verb in ("disable", "enable", "reboot", "reimage", "remove")),
        *(f"pool {verb}" for verb in ("resize", "stop-resize")),
        "job watch",
        "job prep-status",
        *(f"job {verb}" for verb in ("disable", "enable", "terminate", "delete")),
        *(f"task {verb}" for verb in ("terminate", "reactivate", "delete")),
        "task stdout",
        "task stderr",
        "explain task",
        "explain job",
    }


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_says_what_it_does_and_how_to_reach_a_cluster(shell: Shell, path: tuple[str, ...]) -> None:
    done = shell(*path, "--help")
    assert done.exit_code == 0
    assert "--namespace" in done.stdout
    command: click.Command = NOUNS[path[0]]
    for name in path[1:]:
        assert isinstance(command, Group)
        command = command.commands[name]
    assert command.help
    assert command.help.rstrip().endswith(".")


@pytest.mark.parametrize("path", [path for path in PATHS if path[-1] != "list" or "files" in path], ids=" ".join)
def test_a_name_is_needed(shell: Shell, path: tuple[str, ...]) -> None:
    done = shell(*path)
    assert done.exit_code == 2
    assert "Missing argument 'NAME" in done.stderr
