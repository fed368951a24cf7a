"""Which paths a pattern means: `*` and `?` within a name, `**` across directories, `[…]` one of several characters.

A pattern without such characters means the file itself, or everything beneath the directory of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from millpond.agent.beneath import parts_of

_MAGIC = re.compile(r"[*?\[]")


def matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a path (relative, `/` between components) is meant by one of the patterns; no pattern means all."""
    if not patterns:
        return bool
    expressions = [_expression(pattern) for pattern in patterns]
    return lambda path: any(expression.fullmatch(path) for expression in expressions)


def _expression(pattern: str) -> re.Pattern[str]:
    parts = parts_of(pattern)
    if not _MAGIC.search(pattern):
        literal = "/".join(re.escape(part) for part in parts)
        return re.compile(rf"{literal}(?:/.*)?" if literal else r".+", re.DOTALL)
    written: list[str] = []
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            written.append(r".+" if last else r"(?:[^/]+/)*")
        else:
            written.append(_component(part) + ("" if last else "/"))
    return re.compile("".join(written), re.DOTALL)


def _component(part: str) -> str:
    written, index = "", 0
    while index < len(part):
        character = part[index]
        index += 1
        if character == "*":
            written += r"[^/]*"
        elif character == "?":
            written += r"[^/]"
        elif character == "[" and "]" in part[index + 1 :]:
            end = part.index("]", index + 1)
            chosen = part[index:end].replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            written += "[" + ("^" + chosen[1:] if chosen.startswith("!") else chosen) + "]"
            index = end + 1
        else:
            written += re.escape(character)
    return written
