"""The words by which the instances of a multi-instance task's attempt find each other: one for each attempt.

Derived from a key that lives as long as the operator's process, so that all Pods of an attempt have the same one and it
is written nowhere else. A group that an operator has left half made is never completed by another.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from millpond.control.actions import StartAttempt


class GroupTokens:
    """The tokens of one process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, start: StartAttempt) -> str:
        """The token of the attempt; "" for one that is no group."""
        if not start.instances:
            return ""
        attempt = f"{start.namespace}/{start.task}/{start.task_uid}/{start.attempt}"
        return hmac.new(self._key, attempt.encode(), hashlib.sha256).hexdigest()
