"""The target in force: what was asked, less the nodes removed since, or what a stopped resize had reached.

What is remembered (`Sizing`) is all that a later life of the operator needs: it never changes what a user wrote
(azure-batch-semantics §3.2; decision 0018).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from millpond.api.resize import MOST_REMOVALS


class Wish(msgspec.Struct, frozen=True, gc=False):
    """What the pool's user asks for. A time that differs from the one before asks anew."""

    target: int
    resized_at: datetime | None = None
    stopped_at: datetime | None = None


class Standing(msgspec.Struct, frozen=True, gc=False):
    """The nodes that are there. `removals`: the uids of those whose removal was asked for, in a fixed order."""

    placed: int = 0
    """Nodes on hosts, without those that leave."""
    leaving: int = 0
    removals: tuple[str, ...] = ()


class Sizing(msgspec.Struct, frozen=True, gc=False):
    """The resize in force. `began`: seconds since the epoch."""

    target: int
    wish: Wish
    began: float
    stopped: bool = False
    removals: tuple[str, ...] = ()
    """Uids of nodes that the target was lowered for, and that are still there."""


def judge_target(old: Sizing | None, wish: Wish, nodes: Standing, now: float, *, anew: bool = False) -> Sizing:
    """The resize in force now. Each wish is served once: those of `old` are behind us.

    `anew`: the target is asked for once more, by a formula that finds another one in force.
    """
    sizing = _asked(old, wish, now, anew=anew)
    stop_asked = old is not None and wish.stopped_at not in (None, old.wish.stopped_at)
    if stop_asked and (nodes.leaving or nodes.placed < sizing.target):
        sizing = msgspec.structs.replace(sizing, target=min(sizing.target, nodes.placed), stopped=True)
    return _without_removed(sizing, nodes.removals, now)


def _asked(old: Sizing | None, wish: Wish, now: float, *, anew: bool) -> Sizing:
    if old is None:
        return Sizing(wish.target, wish, now)
    if anew or (wish.target, wish.resized_at) != (old.wish.target, old.wish.resized_at):
        return Sizing(wish.target, wish, now, removals=old.removals)
    return msgspec.structs.replace(old, wish=wish)


def _without_removed(sizing: Sizing, removals: Sequence[str], now: float) -> Sizing:
    """Lower the target by one for each removal, once."""
    known = tuple(uid for uid in sizing.removals if uid in removals)
    fresh = tuple(uid for uid in removals if uid not in known)[: MOST_REMOVALS - len(known)]
    if not fresh:
        return msgspec.structs.replace(sizing, removals=known)
    target = max(0, sizing.target - len(fresh))
    return msgspec.structs.replace(sizing, target=target, began=now, stopped=False, removals=known + fresh)
