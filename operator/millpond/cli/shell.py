"""The shape of the command line: groups whose commands are loaded when called, aliases, and suggestions for slips."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click


class Group(click.Group):
    """`aliases` map other words to commands; `lazy` maps commands to `module:attribute`, and to their summaries."""

    def __init__(
        self,
        *arguments: Any,
        aliases: dict[str, str] | None = None,
        lazy: dict[str, tuple[str, str]] | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(*arguments, **rest)
        self._aliases = aliases or {}
        self._lazy = lazy or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *self._lazy]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = self._aliases.get(cmd_name, cmd_name)
        if name in self._lazy:
            module, _, attribute = self._lazy[name][0].partition(":")
            found: click.Command = getattr(import_module(module), attribute)
            return found
        return super().get_command(ctx, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            known = [known for known, _ in self._summaries(ctx)]
            alike = get_close_matches(name, [*known, *self._aliases], n=1)
            next_step = f" Did you mean {alike[0]}?" if alike else f" There are: {', '.join(known)}."
            raise click.UsageError(f"There is no command {name} of {ctx.command_path}.{next_step}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(self._summaries(ctx))

    def _summaries(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Commands that are not hidden, without loading the lazy ones."""
        rows = []
        for name in self.list_commands(ctx):
            if name in self._lazy:
                summary = self._lazy[name][1]
            else:
                command = self.get_command(ctx, name)
                summary = command.get_short_help_str(80) if command is not None and not command.hidden else ""
            if summary:
                rows.append((name, summary))
        return rows
