"""The tree of commands: what is offered, what is hidden, how fast it is there, and what a slip is answered."""

from __future__ import annotations

import subprocess
import sys

import pytest
from millpond.cli.main import AGENT, OPERATOR

from .conftest import Shell


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tsk", "list"], "Did you mean task?"),
        (["task", "shwo", "x"], "Did you mean show?"),
        (["zzz"], "There are: version, pool, node, job, schedule, task, app, storage, explain"),
        (["task", "show"], "Missing argument"),
        (["task", "list", "-o", "xml"], "xml"),
    ],
)
def test_a_wrong_command_exits_with_2_and_says_how_it_is_right(shell: Shell, arguments: list[str], said: str) -> None:
    done = shell(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_help_lists_what_users_call_and_nothing_else(shell: Shell) -> None:
    shown = shell("--help").stdout
    for name in ("pool", "node", "job", "task", "explain", "version"):
        assert f"\n  {name} " in shown
    for name in ("agent", "operator"):
        assert f"\n  {name} " not in shown


def test_the_rooms_that_are_started_by_name_exist() -> None:
    from importlib.util import find_spec  # noqa: PLC0415

    assert find_spec(AGENT.partition(":")[0])
    assert find_spec(OPERATOR)


HEAVY = ("aiohttp", "pydantic", "rich", "kubernetes", "kopf", "yaml", "asyncio", "prometheus_client")


@pytest.mark.parametrize(
    "command",
    [["--help"], ["task", "--help"], ["task", "list", "--help"], ["agent", "--help"], ["app", "push", "--help"]],
)
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    code = f"""
import sys
from millpond.cli.main import millpond
try:
    millpond({command!r})
except SystemExit:
    print(sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(shell: Shell) -> None:
    assert shell("version").stdout.startswith("millpond ")
