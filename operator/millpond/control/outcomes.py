"""What performing an action came to, as the fold needs to know it."""

from __future__ import annotations

import msgspec

from millpond.scaling.kept_samples import KeptSamples


class Room(msgspec.Struct, frozen=True, gc=False):
    """What a claimed host has left for a node's tasks: millicores, bytes, counted devices."""

    cpu_millis: int
    memory_bytes: int
    devices: dict[str, int] = {}


class Done(msgspec.Struct, frozen=True, gc=False):
    """Performed (or found performed). `version` and `uid` are the object's afterwards, where the answer told."""

    version: str = ""
    uid: str = ""
    room: Room | None = None
    samples: KeptSamples | None = None


class Missed(msgspec.Struct, frozen=True, gc=False):
    """Not performed because the world is not as assumed (conflict, gone), or the API did not answer: look again."""

    why: str
    again_in: float = 0.0


QUOTA_EXCEEDED = "QuotaExceeded"
"""The reason of a Refused where a ResourceQuota of the namespace is used up."""


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The API server or the task itself forbids it: trying again would not help. `reason` is a condition's."""

    reason: str
    message: str


class Skipped(msgspec.Struct, frozen=True, gc=False):
    """An earlier action of its chain failed."""


Outcome = Done | Missed | Refused | Skipped
