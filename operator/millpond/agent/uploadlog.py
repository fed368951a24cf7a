"""What is written of an upload in the task's directory, in two files (azure-batch-semantics §7.4).

Made anew for each upload. A directory that takes no more, as a full one, costs the log and never the upload.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from millpond.agent.beneath import Parts, RefusedPathError, directory

PROGRESS, TROUBLE = "fileuploadout.txt", "fileuploaderr.txt"
MODE = 0o644
"""Whoever may enter the task's directory may read it."""


class UploadLog:
    """The two files, open while an upload goes on. `base` is the node directory, `parts` the task's beneath it."""

    def __init__(self, base: int, parts: Parts) -> None:
        self._files = {name: _create(base, parts, name) for name in (PROGRESS, TROUBLE)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._files.values():
            if descriptor is not None:
                os.close(descriptor)

    def progress(self, sentence: str) -> None:
        """Something was done."""
        self._write(PROGRESS, sentence)

    def trouble(self, sentence: str) -> None:
        """Something went wrong."""
        self._write(TROUBLE, sentence)

    def _write(self, name: str, sentence: str) -> None:
        descriptor = self._files[name]
        if descriptor is not None:
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            with suppress(OSError):
                os.write(descriptor, f"{moment} {sentence}\n".encode(errors="backslashreplace"))


def _create(base: int, parts: Parts, name: str) -> int | None:
    """The file, made anew: the old one may be another user's, or a link that the task has put there."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with directory(base, parts) as descriptor:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=descriptor)
            return os.open(name, flags, MODE, dir_fd=descriptor)
    except (OSError, RefusedPathError):
        return None
