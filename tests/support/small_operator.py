"""The judgement with the smallest possible hands: a world fed from the model in any order, plans performed at once.

Everything that the real informers, cycles and actuator decide by timing the caller decides here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from random import Random

from millpond.api import labels
from millpond.api.exit_conditions import DependencyAction
from millpond.control import actions as act
from millpond.control.actions import AnyAction, chain_of
from millpond.control.limits import Limits
from millpond.control.outcomes import Done, Missed, Outcome, Skipped
from millpond.control.plan import Plan, plan
from millpond.control.pool_state import PoolKey
from millpond.control.records import TaskRecord
from millpond.control.settle import settle
from millpond.control.world import World
from millpond.scheduling.dependencies import readings

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
        self.surprises: list[str] = []
        """Tasks started though, by what this operator knew, they had to wait for others."""
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
        self.surprises += self._too_early(made)
        self.wake_at.pop(key, None)
        if made.wake_at is not None:
            self.wake_at[key] = made.wake_at
        return made

    def _too_early(self, made: Plan) -> Iterator[str]:
        for start in made.actions:
            if not isinstance(start, act.StartAttempt) or start.attempt > 1:
                continue
            job = self.world.namespace(start.namespace).job(start.job)
            needs = job.tasks[start.task].needs
            if needs is None or job.dependencies is None:
                continue
            met = {key for task in job.tasks.values() if _satisfies(task) for key in readings(task.id)}
            wanted = [*needs.ids, *(number for first, last in needs.ranges for number in range(first, last + 1))]
            if not met.issuperset(wanted):
                yield f"{start.pod} is started while its task waits for {set(wanted) - met}"

    def learn(self, key: PoolKey, made: Plan) -> None:
        """Perform what a plan asks: the samples kept, and claims, which on hosts that are claimed only measure."""
        for action in made.actions:
            if isinstance(action, act.ClaimHost | act.LoadSamples):
                settle(self.world.pool(key), action, self.performer.perform(action), self.verbs.clock())

    def cycle(
        self,
        key: PoolKey,
        fault: Fault = no_fault,
        between: Callable[[], None] = lambda: None,
        random: Random | None = None,
    ) -> Plan:
        """Plan, perform and settle. `between` is called after each action: the world goes on meanwhile.

        With `random` the chains are performed side by side, in an order of its choosing; without, as planned.
        """
        if not self._may_drive(key):
            self.woken.discard(key)
            return Plan([])
        made = self.judge(key)
        failed: set[str] = set()
        missed: list[AnyAction] = []
        for action in _side_by_side(made.actions, random):
            outcome = Skipped() if chain_of(action) in failed else self._perform(action, fault(action))
            if not isinstance(outcome, Done):
                failed.add(chain_of(action))
            if isinstance(outcome, Missed | Skipped):
                missed.append(action)
            between()
            settle(self.world.pool(key), action, outcome, self.verbs.clock())
        for action in missed:
            self._look_again(action)
        if made.actions:
            self.woken.add(key)
        self._let_pool_go(key)
        return made

    def _may_drive(self, key: PoolKey) -> bool:
        """A Pool's cycle begins when the Pool has its finalizer, which is put on at first sight."""
        pool = self.verbs.store.get("pools", key)
        if self.world.pool(key).model is None or pool is None:
            return True
        if labels.POOL_FINALIZER in pool["metadata"].get("finalizers", ()):
            return True
        if "deletionTimestamp" not in pool["metadata"]:
            patch = {"metadata": {"finalizers": [labels.POOL_FINALIZER]}}
            self.verbs.merge_patch("pools", key.namespace, key.pool, patch)
        return False

    def _let_pool_go(self, key: PoolKey) -> None:
        """A deleted Pool of which nothing is left loses its finalizer."""
        pool = self.verbs.store.get("pools", key)
        model = self.world.pool(key).model
        if pool is None or model is None or model.metadata.uid != pool["metadata"]["uid"]:
            return
        if model.metadata.deletion_timestamp is not None and self.world.released(key):
            self.verbs.merge_patch("pools", key.namespace, key.pool, {"metadata": {"finalizers": []}})

    def _perform(self, action: AnyAction, fault: str) -> Outcome:
        if fault == "failed":
            return Missed("the API server did not answer", 1.0)
        outcome = self.performer.perform(action)
        return Missed("the API server did not answer", 1.0) if fault == "lost" else outcome

    def _look_again(self, action: AnyAction) -> None:
        """After a miss the object is read anew, as `cluster/refresh` does."""
        for plural, name in subjects(action):
            key = ("" if plural == "nodes" else action.namespace, name)
            document = self.verbs.store.get(plural, key)
            if document is not None:
                self.woken |= set(observe(self.world, plural, document))
            elif plural == "nodes":
                self.woken |= set(self.world.forget_host(name))
            elif plural == "pods":
                self._forget_pod(action, name)
            elif plural == "tasks" and isinstance(action, act.WriteTask):
                self.woken |= set(self.world.forget_task(action.namespace, action.job, name, action.uid))
            elif plural == "tasks" and isinstance(action, act.StartAttempt):
                self.woken |= set(self.world.forget_task(action.namespace, action.job, name, action.task_uid))

    def _forget_pod(self, action: AnyAction, name: str) -> None:
        uid = "" if isinstance(action, act.StartAttempt | act.StartJobTask) else getattr(action, "uid", "")
        pools = (
            [action.pool]
            if isinstance(action, act.StartAttempt | act.StartJobTask)
            else list(self.world.namespace(action.namespace).pools)
        )
        for pool in pools:
            self.woken |= set(self.world.forget_pod(action.namespace, pool, name, uid))


