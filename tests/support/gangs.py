"""Random schedules of groups and single tasks on a pool with one slot per node, driven by the rules alone.

`Schedule(seed).run()` raises AssertionError, with the seed, when a rule does not hold or somebody waits for ever.
"""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random

from millpond.scheduling.demand import Demand
from millpond.scheduling.groups import Group, Reservation, reserve
from millpond.scheduling.node_slots import NodeSlots
from millpond.scheduling.ready import Ticket

SINGLE = Demand()
MOST_ROUNDS = 500


class Piece:
    """One task. `limit` is its wall-clock limit, None where it has none; `runs` is how long it takes."""

    __slots__ = ("demand", "limit", "priority", "promised", "runs", "started", "ticket")

    def __init__(self, ticket: Ticket, demand: Demand, priority: int, runs: float, limit: float | None) -> None:
        self.ticket, self.demand, self.priority, self.runs, self.limit = ticket, demand, priority, runs, limit
        self.started: float | None = None
        self.promised: float | None = None
        """By when it starts, as was known when it came to be the first; None while nobody knows."""


class Schedule:
    """A pool, and what is submitted to it over time."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.nodes = {
            f"n{at}": NodeSlots(f"n{at}", f"h{at}", 1, 1, 1000, 1, 1000, 1) for at in range(self._between(2, 6))
        }
        self.now = 0.0
        self.waiting: list[Piece] = []
        self.on: dict[str, Piece] = {}
        self.ends: list[tuple[float, int, str]] = []
        self.coming = [self._piece(number) for number in range(self._between(4, 9))]
        self.count = 0

    def _between(self, least: int, most: int) -> int:
        return least + int(self.random.random() * (most - least + 1))

    def _piece(self, number: int) -> Piece:
        chance = self.random.random
        size = len(self.nodes)
        # Two groups of more than half of the pool never fit beside each other.
        demand = Demand(instances=self._between(size // 2 + 1, size)) if chance() < 0.5 else SINGLE
        runs = 1.0 + int(chance() * 8)
        limit = runs + int(chance() * 4) if chance() < 0.6 else None
        return Piece((f"{int(chance() * 20):04}", f"t{number}"), demand, int(chance() * 3), runs, limit)

    def run(self) -> int:
        """Until all have run. How many rounds it took."""
        self.coming.sort(key=lambda piece: piece.ticket, reverse=True)
        rounds = 0
        while self.coming or self.waiting or self.ends:
            rounds += 1
            self._true(rounds < MOST_ROUNDS, "it goes on for ever")
            due = [self.ends[0][0]] if self.ends else []
            due += [float(self.coming[-1].ticket[0])] if self.coming else []
            self._true(bool(due), f"{[piece.ticket for piece in self.waiting]} wait for ever")
            self.now = max(self.now, min(due))
            while self.ends and self.ends[0][0] <= self.now:
                name = heappop(self.ends)[2]
                self.nodes[name].give(SINGLE)
                del self.on[name]
            while self.coming and float(self.coming[-1].ticket[0]) <= self.now:
                self.waiting.append(self.coming.pop())
            self._place()
        return rounds

    def _true(self, holds: bool, what: str) -> None:
        if not holds:
            raise AssertionError(f"seed {self.seed} at {self.now}: {what}")

    # The rounds of placement: by priority, and among equals as chance wants it, since jobs take turns.

    def _place(self) -> None:
        reservation = self._reservation()
        order = sorted(self.waiting, key=lambda piece: (-piece.priority, self.random.random()))
        while order:
            piece = order.pop(0)
            nodes = self._group_nodes(piece, reservation) if piece.demand.is_group else self._node(piece, reservation)
            if not nodes:
                continue
            self._start(piece, nodes, reservation)
            if reservation is not None and piece.ticket == reservation.group.ticket:
                reservation = self._reservation()
                order = [other for other in order if other.started is None]
                # Who was turned away before may have more luck under another reservation, or none.
                order += [other for other in self.waiting if other not in order]
        self._first_does_not_wait_in_vain(reservation)

    def _reservation(self) -> Reservation | None:
        groups = [piece for piece in self.waiting if piece.demand.is_group]
        if not groups:
            return None
        first = min(groups, key=lambda piece: (-piece.priority, piece.ticket))
        found = reserve(Group(first.priority, first.ticket, first.demand), self.nodes.values(), self._free_at)
        self._true(found is not None, "a group that fits the pool has no reservation")
        assert found is not None
        if first.promised is None:
            first.promised = found.opens_at
        return found

    def _free_at(self, name: str) -> float | None:
        piece = self.on[name]
        assert piece.started is not None
        return piece.started + piece.limit if piece.limit is not None else None

    def _group_nodes(self, piece: Piece, reservation: Reservation | None) -> list[str]:
        assert reservation is not None
        if piece.ticket == reservation.group.ticket:
            return reservation.nodes()
        own = reserve(Group(piece.priority, piece.ticket, piece.demand), self.nodes.values(), self._free_at)
        assert own is not None
        return own.nodes(barred=reservation.kept if self._bound(piece, reservation) else ())

    def _bound(self, piece: Piece, reservation: Reservation) -> bool:
        ends_at = self.now + piece.limit if piece.limit is not None else None
        return reservation.binds(piece.priority, piece.ticket, ends_at)

    def _node(self, piece: Piece, reservation: Reservation | None) -> list[str]:
        bound = reservation is not None and self._bound(piece, reservation)
        kept = reservation.kept if reservation is not None and bound else ()
        return [name for name, node in self.nodes.items() if node.free and name not in kept][:1]

    def _start(self, piece: Piece, nodes: list[str], reservation: Reservation | None) -> None:
        self._true(len(set(nodes)) == (piece.demand.instances or 1), f"{piece.ticket} starts on {nodes}")
        self.waiting.remove(piece)
        piece.started = self.now
        if piece.promised is not None:
            self._true(self.now <= piece.promised, f"{piece.ticket} was to start by {piece.promised}")
        for name in nodes:
            self._true(self.nodes[name].free == 1, f"{name} is taken twice")
            self.nodes[name].take(SINGLE)
            self.on[name] = piece
            self.count += 1
            heappush(self.ends, (self.now + piece.runs, self.count, name))
        if reservation is not None:
            reservation.lose(self.nodes[name] for name in nodes)
        self._forget_promises(piece)

    def _forget_promises(self, piece: Piece) -> None:
        """Whoever goes before a group, by priority or age, may delay it."""
        for other in self.waiting:
            if (-piece.priority, piece.ticket) < (-other.priority, other.ticket):
                other.promised = None

    def _first_does_not_wait_in_vain(self, reservation: Reservation | None) -> None:
        if reservation is not None:
            self._true(not reservation.nodes(), f"{reservation.group.ticket} waits, and has its nodes")
