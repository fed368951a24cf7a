"""Erasing a node directory whole, whatever tasks have left in it. No symbolic link is followed.

Depth costs nothing: what lies in a directory is moved up until only one level is left, so that neither descriptors nor
the stack grow with how deep a task has nested. Begun again after any interruption, it does what is left.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import count

from millpond.agent.beneath import MissingFileError, RefusedPathError, exists, open_directory, open_root, parts_of


def erase(root: str, name: str) -> None:
    """Erase the directory `name` in `root`; one that is not there is as good.

    RefusedPathError where `name` is no plain name, or no directory has it; OSError where the system says no.
    """
    parts = parts_of(name)
    if len(parts) != 1:
        raise RefusedPathError(f"{name!r} is no plain name: name a directory in {root}")
    base = open_root(root)
    try:
        try:
            directory = open_directory(base, parts)
        except MissingFileError:
            return
        try:
            empty(directory)
        finally:
            os.close(directory)
        os.rmdir(parts[0], dir_fd=base)
    finally:
        os.close(base)


def empty(directory: int) -> None:
    """Remove all that is in the open directory, level by level. OSError where the system says no."""
    fresh = (f"{number}" for number in count())
    while names := os.listdir(directory):
        for name in names:
            if is_directory(name, directory):
                inner = open_directory(directory, (name,))
                try:
                    _move_up(inner, directory, fresh)
                finally:
                    os.close(inner)
                os.rmdir(name, dir_fd=directory)
            else:
                os.unlink(name, dir_fd=directory)


def _move_up(inner: int, outer: int, fresh: Iterator[str]) -> None:
    """Remove the files of a directory, and move its directories to the outer one, under names that nothing has."""
    for name in os.listdir(inner):
        if is_directory(name, inner):
            os.rename(name, next(free for free in fresh if not exists(free, outer)), src_dir_fd=inner, dst_dir_fd=outer)
        else:
            os.unlink(name, dir_fd=inner)


def is_directory(name: str, parent: int) -> bool:
    """True for a directory; FileNotFoundError where there is nothing of that name."""
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
