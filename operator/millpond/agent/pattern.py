"""Which paths a pattern means: `*` and `?` within a name, `**` across directories, `[…]` one of several characters.

A pattern without such characters means the file itself, or everything beneath the directory of that name. Names that
begin with a dot are as good as any: who looks at a directory wants to see what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from millpond.agent.beneath import RefusedPathError, parts_of
from millpond.api.filepattern import Deep, FilePattern, FilePatternError, element


def matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a path (relative, `/` between components) is meant by one of the patterns; no pattern means all."""
    if not patterns:
        return bool
    meant = [each for pattern in patterns for each in _read(pattern)]
    return lambda path: any(each.matches(tuple(path.split("/"))) for each in meant)


def _read(pattern: str) -> Iterator[FilePattern]:
    """What the pattern means, and what is beneath that. RefusedPathError where it leads out, or is none."""
    try:
        own = FilePattern((), tuple(element(part, hidden=True) for part in parts_of(pattern)), hidden=True)
    except FilePatternError as error:
        raise RefusedPathError(str(error)) from error
    yield own
    if not own.wildcard:
        yield FilePattern((), (*own.elements, Deep.ANY), hidden=True)