def _satisfies(task: TaskRecord) -> bool:
    return task.reaction is not None and task.reaction.dependency_action is DependencyAction.SATISFY


def _side_by_side(actions: Sequence[AnyAction], random: Random | None) -> Iterator[AnyAction]:
    """The actions, chains interleaved by chance, each chain in its order."""
    if random is None:
        yield from actions
        return
    chains: dict[str, deque[AnyAction]] = {}
    for action in actions:
        chains.setdefault(chain_of(action), deque()).append(action)
    while chains:
        name = random.choice(sorted(chains))
        yield chains[name].popleft()
        if not chains[name]:
            del chains[name]


def subjects(action: AnyAction) -> list[tuple[str, str]]:
    """The objects that an action writes, as resource and name."""
    match action:
        case act.StartAttempt(pod=pod, task=task):
            return [("pods", pod), ("tasks", task)]
        case act.StartJobTask(pod=pod) | act.DisplaceAttempt(pod=pod):
            return [("pods", pod)]
        case act.StopAttempt(pod=pod) | act.ReleaseEvidence(pod=pod) | act.DeleteNodePod(pod=pod):
            return [("pods", pod)]
        case act.ShrinkNodePod(pod=pod):
            return [("pods", pod)]
        case act.CreateNodePod(node=node) | act.CreateEraser(node=node) | act.DeleteClaim(node=node):
            return [("computenodes", node)]
        case act.ClaimHost(host=host) | act.ReleaseHost(host=host):
            return [("nodes", host)]
        case act.WriteTask(task=task):
            return [("tasks", task)]
        case act.CreateManager(job=job, task=task):
            return [("jobs", job), ("tasks", task)]
        case act.HoldJob(job=job) | act.WriteJob(job=job) | act.ReleaseJob(job=job):
            return [("jobs", job)]
        case act.WritePool(pool=pool) | act.SweepPods(pool=pool):
            return [("pools", pool)]
        case act.WriteNode(node=node) | act.CreateNode(node=node):
            return [("computenodes", node)]
        case act.RemoveNode(node=node) | act.ReleaseNode(node=node):
            return [("computenodes", node)]
        case _:
            return []


def in_short(action: AnyAction) -> str:
    """One line for a trace: the action and what tells it from others."""
    told = ("task", "attempt", "pod", "node", "host", "job", "pool", "version")
    facts = [f"{name}={getattr(action, name)}" for name in told if hasattr(action, name)]
    status = getattr(action, "status", None)
    if status is not None:
        facts.append(f"state={getattr(status, 'state', None)} attempt={getattr(status, 'attempt', '')}")
        facts += [f"{c.type}={c.status}:{c.reason}" for c in getattr(status, "conditions", None) or ()]
    return f"{type(action).__name__}({' '.join(facts)})"
