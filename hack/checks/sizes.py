"""File and function sizes, and names that say nothing.

A file is a subject: above 400 lines it is two. A function above 60 lines fails, one above 40 is named.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

MOST_LINES = 400
MOST_FUNCTION_LINES = 60
SOFT_FUNCTION_LINES = 40
BANNED_NAMES = ("utils", "helpers", "common", "manager", "base")


def faults(path: Path, root: Path) -> Iterator[str]:
    """What is wrong with a source file's size and name."""
    name = path.relative_to(root)
    for part in (*name.parts[:-1], name.stem):
        if part.lower() in BANNED_NAMES:
            yield f"{name}: the name {part} says nothing: name it after its subject"
    text = path.read_text()
    lines = text.count("\n")
    if lines > MOST_LINES:
        yield f"{name}: {lines} lines, at most {MOST_LINES}: split it by subject"
    if path.suffix == ".py":
        for function, length in long_functions(text, MOST_FUNCTION_LINES):
            yield f"{name}: {function} has {length} lines, at most {MOST_FUNCTION_LINES}: split it by step"


def remarks(path: Path, root: Path) -> Iterator[str]:
    """Functions that are longer than they should be, and not yet too long."""
    if path.suffix == ".py":
        for function, length in long_functions(path.read_text(), SOFT_FUNCTION_LINES):
            if length <= MOST_FUNCTION_LINES:
                yield f"{path.relative_to(root)}: {function} has {length} lines, aim at {SOFT_FUNCTION_LINES}"


def long_functions(text: str, most: int) -> Iterator[tuple[str, int]]:
    """Name and length of each function in Python source that is longer than `most` lines.

    Source that does not parse has none: that is the linter's to say.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > most:
                yield node.name, length
