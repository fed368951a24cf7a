"""Whether a host is as it was before a node stood on it, from the Pod that erases the node's directory."""

from __future__ import annotations

import msgspec

from millpond.api.times import parse_time
from millpond.api.views.host import HostView
from millpond.api.views.pod import PodView
from millpond.lifecycle.nodes import host_is_lost

ERASER_CONTAINER = "eraser"


class ErasureFacts(msgspec.Struct, frozen=True, gc=False):
    """`host_name` is where the node stood last; `refusal` is why the API server does not let the Pod be made."""

    host_name: str | None
    host: HostView | None
    eraser: PodView | None
    refusal: str


class ErasureVerdict(msgspec.Struct, frozen=True, gc=False):
    """Over, with `stays` saying why files stay on the host ("" where none do); or not, and when to look again."""

    over: bool
    stays: str = ""
    look_again: float | None = None


def judge_erasure(facts: ErasureFacts, now: float, patience: float) -> ErasureVerdict:
    """A node that never stood anywhere left nothing, and a host that is gone has nothing. `patience` in seconds."""
    if facts.host_name is None or facts.host is None:
        return ErasureVerdict(over=True)
    if host_is_lost(facts.host):
        return ErasureVerdict(over=True, stays="it is out of service")
    if facts.refusal:
        return ErasureVerdict(over=True, stays=facts.refusal)
    eraser = facts.eraser
    if eraser is None:
        return ErasureVerdict(over=False)
    if eraser.status.phase == "Succeeded":
        return ErasureVerdict(over=True)
    if eraser.terminal:
        return ErasureVerdict(over=True, stays=_why(eraser))
    until = parse_time(eraser.metadata.creation_timestamp) + patience
    if now >= until:
        return ErasureVerdict(over=True, stays=f"they were not erased within {patience:.0f} s")
    return ErasureVerdict(over=False, look_again=until)


def _why(eraser: PodView) -> str:
    """What the eraser said at its end, else what the kubelet says of it."""
    state = eraser.container(ERASER_CONTAINER)
    said = state.terminated.message.strip() if state is not None and state.terminated is not None else ""
    return said or eraser.status.message or eraser.status.reason or "the Pod that erases them failed"
