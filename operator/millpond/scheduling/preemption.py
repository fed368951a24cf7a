"""Which running tasks give way to tasks that go first (azure-batch-semantics §4.1 item 5, §4.8 item 3).

A job's manager that is to start again may have one task of the pool put back into its queue, never one of a job of
higher priority. Tasks of other jobs may have as many put back as it takes, of jobs that allow it and have a lower
priority. Nothing is stopped for room that is coming anyway, nor for room that a task of higher priority would take.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec

from millpond.scheduling.demand import Demand
from millpond.scheduling.eligibility import NO_NODES, fits
from millpond.scheduling.node_slots import NodeSlots


class Running(msgspec.Struct, frozen=True, gc=False):
    """An attempt that holds a place. `began` is an RFC 3339 time; `leaving` says that it is being stopped already."""

    pod: str
    node: str
    demand: Demand
    priority: int
    began: str
    leaving: bool = False
    yields: bool = True
    """It may be stopped for another one; managers and what has ended may not."""
    offered: bool = False
    """Its job allows that its tasks are stopped for those of jobs of higher priority."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What `amount` tasks of one job ask for that could start now, each by itself."""

    job: str
    demand: Demand
    priority: int
    amount: int = 1
    barred: Collection[str] = NO_NODES
    restarts: bool = False
    """It is the job's manager, which is to start again."""


class Displacement(NamedTuple):
    """That Pod gives way to a task of that job."""

    pod: str
    job: str


def who_gives_way(
    claims: Iterable[Claim], nodes: Mapping[str, NodeSlots], running: Iterable[Running]
) -> list[Displacement]:
    """The Pods to stop, for claims in the order in which they are served; none of them has room as things are.

    Of the lowest priority first, and of those the last begun, since they lose least.
    """
    places = _Places(nodes, running)
    displaced: list[Displacement] = []
    unmet: list[Claim] = []
    for claim in claims:
        if not places.stay:
            break
        for _ in range(claim.amount):
            if places.promise(claim):
                continue
            victims = places.victims(claim, unmet)
            if not victims:
                unmet.append(claim)
                break
            displaced += [Displacement(victim.pod, claim.job) for victim in victims]
            places.empty(victims)
            places.promise(claim)
    return displaced


def rooms_to_come(
    claims: Iterable[Claim], nodes: Mapping[str, NodeSlots], running: Iterable[Running]
) -> dict[str, set[str]]:
    """By node, the jobs for which room is coming there, and has to be left free meanwhile by all others.

    Else what is free of it would go to tasks that give way again. Claims that have room as things are need none.
    """
    places = _Places(nodes, running)
    kept: dict[str, set[str]] = {}
    for claim in claims:
        if any(fits(node, claim.demand, claim.barred) for node in nodes.values()):
            continue
        for _ in range(claim.amount):
            name = places.promise(claim)
            if not name:
                break
            kept.setdefault(name, set()).add(claim.job)
    return kept


class _Places:
    """The nodes as they will be: without what leaves, and with those that were promised the room."""

    def __init__(self, nodes: Mapping[str, NodeSlots], running: Iterable[Running]) -> None:
        self._nodes = nodes
        self._coming: dict[str, NodeSlots] = {}
        self._open: dict[str, NodeSlots] = {}
        """Those of `_coming` that have a free slot."""
        placed = [attempt for attempt in running if attempt.node in nodes]
        for attempt in placed:
            if attempt.leaving:
                self._vacate(attempt)
        latest = sorted(placed, key=lambda attempt: (attempt.began, attempt.pod), reverse=True)
        cheapest = sorted(latest, key=lambda attempt: attempt.priority)
        self.stay = {attempt.pod: attempt for attempt in cheapest if attempt.yields and not attempt.leaving}
        self._beside: dict[str, dict[str, Running]] = {}
        """The same by node."""
        for attempt in self.stay.values():
            self._beside.setdefault(attempt.node, {})[attempt.pod] = attempt

    def promise(self, claim: Claim) -> str:
        """Give the claim room that is coming anyway; the node's name, "" where there is none."""
        for name, node in self._open.items():
            if fits(node, claim.demand, claim.barred):
                node.take(claim.demand)
                if node.free <= 0:
                    del self._open[name]
                return name
        return ""

    def empty(self, victims: list[Running]) -> None:
        """These will leave."""
        for victim in victims:
            del self.stay[victim.pod]
            del self._beside[victim.node][victim.pod]
            self._vacate(victim)

    def _vacate(self, attempt: Running) -> None:
        name = attempt.node
        node = self._coming.get(name)
        if node is None:
            node = self._coming[name] = self._nodes[name].without()
        node.give(attempt.demand)
        self._open[name] = node

    def victims(self, claim: Claim, unmet: Collection[Claim]) -> list[Running]:
        """The cheapest attempts of one node without which it would take the claim; a manager gets one alone."""
        looked_at: set[str] = set()
        for attempt in self.stay.values():
            if attempt.node in looked_at or not _gives_way_to(attempt, claim):
                continue
            candidates = [attempt]
            if not claim.restarts:
                looked_at.add(attempt.node)
                candidates = [each for each in self._beside[attempt.node].values() if _gives_way_to(each, claim)]
            enough = self._enough(claim, candidates, unmet)
            if enough:
                return enough
        return []

    def _enough(self, claim: Claim, candidates: list[Running], unmet: Collection[Claim]) -> list[Running]:
        """So many of them as it takes, the cheapest; none where all would not do, or somebody above took the room."""
        name = candidates[0].node
        node = self._coming.get(name, self._nodes[name]).without()
        chosen: list[Running] = []
        for attempt in candidates:
            node.give(attempt.demand)
            chosen.append(attempt)
            if fits(node, claim.demand, claim.barred):
                break
        else:
            return []
        for attempt in reversed(chosen[:-1]):
            node.take(attempt.demand)
            if fits(node, claim.demand, claim.barred):
                chosen.remove(attempt)
            else:
                node.give(attempt.demand)
        return [] if any(fits(node, other.demand, other.barred) for other in unmet) else chosen


def _gives_way_to(attempt: Running, claim: Claim) -> bool:
    if claim.restarts:
        return attempt.priority <= claim.priority
    return attempt.offered and attempt.priority < claim.priority
