"""The judgement with the smallest possible hands: a world fed from the model in any order, plans performed at once.

Everything that the real informers, cycles and actuator decide by timing is decided here by the caller, so that a seed can.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random

from millpond.control import actions as act
from millpond.control.actions import AnyAction, chain_of
from millpond.control.limits import Limits
from millpond.control.outcomes import Done, Missed, Outcome, Skipped
from millpond.control.plan import Plan, plan
from millpond.control.settle import settle
from millpond.control.world import PoolKey, World

from support.fold import FOLDED, forget, observe
from support.model.store import Change
from support.model.verbs import Verbs
from support.performer import Performer

Fault = Callable[[AnyAction], str]
"""What happens to one action: "" (nothing), "lost" (done, answer lost) or "failed" (not done)."""


def no_fault(_: AnyAction) -> str:
    return ""


class SmallOperator:
    """One life of the operator. `undelivered` are the watch streams, in the server's order each."""

    def __init__(self, verbs: Verbs, limits: Limits, shuffle: Random | None = None) -> None:
        self.verbs = verbs
        self.limits = limits
        self.performer = Performer(verbs)
        self.world = World()
        self.woken: set[PoolKey] = set()
        self.wake_at: dict[PoolKey, float] = {}
        self.undelivered: dict[str, deque[Change]] = {plural: deque() for plural in FOLDED}
        self._list(shuffle)
        verbs.store.listeners.append(self._hear)

    def die(self) -> None:
        """Hear nothing more."""
        self.verbs.store.listeners.remove(self._hear)

    def _list(self, shuffle: Random | None) -> None:
        objects = [(plural, document) for plural in FOLDED for document in self.verbs.list(plural)]
        if shuffle is not None:
            shuffle.shuffle(objects)
        for plural, document in objects:
            self.woken |= set(observe(self.world, plural, document))

    def _hear(self, change: Change) -> None:
        if change.plural in self.undelivered:
            self.undelivered[change.plural].append(change)

    # Ears

    def deliver(self, plural: str, count: int = 1) -> None:
        """The next changes of one watch."""
        stream = self.undelivered[plural]
        for _ in range(min(count, len(stream))):
            change = stream.popleft()
            tell = forget if change.type == "DELETED" else observe
            self.woken |= set(tell(self.world, plural, change.after))

    def deliver_all(self) -> None:
        for plural in FOLDED:
            self.deliver(plural, len(self.undelivered[plural]))

    def tell_again(self, plural: str, random: Random) -> None:
        """A duplicate: the state that the watch has already told of some object that it has not told to be gone."""
        seen = dict(self.verbs.store.all(plural))
        for change in self.undelivered[plural]:
            seen.pop(change.key, None)
        if seen:
            self.woken |= set(observe(self.world, plural, seen[random.choice(sorted(seen))]))

    # Judgement and hands

    def due(self) -> list[PoolKey]:
        """The cycles that would run now, in order."""
        now = self.verbs.clock()
        return sorted(self.woken | {key for key, when in self.wake_at.items() if when <= now})

    def judge(self, key: PoolKey) -> Plan:
        """One plan of one pool."""
        self.woken.discard(key)
        made = plan(self.world.pool(key), self.verbs.clock(), self.limits)
        self.wake_at.pop(key, None)
        if made.wake_at is not None:
            self.wake_at[key] = made.wake_at
        return made

    def cycle(self, key: PoolKey, fault: Fault = no_fault, between: Callable[[], None] = lambda: None) -> Plan:
        """Plan, perform and settle. `between` is called after each action: the world goes on meanwhile."""
        made = self.judge(key)
        failed: set[str] = set()
        for action in made.actions:
            outcome = Skipped() if chain_of(action) in failed else self._perform(action, fault(action))
            if not isinstance(outcome, Done):
                failed.add(chain_of(action))
            between()
            self._settle(key, action, outcome)
        if made.actions:
            self.woken.add(key)
        return made

    def _perform(self, action: AnyAction, fault: str) -> Outcome:
        if fault == "failed":
            return Missed("the API server did not answer", 1.0)
        outcome = self.performer.perform(action)
        return Missed("the API server did not answer", 1.0) if fault == "lost" else outcome

    def _settle(self, key: PoolKey, action: AnyAction, outcome: Outcome) -> None:
        if isinstance(outcome, Missed):
            self._look_again(action)
        settle(self.world.pool(key), action, outcome, self.verbs.clock())

    def _look_again(self, action: AnyAction) -> None:
        """After a miss the object is read anew, as the actuator does."""
        for plural, name in subjects(action):
            document = self.verbs.store.get(plural, (action.namespace, name))
            if document is not None:
                self.woken |= set(observe(self.world, plural, document))


def subjects(action: AnyAction) -> list[tuple[str, str]]:
    """The objects that an action writes, as resource and name."""
    match action:
        case act.StartAttempt(pod=pod, task=task):
            return [("pods", pod), ("tasks", task)]
        case act.StopAttempt(pod=pod) | act.ReleaseEvidence(pod=pod) | act.DeleteNodePod(pod=pod):
            return [("pods", pod)]
        case act.ShrinkNodePod(pod=pod):
            return [("pods", pod)]
        case act.CreateNodePod(pod=pod, node=node):
            return [("pods", pod), ("computenodes", node)]
        case act.WriteTask(task=task):
            return [("tasks", task)]
        case act.WriteJob(job=job):
            return [("jobs", job)]
        case act.WritePool(pool=pool):
            return [("pools", pool)]
        case act.WriteNode(node=node) | act.CreateNode(node=node):
            return [("computenodes", node)]
        case act.RemoveNode(node=node) | act.ReleaseNode(node=node):
            return [("computenodes", node)]
        case _:
            return []
