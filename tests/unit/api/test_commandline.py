"""Command lines are split as a POSIX shell would, and run by none."""

from __future__ import annotations

import pytest
from millpond.api.commandline import CommandLineError, split_command_line

UNEXPANDED = "echo $HOME `id` $(id) *.txt > out | cat && true; #x"
LINES = [
    ("render", ("render",)),
    ("  render   scene.pov ", ("render", "scene.pov")),
    ("echo 'a b' \"c d\" e\\ f", ("echo", "a b", "c d", "e f")),
    ("echo ''", ("echo", "")),
    (UNEXPANDED, tuple(UNEXPANDED.split())),
    ("sh -c 'echo $HOME | wc -c'", ("sh", "-c", "echo $HOME | wc -c")),
    ("""say "it's" 'so "quoted"' """, ("say", "it's", 'so "quoted"')),
    ("a\nb\tc", ("a", "b", "c")),
    ("größe 文字", ("größe", "文字")),
    ("", ()),
]


@pytest.mark.parametrize(("line", "words"), LINES)
def test_a_line_is_split_into_words(line: str, words: tuple[str, ...]) -> None:
    assert split_command_line(line) == words


@pytest.mark.parametrize("line", ["echo 'open", 'echo "open', "echo \\"])
def test_an_open_quote_is_named_with_its_remedy(line: str) -> None:
    with pytest.raises(CommandLineError, match="Close the quote"):
        split_command_line(line)
