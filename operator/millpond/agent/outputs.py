"""Finding what the pattern of an output file means beneath the node directory, and where each file goes.

No symbolic link is followed: one that is meant is refused, since the upload would be of another file, or of none.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from millpond.agent.beneath import MAX_DEPTH, MissingFileError, NoDirectoryError, Parts, RefusedPathError, directory
from millpond.api.filepattern import FilePattern, State

MAX_ENTRIES = 200_000


@dataclass(frozen=True, slots=True)
class Output:
    """A file to upload: its path beneath the node directory, and the blob's name below the destination's container."""

    parts: Parts
    blob: str


def find_outputs(root: int, pattern: FilePattern, path: str | None) -> Iterator[Output]:
    """The regular files that the pattern means, in order of their paths; `root` is the open node directory.

    `path` is the destination's: the blob's name where the pattern has no wildcard, else a directory for all of them. A
    pattern that means nothing finds nothing. RefusedPathError by a link that is meant or leads to what is, by a
    directory that is closed to this user, by a name that is no text, and above MAX_ENTRIES files and directories.
    """
    for parts in _walk(root, pattern):
        below = parts[len(pattern.base) :]
        name = "/".join(below) if pattern.wildcard else below[-1]
        if not pattern.wildcard and path:
            yield Output(parts, path)
            continue
        if not _is_text(name):
            raise RefusedPathError(f"{name!r} cannot be a blob's name, since it is not UTF-8: rename the file")
        yield Output(parts, f"{path}/{name}" if path else name)


def _walk(root: int, pattern: FilePattern) -> Iterator[Parts]:
    pending: list[tuple[Parts, State | None]] = [(pattern.base, pattern.start())]
    seen = 0
    while pending:
        parts, state = pending.pop()
        if state is None:
            yield parts
            continue
        found = _look(root, parts, pattern, state)
        seen += len(found)
        if seen > MAX_ENTRIES:
            raise RefusedPathError(f"there are more than {MAX_ENTRIES} files: write a pattern that means fewer")
        pending += reversed(found)


def _look(root: int, parts: Parts, pattern: FilePattern, state: State) -> list[tuple[Parts, State | None]]:
    """What is in a directory and matters: files that are meant, with None, and directories that lead on."""
    found: list[tuple[Parts, State | None]] = []
    try:
        with directory(root, parts) as descriptor:
            for name in sorted(os.listdir(descriptor)):
                inner, after = (*parts, name), pattern.step(state, name)
                if not after:
                    continue
                mode = _mode(descriptor, name)
                if stat.S_ISLNK(mode) and pattern.accepts(after):
                    raise RefusedPathError(_LINK.format("/".join(inner)))
                if stat.S_ISREG(mode) and pattern.accepts(after):
                    found.append((inner, None))
                elif stat.S_ISDIR(mode) and pattern.goes_on(after):
                    found.append((inner, after))
    except (MissingFileError, NoDirectoryError):
        return []
    if len(parts) >= MAX_DEPTH and found:
        raise RefusedPathError(
            f"{'/'.join(parts)[:60]!r}… is {MAX_DEPTH} directories deep or more: write a shorter path"
        )
    return found


_LINK = "{!r} is a symbolic link; links are not followed: write a file there, or a pattern that leaves it out"


def _mode(parent: int, name: str) -> int:
    """Type and permissions of an entry; 0 where it has gone meanwhile."""
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return 0


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
