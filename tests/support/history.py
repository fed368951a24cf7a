"""Random histories: users, hosts, kubelets, watches and the operator take turns as a seed decides.

`History(seed).run(steps)` raises `BrokenLawError` with the seed, the step and what came before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import zip_longest
from random import Random

from millpond.api import labels, naming
from millpond.control import actions as act
from millpond.control.actions import AnyAction
from millpond.control.limits import Limits
from millpond.control.plan import Plan
from millpond.control.pool_state import PoolKey
from millpond.scaling.measurement import Measurement

from support.books import Books
from support.chance import by_chance
from support.claims import release_unused
from support.digest import differences, digest
from support.fold import FOLDED
from support.hosts import Hosts
from support.keeping import kept_there
from support.kubelets import FOREVER, Kubelets
from support.model.garbage import GarbageCollector
from support.model.verbs import Verbs
from support.rest import faults_at_rest
from support.scheduler import Scheduler, is_terminal
from support.small_operator import SmallOperator, in_short
from support.users import Users

EPOCH = 1_800_000_000.0
QUIET_SECONDS = 1500.0
RETRY_SECONDS = 6.0
SUMMARIES = (
    *(act.WriteJob, act.WritePool, act.WriteNode, act.SweepPods, act.ClaimHost, act.ReleaseHost),
    *(act.DeleteClaim, act.CloseNetwork, act.LoadSamples, act.KeepSamples),
)
"""What the operator that lives on may have put off for a moment, and what each life of it does once more."""


class BrokenLawError(AssertionError):
    """A law does not hold. The message names the seed."""


class CrashError(Exception):
    """The operator dies here."""


class History:
    """A small cluster and one operator, driven by chance."""

    def __init__(self, seed: int, limits: Limits | None = None) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.time = EPOCH
        self.steps = 0
        self.trace: deque[str] = deque(maxlen=60)
        self.limits = limits or Limits()
        self.verbs = Verbs(lambda: self.time, seed)
        self.garbage = GarbageCollector(self.verbs)
        self.kubelets = Kubelets(self.verbs, by_chance(seed))
        self.scheduler = Scheduler(self.verbs)
        self.hosts = Hosts(self.verbs, self.kubelets)
        self.census = Books(self.verbs)
        self.users = Users(self.verbs, self.random)
        for number in range(3):
            self.hosts.join(f"h{number}")
        self.operator = SmallOperator(self.verbs, self.limits)
        self.faulty = True

    # Running

    def run(self, steps: int) -> int:
        """Take that many steps, then let everything come to rest and look. How many steps it were in all."""
        for _ in range(steps):
            self.step()
        self.come_to_rest()
        return self.steps

    def step(self) -> None:
        """One thing happens."""
        self.steps += 1
        moves = (
            (25, self._deliver),
            (25, self._cycle),
            (20, self._kubelet),
            (6, self._schedule),
            (10, self._time),
            (10, self._user),
            (3, self._host),
            (2, self._measure),
            (2, self._collect_garbage),
            (2, self._duplicate),
            (1, self._crash),
            (1, self._same_from_scratch),
            (1, self._same_as_kept),
            (1, self._delete_pod_by_hand),
        )
        move = self.random.choices([m for _, m in moves], [w for w, _ in moves])[0]
        self.trace.append(f"{self.steps}: {move.__name__}")
        move()
        self._check()

    def fail(self, law: str, what: object) -> BrokenLawError:
        past = "\n  ".join(self.trace)
        return BrokenLawError(f"{law} broken at seed {self.seed}, step {self.steps}: {what}\n  {past}")

    def _check(self) -> None:
        if self.census.violations:
            raise self.fail("Laws 2, 4, 8", "; ".join(self.census.violations))
        if self.operator.surprises:
            raise self.fail("Law 4", "; ".join(self.operator.surprises))

    # Moves

    def _deliver(self) -> None:
        waiting = [plural for plural in FOLDED if self.operator.undelivered[plural]]
        if waiting:
            self.operator.deliver(self.random.choice(waiting), self.random.choice((1, 1, 3, 100)))

    def _duplicate(self) -> None:
        self.operator.tell_again(self.random.choice(FOLDED), self.random)

    def _fault(self, action: AnyAction) -> str:
        self.trace.append(f"   {in_short(action)}")
        if isinstance(action, act.DeleteNodePod):
            self._asked_for(action)
        if isinstance(action, act.RemoveNode) and (kept := kept_there(self.verbs, action, self.time)):
            raise self.fail("Retained data", f"{action.node} is removed before the files of {kept} may go")
        if not self.faulty:
            return ""
        chance = self.random.random()
        if chance < 0.002:
            raise CrashError
        fault = "lost" if chance < 0.02 else "failed" if chance < 0.04 else ""
        if fault:
            self.trace.append(f"   ^ {fault}")
        return fault

    def _asked_for(self, action: act.DeleteNodePod) -> None:
        """A node Pod that runs is deleted only for what its node's object tells, so that nothing is done twice."""
        pod = self.verbs.store.get("pods", (action.namespace, action.pod))
        if pod is None or pod["metadata"]["uid"] != action.uid or is_terminal(pod):
            return
        tags = pod["metadata"]["labels"]
        if tags[labels.ROLE] != labels.Role.NODE:
            return
        name = tags[labels.NODE]
        node = self.verbs.store.get("computenodes", (action.namespace, name))
        if node is None or "deletionTimestamp" in node["metadata"]:
            return
        host = self.verbs.store.get("nodes", ("", pod["spec"].get("nodeName") or "")) or {"metadata": {}}
        claim = (host["metadata"].get("labels") or {}).get(labels.HOST_LABEL)
        if claim not in (None, naming.host_claim(action.namespace, tags[labels.POOL])):
            return
        told = (node.get("status") or {}).get("draining") or {}
        if (node.get("status") or {}).get("state") == "Preempted":
            return
        if told.get("operation") not in ("Remove", "Reboot", "Reimage", "Upgrade"):
            raise self.fail("Once for each time", f"{action.pod} is deleted, and its node tells {node['status']}")

    def _between(self) -> None:
        if self.random.random() < 0.2:
            self.random.choice((self._deliver, self._kubelet, self._schedule, self._user))()

    def _cycle(self) -> None:
        keys = self.operator.due()
        if not keys:
            return
        try:
            made = self.operator.cycle(self.random.choice(keys), self._fault, self._between, self.random)
        except CrashError:
            self._crash()
            return
        self._no_surprise(made)

    def _no_surprise(self, made: Plan) -> None:
        """Law 4, as far as the operator knew: see the census for what was true."""
        starts = [action for action in made.actions if isinstance(action, act.StartAttempt)]
        if len({(start.task_uid, start.instance) for start in starts}) < len(starts):
            raise self.fail("Law 4", f"a task is started twice in one plan: {starts}")

    def _crash(self) -> None:
        self.trace.append("   operator dies")
        self.operator.die()
        for _ in range(self.random.choice((0, 0, 3, 10))):
            self.random.choice((self._user, self._kubelet, self._schedule, self._time, self._collect_garbage))()
        self.trace.append("   operator restarts")
        self.operator = SmallOperator(self.verbs, self.limits, self.random)

    def _kubelet(self) -> None:
        now = self.time
        ready = sorted(key for key in self.verbs.store.all("pods") if self.kubelets.due(key) <= now)
        if ready:
            key = self.random.choice(ready)
            self.kubelets.advance(key)
            pod = self.verbs.store.get("pods", key)
            self.trace.append(f"   {key[1]}: {pod['status'].get('phase') if pod else 'gone'}")

    def _schedule(self) -> None:
        self.scheduler.schedule()

    def _time(self) -> None:
        self.time += self.random.choice((0.1, 0.5, 1.0, 3.0, 10.0, 30.0, self.random.choice((60.0, 200.0, 400.0))))

    def _user(self) -> None:
        self.trace.append(f"   {self.users.act()}")

    def _host(self) -> None:
        names = sorted(key[1] for key in self.verbs.store.all("nodes"))
        silent = sorted(self.kubelets.silent & set(names))
        kind = self.random.random()
        if kind < 0.3 and names:
            self.hosts.fall_silent(self.random.choice(names))
        elif kind < 0.5 and silent:
            self.hosts.notice_silence(self.random.choice(silent))
        elif kind < 0.8 and silent:
            self.hosts.come_back(self.random.choice(silent))
        elif kind < 0.87 and len(names) > 2:
            self.hosts.leave(self.random.choice(names))
        elif kind < 0.92 and len(names) > 2 and not self.hosts.about_to_leave():
            self.hosts.say_farewell(self.random.choice(names))
        elif len(names) < 4:
            self.hosts.join(f"h{self.steps}-new")

    def _measure(self) -> None:
        """The agent of some node reports how full its disk is."""
        found = self._measurable()
        if found:
            key, node, uid = self.random.choice(found)
            share = self.random.choice((0.5, 0.95))
            self.trace.append(f"   {node} is full to {share:.0%}")
            self._report_disk(key, node, uid, share)

    def _measurable(self) -> list[tuple[PoolKey, str, str]]:
        pools = ((key, self.operator.world.pool(key)) for key in self._keys())
        return [
            (key, name, node.pod.metadata.uid)
            for key, pool in pools
            for name, node in sorted(pool.nodes.items())
            if node.pod is not None
        ]

    def _report_disk(self, key: PoolKey, node: str, uid: str, share: float) -> None:
        measured = Measurement(self.time, disk_fraction=share)
        self.operator.woken |= set(self.operator.world.observe_measurement(key, node, uid, measured))

    def _collect_garbage(self) -> None:
        self.garbage.sweep()
        release_unused(self.verbs)
        self.hosts.collect()

    def _delete_pod_by_hand(self) -> None:
        pods = self.verbs.list("pods")
        if pods:
            meta = self.random.choice(pods)["metadata"]
            self.trace.append(f"   delete {meta['name']}")
            self.verbs.delete("pods", meta["namespace"], meta["name"])

    # Laws 5 and 6

    def _same_from_scratch(self) -> None:
        """Two operators that start now, told everything in different order, plan the same in the same order."""
        plans = []
        for shuffle in (None, Random(self.steps), Random(self.steps + 1)):
            young = SmallOperator(self.verbs, self.limits, shuffle)
            keys = sorted(young.woken)
            plans.append([(key, young.judge(key).actions) for key in keys])
            young.die()
        for other in plans[1:]:
            if other != plans[0]:
                raise self.fail("Law 6", _difference(plans[0], other))

    def _same_as_kept(self) -> None:
        """Law 5: an operator that starts at a moment when all is told and done knows what this one knows."""
        faulty, self.faulty = self.faulty, False
        for _ in range(2):
            # What failed is tried again after a moment; that is over when two operators are compared.
            self._settle_down()
            self.time += RETRY_SECONDS
        self._settle_down()
        self.faulty = faulty
        if any(pause > 0.0 for pause in self._pauses()):
            # A pause after an interruption is not written anywhere: a young operator does not wait it out.
            return
        self._compare_with_young()

    def _pauses(self) -> Iterator[float]:
        for namespace in self.operator.world.namespaces.values():
            yield from (task.not_before for job in namespace.jobs.values() for task in job.tasks.values())
            for pool in namespace.pools.values():
                yield from (of.not_before - self.time for of in pool.job_nodes.values())
                yield from (node.not_before - self.time for node in pool.nodes.values())

    def _compare_with_young(self) -> None:
        young = SmallOperator(self.verbs, self.limits, self.random)
        for key in sorted(young.woken) * 2:
            made = young.judge(key)
            young.learn(key, made)
            news = [action for action in made.actions if not isinstance(action, SUMMARIES)]
            if news:
                raise self.fail("Law 5", f"{key}: from scratch it would still do {[in_short(a) for a in news]}")
        young.die()
        found = differences(digest(self.operator.world), digest(young.world))
        if found:
            raise self.fail("Law 5", "; ".join(found))

    # Rest

    def come_to_rest(self) -> None:
        """Faults end, hosts are well: everything that can end must end (law 3), and then nothing moves (law 1)."""
        self.faulty = False
        self.trace.append("coming to rest")
        for name in sorted(self.kubelets.silent):
            if self.verbs.store.get("nodes", ("", name)) is not None:
                self.hosts.come_back(name)
        self.kubelets.silent.clear()
        for name in self.hosts.about_to_leave():
            self.hosts.leave(name)
        self.users.drop_formulas()
        while len(self.verbs.store.all("nodes")) < 4:
            self.hosts.join(f"r{len(self.verbs.store.all('nodes'))}-{self.steps}")
        quiet_since, rounds = self.time, 0
        while self.time < quiet_since + QUIET_SECONDS:
            rounds += 1
            for node in self._measurable():
                self._report_disk(*node, 0.5)
            if rounds > 20000:
                raise self.fail("Law 1", "no rest: the operator keeps writing")
            if self._settle_down():
                quiet_since = self.time
            coming = [when for when in self.operator.wake_at.values() if when > self.time]
            coming += [due for key in self.verbs.store.all("pods") if (due := self.kubelets.due(key)) < FOREVER]
            self.time = max(self.time, min([*coming, quiet_since + QUIET_SECONDS]))
        self._look_at_rest()

    def _settle_down(self) -> bool:
        """Let everything that is due at this moment happen; True when anything did."""
        before, turns = self.verbs.store.revision, 0
        while True:
            revision, turns = self.verbs.store.revision, turns + 1
            self.operator.deliver_all()
            for key in self.operator.due():
                self._no_surprise(self.operator.cycle(key, self._fault))
            if turns > 200:
                raise self.fail("Law 1", "the operator never comes to a fixed point at one moment")
            for key in sorted(self.verbs.store.all("pods")):
                while self.kubelets.advance(key):
                    pass
            self.scheduler.schedule()
            self._collect_garbage()
            self._check()
            if self.verbs.store.revision == revision and not self.operator.due():
                return revision != before

    def _look_at_rest(self) -> None:
        self.census.check_ledgers(in_flight=False)
        self._check()
        for law, what in faults_at_rest(self.verbs, self.users.deleted_from):
            raise self.fail(law, what)
        for key in sorted(self.operator.wake_at | dict.fromkeys(self._keys(), 0.0)):
            # That a pool is closed is seen to again every few minutes, and may be due just now.
            made = [a for a in self.operator.judge(key).actions if not isinstance(a, act.CloseNetwork)]
            if made:
                raise self.fail("Law 1", [in_short(a) for a in made])
        self._compare_with_young()

    def _keys(self) -> list[PoolKey]:
        return [PoolKey(*key) for key in self.verbs.store.all("pools")]


def _difference(one: list[tuple[PoolKey, list[AnyAction]]], two: list[tuple[PoolKey, list[AnyAction]]]) -> str:
    for (key, mine), (other, theirs) in zip(one, two, strict=False):
        if key != other:
            return f"{key} against {other}"
        for my, their in zip_longest(mine, theirs):
            if my != their:
                return f"{key}: {_first_difference(repr(my), repr(their))}"
    return f"{[key for key, _ in one]} against {[key for key, _ in two]}"


def _first_difference(one: str, two: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    return f"{one[:30]} …{one[max(0, at - 100) : at + 200]}…\n    against …{two[max(0, at - 100) : at + 200]}…"
