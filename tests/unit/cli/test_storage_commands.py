"""`millpond storage` as a user types it, before a store is asked."""

from __future__ import annotations

import pytest

from .conftest import Shell


def test_help_names_the_commands(shell: Shell) -> None:
    shown = shell("storage", "--help").stdout
    for name in ("upload", "download", "ls", "rm"):
        assert f"\n  {name} " in shown
    for option in ("--store", "--credentials-secret", "--endpoint", "--namespace"):
        assert option in shell("storage", "upload", "--help").stdout


@pytest.mark.parametrize(
    "arguments",
    [["upload", "place"], ["upload", "/no/such/file", "place"], ["download"], ["ls"], ["rm"], ["ls", "a", "b"]],
)
def test_a_wrong_command_exits_with_2(shell: Shell, arguments: list[str]) -> None:
    assert shell("storage", *arguments).exit_code == 2


def test_without_a_default_store_it_says_how_to_have_one(shell: Shell) -> None:
    done = shell("storage", "ls", "inputs")
    assert done.exit_code == 1
    assert "There is no Secret millpond-store in namespace team, which is its default store." in done.stderr
    assert "create secret generic millpond-store" in done.stderr
