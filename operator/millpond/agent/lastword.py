"""The last word of a container, which the kubelet takes into its Pod's status: the operator reads it there."""

from __future__ import annotations

import os
from contextlib import suppress

TERMINATION_LOG = "/dev/termination-log"
MOST = 4096
"""Bytes that the kubelet takes of it."""


def leave(word: bytes, path: str = TERMINATION_LOG) -> None:
    """Write the word where the kubelet looks for it; outside a container there is no such file, and none is made."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        try:
            os.write(descriptor, word[:MOST])
        finally:
            os.close(descriptor)
