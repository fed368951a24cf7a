"""Printing objects in the format asked for: table, wide, json, yaml or name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import click

from millpond.cli.columns import COLUMNS, NAMESPACE, Document
from millpond.cli.tables import colours_wanted, draw, terminal_width

FORMATS = ("table", "wide", "json", "yaml", "name")


def format_option(command: Callable[..., None]) -> Callable[..., None]:
    """The option -o, as `output`."""
    option = click.option(
        "-o", "--output", type=click.Choice(FORMATS), default="table", show_default=True, help="How to show it."
    )
    return option(command)


def print_list(noun: str, documents: list[Document], output: str, *, namespaced: bool, where: str) -> None:
    """Print all documents. `where` completes the sentence that there are none; `namespaced` adds their namespaces."""
    match output:
        case "json" | "yaml":
            print_document({"apiVersion": "v1", "kind": "List", "items": documents}, output)
        case "name":
            for document in documents:
                click.echo(name_of(document))
        case _:
            columns = [column for column in COLUMNS[noun] if output == "wide" or not column.wide]
            columns = [NAMESPACE, *columns] if namespaced else columns
            width = None if output == "wide" else terminal_width()
            for line in draw(columns, documents, time.time(), width=width, coloured=colours_wanted()):
                click.echo(line)
            if not documents:
                click.echo(f"There are no {noun}s {where}.", err=True)


def print_document(document: Any, output: str) -> None:
    """Print one document as json or yaml, keys in the order in which the server gave them."""
    if output == "json":
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    import yaml  # noqa: PLC0415 - only this format needs it

    click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)


def name_of(document: Document) -> str:
    """As `kubectl -o name` writes it, so that kubectl understands it."""
    return f"{document['kind'].lower()}.millpond.dev/{document['metadata']['name']}"
