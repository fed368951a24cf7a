"""`millpond app` as a user types it, before a store is asked."""

from __future__ import annotations

import pytest

from .conftest import Shell


def test_help_names_the_commands(shell: Shell) -> None:
    shown = shell("app", "--help").stdout
    for name in ("push", "list", "set-default", "rm"):
        assert f"\n  {name} " in shown


@pytest.mark.parametrize(
    "arguments", [["push", "a", "1"], ["push", "a", "1", "/no/such/file"], ["rm", "a"], ["list", "x"]]
)
def test_a_wrong_command_exits_with_2(shell: Shell, arguments: list[str]) -> None:
    assert shell("app", *arguments).exit_code == 2


def test_without_a_default_store_it_says_so(shell: Shell) -> None:
    done = shell("app", "list")
    assert done.exit_code == 1
    assert "There is no Secret millpond-store" in done.stderr
