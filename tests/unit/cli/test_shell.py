"""Groups of commands: aliases, commands loaded when called, slips."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner
from millpond.cli.shell import Group

LOADED = click.Command("later", callback=lambda: click.echo("later ran"))


def make_group() -> Group:
    group = Group(
        "tool",
        aliases={"ls": "list"},
        lazy={"later": (f"{__name__}:LOADED", "Comes later."), "never": ("no.such.module:x", "Is never loaded.")},
    )
    group.add_command(click.Command("list", callback=lambda: click.echo("list ran"), help="List things."))
    group.add_command(click.Command("secret", callback=lambda: None, hidden=True))
    return group


@pytest.mark.parametrize(("word", "said"), [("list", "list ran"), ("ls", "list ran"), ("later", "later ran")])
def test_words_and_what_they_call(word: str, said: str) -> None:
    assert CliRunner().invoke(make_group(), [word]).output == f"{said}\n"


def test_help_loads_nothing() -> None:
    shown = CliRunner().invoke(make_group(), ["--help"])
    assert shown.exit_code == 0
    assert "List things." in shown.output
    assert "Is never loaded." in shown.output
    assert "secret" not in shown.output


@pytest.mark.parametrize(
    ("word", "said"),
    [("lst", "Did you mean list?"), ("latr", "Did you mean later?"), ("secert", "There are: list, later, never.")],
)
def test_a_slip_is_answered_with_what_is_there(word: str, said: str) -> None:
    done = CliRunner().invoke(make_group(), [word])
    assert done.exit_code == 2
    assert said in done.output
