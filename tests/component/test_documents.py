"""What documents and examples show can be done: the API server takes every manifest, and every command is there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import yaml
from millpond.cli.main import millpond
from support.apiserver import ROOT, ApiServer

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").rglob("*.yaml"))


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def _shown() -> list[tuple[str, str]]:
    """Every manifest that is shown or kept, with a name for it."""
    found = [(path.relative_to(ROOT).as_posix(), path.read_text()) for path in EXAMPLES]
    for page in PAGES:
        for number, block in enumerate(blocks(page, "yaml")):
            found.append((f"{page.relative_to(ROOT)}-{number}", block))
    return found


SHOWN = _shown()


def _commands() -> set[tuple[str, ...]]:
    """The words of every `millpond …` that a page shows, up to the first argument."""
    found: set[tuple[str, ...]] = set()
    for page in PAGES:
        for block in blocks(page, "console"):
            for words in re.findall(r"^\$ (?:kubectl )?millpond ((?:[a-z][a-z-]* ?)+)", block, re.MULTILINE):
                found.add(tuple(words.split()))
    return found


@pytest.mark.parametrize("text", [text for _, text in SHOWN], ids=[name for name, _ in SHOWN])
def test_the_api_server_takes_it(server: ApiServer, text: str) -> None:
    assert [document["kind"] for document in yaml.safe_load_all(text) if document]
    said = server.done("apply", "--server-side", "--dry-run=server", "-f", "-", document=text)
    assert "serverside-applied" in said


@pytest.mark.parametrize("words", sorted(_commands()), ids=" ".join)
def test_the_command_is_there(words: tuple[str, ...]) -> None:
    command: click.Command | None = millpond
    context = click.Context(millpond)
    for word in words:
        if not isinstance(command, click.Group):
            return
        command = command.get_command(context, word)
        assert command is not None, f"no command {' '.join(words)}"


def test_something_is_shown() -> None:
    assert len(SHOWN) >= 2
    assert len(_commands()) >= 3
