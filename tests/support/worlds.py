"""A whole small cluster in virtual time: API server, scheduler, kubelets, and the real operator.

world = ModelWorld(seed=1)
world.host("h1").pool("p", nodes=1, slots=2).job("j").task("j", "t", Run(exit_code=1), Run())
await world.run_until(world.all_tasks_completed, 600)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from millpond.api import labels
from millpond.settings import Settings

from support.books import Books
from support.claims import release_unused
from support.faults import Chooser, Counter, Line, no_faults
from support.hosts import Hosts
from support.kubelets import FOREVER, Kubelets
from support.machines import API_VERSION, Machines
from support.model.garbage import GarbageCollector
from support.model.server import ModelServer
from support.model.store import Change, Document
from support.model.verbs import Verbs
from support.operator_life import OperatorLife
from support.scheduler import Scheduler
from support.scripts import Run, Scripts

EPOCH = 1_800_000_000.0
NAMESPACE = "default"
RESTART_SECONDS = 1.0


class TooLateError(AssertionError):
    """A condition did not come true in its time."""


class ModelWorld:
    """An asynchronous context inside a virtual time loop; the operator starts at once and after each crash."""

    def __init__(self, seed: int = 0, choose: Chooser = no_faults, settings: Settings | None = None) -> None:
        random.seed(seed)
        self._loop = asyncio.get_running_loop()
        self.choose = choose
        self.settings = settings or Settings()
        self.verbs = Verbs(self.now, seed)
        self.garbage = GarbageCollector(self.verbs)
        self.scripts = Scripts()
        self.kubelets = Kubelets(self.verbs, self.scripts)
        self.scheduler = Scheduler(self.verbs)
        self.hosts = Hosts(self.verbs, self.kubelets)
        self.machines = Machines(self.verbs, self.hosts)
        self.books = Books(self.verbs)
        self.server = ModelServer(self.verbs)
        self.counter = Counter()
        self.lives = 0
        self.life: OperatorLife | None = None
        self.skew = 0.0
        """Seconds by which the clock was set."""
        self._line = Line(self.server, choose, self.counter)
        self._asleep_until = 0.0
        self.last_change = 0.0
        self._changed = asyncio.Event()
        self._news = asyncio.Event()
        self.verbs.store.listeners.append(self._hear)
        self._running: list[asyncio.Task[None]] = []

    def now(self) -> float:
        return EPOCH + self._loop.time() + self.skew

    def _hear(self, change: Change) -> None:
        self._news.set()
        if change.plural not in ("leases", "events"):
            self.last_change = self._loop.time()
            self._changed.set()

    async def __aenter__(self) -> Self:
        self._running = [asyncio.create_task(self._play()), asyncio.create_task(self._live())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    # The cast

    async def _live(self) -> None:
        """Life after life of the operator."""
        while True:
            self.lives += 1
            line = self._line = Line(self.server, self.choose, self.counter)
            self.life = OperatorLife(line, self.settings, self.now)
            living = asyncio.create_task(self.life.run())
            dying = asyncio.create_task(line.crashed.wait())
            try:
                await asyncio.wait({living, dying}, return_when=asyncio.FIRST_COMPLETED)
                if not line.crashed.is_set():
                    living.result()
            finally:
                line.crashed.set()
                dying.cancel()
                living.cancel()
                await asyncio.gather(living, dying, return_exceptions=True)
            await asyncio.sleep(max(RESTART_SECONDS, self._asleep_until - self._loop.time()))

    async def _play(self) -> None:
        """The cluster's own controllers and kubelets, whenever something is due."""
        while True:
            self._changed.clear()
            self.machines.advance()
            self.scheduler.schedule()
            self.garbage.sweep()
            release_unused(self.verbs)
            self.hosts.collect()
            for key in sorted(self.verbs.store.all("pods")):
                self.kubelets.advance(key)
            due = min((self.kubelets.due(key) for key in self.verbs.store.all("pods")), default=FOREVER)
            due = min(due, self.machines.due(FOREVER))
            try:
                async with asyncio.timeout(min(max(0.0, due - self.now()), 3600.0)):
                    await self._changed.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(0.001)

    def sleep(self, seconds: float) -> None:
        """The operator dies now, and lives again that much later."""
        self._asleep_until = self._loop.time() + seconds
        self._line.crashed.set()

    # Sentences

    def host(self, name: str, cpu: str = "2") -> Self:
        self.hosts.join(name, cpu)
        return self

    def pool(self, name: str, nodes: int, slots: int = 1, **spec: Any) -> Self:
        template = {"image": "docker.io/library/busybox:1.36"}
        wanted = {"targetDedicatedNodes": nodes, "taskSlotsPerNode": slots, "nodeTemplate": template, **spec}
        return self._create("pools", name, wanted)

    def growing_pool(self, name: str, nodes: int, slots: int = 1, **spec: Any) -> Self:
        """A pool whose hosts are the machines of a MachineDeployment of its name."""
        self.machines.deployment(NAMESPACE, name)
        target = {"apiVersion": API_VERSION, "kind": "MachineDeployment", "name": name}
        provider = {"type": "ScaleSubresource", "scaleSubresource": {"dedicated": target}}
        return self.pool(name, nodes, slots, provider=provider, **spec)

    def job(self, name: str, pool: str = "p", **spec: Any) -> Self:
        named = {} if "autoPool" in spec else {"poolName": pool}
        return self._create("jobs", name, {**named, **spec})

    def schedule(self, name: str, schedule: Document, *tasks: str, pool: str = "p", **spec: Any) -> Self:
        """A schedule whose jobs end with their tasks; a task's runs are scripted by its full name."""
        made = [{"metadata": {"name": task}, "spec": {"commandLine": "work"}} for task in tasks]
        named = {"autoPool": spec.pop("autoPool")} if "autoPool" in spec else {"poolName": pool}
        template = {"spec": {**named, "onAllTasksComplete": "TerminateJob"}, "tasks": made}
        return self._create("jobschedules", name, {"schedule": schedule, "jobTemplate": template, **spec})

    def task(self, job: str, name: str, *runs: Run, **spec: Any) -> Self:
        """A task and what its attempts do, one after another."""
        if runs:
            self.scripts.tasks[name] = list(runs)
        return self._create("tasks", name, {"jobName": job, "commandLine": "work", **spec})

    def _create(self, plural: str, name: str, spec: Document) -> Self:
        self.verbs.create(plural, NAMESPACE, {"metadata": {"name": name}, "spec": spec})
        return self

    def patch(self, plural: str, name: str, **spec: Any) -> Self:
        self.verbs.merge_patch(plural, NAMESPACE, name, {"spec": spec})
        return self

    def delete(self, plural: str, name: str) -> Self:
        self.verbs.delete(plural, NAMESPACE, name)
        return self

    # Looking

    def status(self, plural: str, name: str) -> Document:
        found: Document = self.verbs.get(plural, NAMESPACE, name).get("status") or {}
        return found

    def state(self, plural: str, name: str) -> str:
        return str(self.status(plural, name).get("state"))

    def all_tasks_completed(self) -> bool:
        return all((task.get("status") or {}).get("state") == "Completed" for task in self.verbs.list("tasks"))

    def running(self) -> int:
        """How many task Pods run."""
        pods = self.verbs.list("pods", NAMESPACE, f"{labels.ROLE} in ({','.join(labels.TASK_ROLES)})")
        return sum(1 for pod in pods if pod["status"].get("phase") == "Running")

    def nodes_in(self, state: str) -> int:
        """How many ComputeNodes are in that state."""
        return sum((node.get("status") or {}).get("state") == state for node in self.verbs.list("computenodes"))

    def outcome(self) -> dict[str, Any]:
        """What users are left with, without times, uids and the names of nodes and hosts: to compare two runs."""
        told = {
            "tasks": ("state", "result", "exitCode", "retryCount"),
            "jobs": ("state", "taskCounts", "terminateReason"),
            "jobschedules": ("state", "jobsCreated", "recentJobName"),
            "pools": (
                "state",
                "allocationState",
                "nodeCounts",
                "taskCounts",
                "taskSlotCounts",
                "currentDedicatedNodes",
                "targetDedicatedNodes",
                "resizeErrors",
            ),
        }
        left: dict[str, Any] = {
            f"{plural}/{document['metadata']['name']}": {
                fact: (document.get("status") or {}).get(fact) for fact in facts
            }
            for plural, facts in told.items()
            for document in self.verbs.list(plural)
        }
        for task in self.verbs.list("tasks"):
            failure = (task.get("status") or {}).get("failure") or {}
            left[f"tasks/{task['metadata']['name']}"]["failure"] = failure.get("code")
        left["requeues"] = sum((t.get("status") or {}).get("requeueCount", 0) for t in self.verbs.list("tasks"))
        left["nodes"] = sorted((n.get("status") or {}).get("state", "") for n in self.verbs.list("computenodes"))
        left["pods"] = sorted(p["metadata"]["labels"][labels.ROLE] for p in self.verbs.list("pods"))
        left["volumes"] = len(self.verbs.list("persistentvolumeclaims"))
        left["claims"] = sorted(
            [len(h["spec"].get("taints") or ()), h["metadata"]["labels"].get(labels.HOST_LABEL)]
            for h in self.verbs.list("nodes")
            if h["metadata"]["labels"].get(labels.HOST_LABEL) or h["spec"].get("taints")
        )
        return left

    # Time

    async def run_until(self, condition: Callable[[], bool], limit: float) -> None:
        """Let the world go on until the condition holds; TooLateError after `limit` virtual seconds."""
        end = self._loop.time() + limit
        while not condition():
            self.check()
            if self._loop.time() >= end:
                raise TooLateError(f"after {limit} s: {self.describe()}")
            self._news.clear()
            try:
                async with asyncio.timeout_at(end):
                    await self._news.wait()
            except TimeoutError:
                continue
        self.check()

    async def run_quiet(self, seconds: float, limit: float) -> None:
        """Let the world go on until nothing has been written for that long."""
        end = self._loop.time() + limit
        while self._loop.time() < self.last_change + seconds:
            if self._loop.time() >= end:
                raise TooLateError(f"never quiet in {limit} s: {self.describe()}")
            await asyncio.sleep(max(0.01, self.last_change + seconds - self._loop.time()))
            self.check()

    def check(self) -> None:
        """Raise AssertionError where the operator has ended by itself or a law is broken."""
        for task in self._running:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise AssertionError("the operator ended by itself") from task.exception()
        if self.books.violations:
            raise AssertionError("; ".join(self.books.violations))

    def describe(self) -> str:
        """All states, in one line each, for failures."""
        rows = []
        for plural in ("pools", "computenodes", "jobschedules", "jobs", "tasks", "pods"):
            for document in self.verbs.list(plural):
                status = document.get("status") or {}
                facts = {k: v for k, v in status.items() if k in ("state", "phase", "attempt", "reason", "result")}
                deleting = "deletionTimestamp" in document["metadata"]
                rows.append(f"{plural}/{document['metadata']['name']} {facts}{' deleting' if deleting else ''}")
        return "\n  ".join([f"lives {self.lives}, writes {len(self.counter.writes)}", *rows])
