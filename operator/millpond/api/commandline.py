"""Splitting a command line the way a POSIX shell would, without running one (reference §7.1)."""

from __future__ import annotations

import shlex


class CommandLineError(ValueError):
    """The command line cannot be split; the message says why and what to do."""


def split_command_line(text: str) -> tuple[str, ...]:
    """The words of a command line. Raises CommandLineError when a quote is left open or a backslash ends the text."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise CommandLineError(
            f"commandLine cannot be split into words: {str(error).lower()}. "
            "Close the quote, or write a literal quote as \\' or \\\"."
        ) from None
