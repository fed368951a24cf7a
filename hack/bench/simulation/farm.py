"""The pool of a simulation: nodes that take time to come, tasks that wait for a slot, and the books of both."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Protocol

from millpond.api.reasons import NodeState
from millpond.scaling.resize import Candidate, plan_resize

from .loads import Task

SLOTS = 4
BOOT_SECONDS = 120.0
"""From a node's creation until it takes tasks."""
MOST_NODES = 60


@dataclass
class Node:
    """`ready` and `idle_since` in seconds of the simulation."""

    name: str
    born: float
    ready: bool = False
    leaving: bool = False
    used: int = 0
    idle_since: float = 0.0


class Policy(Protocol):
    """Sizes a farm."""

    def look(self, farm: Farm, now: float) -> float:
        """Resize the farm if that is due; when to look again."""
        ...


@dataclass
class Farm:
    """Tasks are started in order, on the fullest node that has a free slot; a node that leaves finishes its tasks."""

    nodes: dict[str, Node] = field(default_factory=dict)
    queue: deque[Task] = field(default_factory=deque)
    running: int = 0
    waits: list[float] = field(default_factory=list)
    node_seconds: float = 0.0
    _events: list[tuple[float, int, str, object]] = field(default_factory=list)
    _made: int = 0
    _told: int = 0

    @property
    def pending(self) -> int:
        """Tasks that wait or run."""
        return len(self.queue) + self.running

    @property
    def staying(self) -> list[Node]:
        return [node for node in self.nodes.values() if not node.leaving]

    def run(self, tasks: Iterable[Task], policy: Policy) -> None:
        """Until every task has ended and every node is gone or the policy has nothing to change."""
        for task in tasks:
            self._later(task.created, "created", task)
        open_tasks = len(self._events)
        self._later(0.0, "look", None)
        now = 0.0
        while open_tasks and self._events:
            now, _, kind, what = heappop(self._events)
            match kind, what:
                case "created", Task():
                    self.queue.append(what)
                case "ended", Node():
                    open_tasks -= 1
                    self._freed(what, now)
                case "booted", Node():
                    what.ready, what.idle_since = True, now
                case _:
                    self._later(policy.look(self, now), "look", None)
            self._start(now)
        for node in list(self.nodes.values()):
            self._gone(node, now)

    def resize(self, target: int, now: float) -> None:
        """As the operator does it: the same choice of nodes, with taskcompletion."""
        change = plan_resize(min(target, MOST_NODES), [_candidate(node) for node in self.staying])
        for _ in range(change.add):
            self._made += 1
            node = self.nodes[str(self._made)] = Node(str(self._made), now)
            self._later(now + BOOT_SECONDS, "booted", node)
        for name in change.remove:
            self.remove(self.nodes[name], now)

    def remove(self, node: Node, now: float) -> None:
        """The node takes no more tasks, and goes when it has none."""
        node.leaving = True
        if node.used == 0:
            self._gone(node, now)

    def _start(self, now: float) -> None:
        while self.queue:
            free = [node for node in self.nodes.values() if node.ready and not node.leaving and node.used < SLOTS]
            if not free:
                return
            task, node = self.queue.popleft(), max(free, key=lambda each: each.used)
            node.used += 1
            self.running += 1
            self.waits.append(now - task.created)
            self._later(now + task.seconds, "ended", node)

    def _freed(self, node: Node, now: float) -> None:
        self.running -= 1
        node.used -= 1
        if node.used == 0:
            node.idle_since = now
            if node.leaving:
                self._gone(node, now)

    def _gone(self, node: Node, now: float) -> None:
        if self.nodes.pop(node.name, None) is not None:
            self.node_seconds += now - node.born

    def _later(self, when: float, kind: str, what: object) -> None:
        self._told += 1
        heappush(self._events, (when, self._told, kind, what))


def _candidate(node: Node) -> Candidate:
    state = NodeState.STARTING if not node.ready else NodeState.RUNNING if node.used else NodeState.IDLE
    return Candidate(node.name, state, node.used, datetime.fromtimestamp(node.born, UTC).isoformat())


def clairvoyant(tasks: Iterable[Task]) -> float:
    """Node seconds of a pool that has at each moment just the nodes it needs, so that no task ever waits."""
    changes = sorted(
        (at, step) for task in tasks for at, step in ((task.created, 1), (task.created + task.seconds, -1))
    )
    seconds, running, before = 0.0, 0, 0.0
    for at, step in changes:
        seconds += math.ceil(running / SLOTS) * (at - before)
        running, before = running + step, at
    return seconds
