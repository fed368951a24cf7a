"""How many nodes to add and which to remove, so that a pool reaches its target (reference §3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from millpond.api.reasons import NodeState


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A node as resizing sees it; `created` is an RFC 3339 time."""

    name: str
    state: NodeState
    used_slots: int
    created: str
    placed: bool = True
    """It stands on a host."""
    manages: bool = False
    """A job's manager runs on it."""


class Resize(msgspec.Struct, frozen=True, gc=False):
    """How many nodes to create, and the names of those to remove, in order."""

    add: int = 0
    remove: tuple[str, ...] = ()


USELESS = (NodeState.UNUSABLE, NodeState.START_TASK_FAILED, NodeState.UNKNOWN)
TAKEN_AWAY = (NodeState.PREEMPTED,)
NOT_YET = (
    NodeState.CREATING,
    NodeState.STARTING,
    NodeState.WAITING_FOR_START_TASK,
    NodeState.REBOOTING,
    NodeState.REIMAGING,
    NodeState.UPGRADING_OS,
)


def plan_resize(target: int, nodes: Sequence[Candidate], *, stopped: bool = False) -> Resize:
    """Compare a target with the nodes that stay. Nodes that are leaving are not among `nodes`.

    `stopped`: the target is what a stopped resize has reached, so that those without a host go.
    """
    surplus = len(nodes) - target
    if surplus <= 0:
        return Resize(add=-surplus)
    victims = sorted(sorted(nodes, key=_newest_first, reverse=True), key=_worth)
    if stopped:
        victims.sort(key=lambda node: node.placed)
    return Resize(remove=tuple(node.name for node in victims[:surplus]))


def _newest_first(node: Candidate) -> tuple[str, str]:
    return node.created, node.name


def _worth(node: Candidate) -> tuple[int, int]:
    """Least useful first: broken, pre-empted, not up yet, free, the least used; those of job managers last."""
    for worth, states in enumerate((USELESS, TAKEN_AWAY, NOT_YET)):
        if node.state in states:
            return worth, 0
    return 4 if node.manages else 3, node.used_slots
