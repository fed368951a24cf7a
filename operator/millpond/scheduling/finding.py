"""One thing to know of a task that waits: its reason, a sentence, and what to do."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing to know. `blocks`: the task cannot start while it lasts. `remedy` is "" where waiting is it."""

    reason: str
    message: str
    blocks: bool = False
    remedy: str = ""

    @property
    def told(self) -> str:
        """Message and remedy in one text, as a condition has it."""
        return joined(self.message, self.remedy)


def joined(message: str, more: str) -> str:
    """Both sentences, or the one that there is."""
    return f"{message} {more}" if more else message
