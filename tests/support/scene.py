"""A small stage for the judgement: objects, a clock, and a cluster that does at once what each action asks.

scene.run() plans and performs until nothing is left to do; the test then plays the kubelet: scene.starts("frame-1-1"),
scene.ends("frame-1-1", exited(1)). A test makes an action fail with scene.fail(StartAttempt, Missed("conflict")).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from millpond.api import labels, naming
from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.kind import Resource
from millpond.api.pool import Pool
from millpond.api.views.host import HostView
from millpond.api.views.pod import PodView
from millpond.api.views.task import TaskView
from millpond.control import actions as act
from millpond.control.limits import Limits
from millpond.control.outcomes import Done, Outcome, Room, Skipped
from millpond.control.plan import Plan, plan
from millpond.control.pool_state import PoolKey, PoolState
from millpond.control.records import TaskRecord
from millpond.control.settle import settle
from millpond.control.world import World
from millpond.lifecycle.upgrade import version_of
from millpond.scaling.kept_samples import NOTHING

from support.builders import (
    CLAIM,
    EPOCH,
    POOL,
    SPACE,
    a_host,
    a_job_pod,
    a_manager_task,
    a_node,
    a_pool,
    a_task_pod,
    an_auto_pool,
    an_eraser_pod,
    at,
    phase_of,
    running,
)
from support.patched import patched_task
from support.placed import new_node_pod
from support.told import kinds, of, plain  # noqa: F401 - tests have them from here

KEY = PoolKey(SPACE, POOL)
NOWHERE = PoolKey(SPACE, "")
MOST_TURNS = 60
LEAST_PAUSE = 60.0
"""A plan at rest is not made more often than so many seconds apart."""

Object = TypeVar("Object", bound=Resource)


class Scene:
    """All objects of one cluster, and the operator's judgement of them."""

    def __init__(self, **limits: float) -> None:
        self.world = World()
        self.limits = Limits(**limits)
        self.now = EPOCH
        self.version = 1000
        self.tasks: dict[str, TaskView] = {}
        self.pods: dict[str, PodView] = {}
        self.hosts: dict[str, HostView] = {}
        self.pools: dict[str, Pool] = {}
        self.jobs: dict[str, Job] = {}
        self.nodes: dict[str, ComputeNode] = {}
        self.done: list[act.AnyAction] = []  # every action performed, in order
        self.kept = NOTHING  # the samples of an earlier life
        self.eraser_phase = "Succeeded"
        """How far a Pod comes that erases a node directory."""
        self.room = Room(8000, 16 * 1024**3)
        self._failing: list[tuple[type[act.Action], Outcome]] = []

    def add(self, *objects: TaskView | PodView | HostView | Pool | Job | ComputeNode) -> None:
        """Put objects into the cluster, or replace them, and let the judgement see them."""
        for one in objects:
            name = one.metadata.name
            match one:
                case TaskView():
                    self.tasks[name] = one
                    self.world.observe_task(one)
                case PodView():
                    self.pods[name] = one
                    self.world.observe_pod(one)
                case HostView():
                    self.hosts[name] = one
                    self.world.observe_host(one)
                case Pool():
                    self.pools[name] = one
                    self.world.observe_pool(one)
                case Job():
                    self.jobs[name] = one
                    self.world.observe_job(one)
                case ComputeNode():
                    self.nodes[name] = one
                    self.world.observe_node(one)

    def remove_task(self, name: str) -> None:
        """The user deletes a Task."""
        view = self.tasks.pop(name)
        self.world.forget_task(SPACE, view.spec.job_name, name, view.metadata.uid)

    def remove_pod(self, name: str) -> None:
        """A Pod is gone, finalizer or not."""
        meta = self.pods.pop(name).metadata
        self.world.forget_pod(SPACE, meta.labels[labels.POOL], name, meta.uid)

    def remove_host(self, name: str) -> None:
        """A Kubernetes Node is deleted."""
        del self.hosts[name]
        self.world.forget_host(name)

    def remove_pool(self, name: str) -> None:
        """A Pool is gone."""
        del self.pools[name]
        self.world.forget_pool(SPACE, name)

    def remove_job(self, name: str) -> None:
        """A Job is gone, finalizer or not."""
        del self.jobs[name]
        self.world.forget_job(SPACE, name)

    def edit(self, model: Object, **spec: Any) -> Object:
        """The object with other fields in its spec, of a newer version and generation."""
        meta = model.metadata.model_copy(
            update={"resource_version": self.next_version(), "generation": model.metadata.generation + 1}
        )
        changed = model.spec.model_copy(update=spec)  # type: ignore[attr-defined]
        return model.model_copy(update={"metadata": meta, "spec": changed})

    def deleted(self, model: Object) -> Object:
        """The object with a deletion timestamp."""
        meta = {"resourceVersion": self.next_version(), "deletionTimestamp": "2026-01-01T00:00:00Z"}
        return model.model_validate(model.as_document() | {"metadata": model.as_document()["metadata"] | meta})

    def edit_task(self, name: str, **spec: Any) -> None:
        """The user edits a Task; fields by their public names."""
        raw = plain(self.tasks[name])
        raw["spec"] |= spec
        raw["metadata"]["resourceVersion"] = self.next_version()
        self.add(msgspec.convert(raw, TaskView))

    def next_version(self) -> str:
        self.version += 1
        return str(self.version)

    # What the kubelet does.

    def pod(self, name: str, state: dict[str, Any] | None = None, **status: Any) -> None:
        """A task Pod's container is in another state."""
        raw = plain(self.pods[name])
        raw["metadata"]["resourceVersion"] = self.next_version()
        if state is not None:
            raw["status"]["containerStatuses"] = [{"name": "task", "state": state}]
            raw["status"]["phase"] = phase_of(state)
        raw["status"] |= status
        self.add(msgspec.convert(raw, PodView))

    def starts(self, name: str) -> None:
        """The Pod's container runs."""
        self.pod(name, running(self.now - EPOCH))

    def ends(self, name: str, state: dict[str, Any], **status: Any) -> None:
        """The Pod's container ended."""
        self.pod(name, state, **status)

    def turns_away(self, name: str) -> None:
        """The host has no room for the Pod after all."""
        self.pod(name, phase="Failed", reason="OutOfpods", containerStatuses=[])

    def host(self, name: str, **changes: Any) -> None:
        """A host is as a_host() with these changes, still claimed if it was."""
        claim = self.hosts[name].metadata.labels.get(labels.HOST_LABEL, "") if name in self.hosts else ""
        self.add(a_host(name, claim=changes.pop("claim", claim), version=int(self.next_version()), **changes))

    # What the operator does.

    def plan(self, key: PoolKey = KEY) -> Plan:
        """One plan, not performed."""
        return plan(self.world.pool(key), self.now, self.limits)

    def fail(self, kind: type[act.Action], outcome: Outcome) -> None:
        """The next action of this kind comes to this outcome instead of being performed."""
        self._failing.append((kind, outcome))

    def step(self, key: PoolKey = KEY) -> list[act.AnyAction]:
        """Plan once and perform what it says."""
        actions = self.plan(key).actions
        self.perform(actions, key)
        return actions

    def perform(self, actions: Iterable[act.AnyAction], key: PoolKey = KEY) -> None:
        """Perform actions as the actuator does: chains break at their first failure; the missed is not read anew."""
        broken: set[str] = set()
        for action in actions:
            outcome = self._outcome(action, broken)
            if not isinstance(outcome, Done):
                broken.add(act.chain_of(action))
            settle(self.pool_state(key), action, outcome, self.now)

    def run(self, *keys: PoolKey, seconds: float = 0) -> list[act.AnyAction]:
        """Plan and perform until nothing is left to do now; with `seconds`, until so much time has passed."""
        began, end = len(self.done), self.now + seconds
        for _ in range(MOST_TURNS * 10 + int(seconds / LEAST_PAUSE)):
            acted = [action for key in keys or (KEY, NOWHERE) for action in self.step(key)]
            due = self._due(keys or (KEY, NOWHERE))
            if acted or due <= self.now:
                continue
            if due > end:
                self.now = end
                return self.done[began:]
            self.now = due
        raise AssertionError(f"the plan does not come to rest: {self.done[-5:]}")

    def _due(self, keys: Iterable[PoolKey]) -> float:
        dues = []
        for key in keys:
            state = self.pool_state(key)
            dues += [self.now] if state.restless else [entry[0] for entry in state.deadlines[:1]]
        return min(dues, default=float("inf"))

    def pool_state(self, key: PoolKey = KEY) -> PoolState:
        return self.world.pool(key)

    def task(self, name: str) -> TaskRecord:
        """The judgement's record of a task."""
        return self.world.namespace(SPACE).job(self.tasks[name].spec.job_name).tasks[name]

    def _outcome(self, action: act.AnyAction, broken: set[str]) -> Outcome:
        if act.chain_of(action) in broken:
            return Skipped()
        for place, (kind, outcome) in enumerate(self._failing):
            if isinstance(action, kind):
                del self._failing[place]
                return outcome
        self.done.append(action)
        return self._do(action)

    def _do(self, action: act.AnyAction) -> Outcome:
        match action:
            case act.StartAttempt():
                return self._start(action)
            case act.StartJobTask():
                return self._start_job_task(action)
            case act.WriteTask():
                return self._write_task(action)
            case act.WriteJob() | act.WritePool() | act.WriteNode():
                return self._write(action)
            case act.ReleaseEvidence(pod=pod) if pod in self.pods:
                tags = self.pods[pod].metadata.labels | {labels.COUNTED: "true"}
                self._patch_pod(pod, finalizers=[], labels=tags)
            case act.DisplaceAttempt(pod=pod, to_job=job):
                self._patch_pod(pod, labels=self.pods[pod].metadata.labels | {labels.DISPLACED: job})
            case act.StopAttempt(pod=pod):
                self._patch_pod(pod, deletionTimestamp=at(self.now - EPOCH))
            case act.SweepPods():
                self._sweep()
            case act.LoadSamples():
                return Done(samples=self.kept)
            case act.CreatePool(pool=name, job=job):
                self.add(an_auto_pool(name, self.jobs[job], int(self.next_version())))
            case act.DeletePool(pool=name):
                self.remove_pool(name)
            case act.HoldJob() | act.ReleaseJob() | act.CreateManager():
                return self._do_to_job(action)
            case act.ClaimHost(host=host):
                self.host(host, claim=CLAIM)
                return Done(room=self.room)
            case act.ReleaseHost(host=host):
                self.host(host, claim="")
            case _:
                self._do_to_node(action)
        return Done()

    def _do_to_job(self, action: act.HoldJob | act.ReleaseJob | act.CreateManager) -> Outcome:
        job = self.jobs[action.job]
        if isinstance(action, act.CreateManager):
            if action.task not in self.tasks:
                self.add(a_manager_task(job, action.task, int(self.next_version()), self.now - EPOCH))
            return Done(uid=self.tasks[action.task].metadata.uid)
        if isinstance(action, act.HoldJob):
            meta = {"finalizers": action.finalizers, "resource_version": self.next_version()}
            self.jobs[action.job] = job.model_copy(update={"metadata": job.metadata.model_copy(update=meta)})
            return Done(str(self.version))
        for name in [name for name, task in self.tasks.items() if task.spec.job_name == action.job]:
            self.remove_task(name)
        self.remove_job(action.job)
        return Done()

    def _do_to_node(self, action: act.AnyAction) -> None:
        match action:
            case act.CreateNode(node=node, pool=pool, node_class=kind):
                storage = self.pools[pool].spec.node_template.storage.type
                self.add(a_node(node, pool, int(self.next_version()), node_class=kind.value, storage_type=storage))
            case act.RemoveNode(node=node):
                self.add(self.deleted(self.nodes[node]))
            case act.ReleaseNode(node=node):
                del self.nodes[node]
                self.world.forget_node(SPACE, POOL, node)
                if naming.eraser_pod(node) in self.pods:
                    self.remove_pod(naming.eraser_pod(node))
            case act.CreateNodePod():
                pod = new_node_pod(action, self.pods.values(), self.hosts, self.now, self._new(action.pod))
                pod.metadata.labels[labels.NODE_VERSION] = version_of(self.pools[action.pool].spec, action.node_class)
                self.add(pod)
            case act.CreateEraser(node=node, host=host, pod=pod):
                uid, created = f"uid-{pod}-{self.next_version()}", self.now - EPOCH
                self.add(an_eraser_pod(node, host, self.eraser_phase, pod, uid, self.version, created))
            case act.DeleteNodePod(pod=pod):
                if pod in self.pods:
                    self.remove_pod(pod)
            case act.ShrinkNodePod(pod=pod):
                raw = plain(self.pods[pod])
                raw["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "50m"
                raw["metadata"]["resourceVersion"] = self.next_version()
                self.add(msgspec.convert(raw, PodView))

    def _sweep(self) -> None:
        for name in [name for name, pod in self.pods.items() if labels.COUNTED in pod.metadata.labels]:
            self.remove_pod(name)

    def _write(self, action: act.WriteJob | act.WritePool | act.WriteNode) -> Outcome:
        written: Resource
        match action:
            case act.WriteJob(job=name, status=job):
                written = self.jobs[name] = self._written(self.jobs[name], job)
            case act.WritePool(pool=name, status=pool):
                written = self.pools[name] = self._written(self.pools[name], pool)
            case act.WriteNode(node=name, status=node):
                written = self.nodes[name] = self._written(self.nodes[name], node)
        return Done(written.metadata.resource_version)

    def _written(self, model: Object, status: Any) -> Object:
        meta = model.metadata.model_copy(update={"resource_version": self.next_version()})
        return model.model_copy(update={"metadata": meta, "status": status})

    def _start(self, action: act.StartAttempt) -> Outcome:
        assert action.pod not in self.pods, f"{action.pod} is there already"
        pod = a_task_pod(
            action.task,
            attempt=action.attempt,
            node=action.node,
            host=action.host,
            job=action.job,
            pool=action.pool,
            slots=action.slots,
            cpu=f"{action.cpu_millis}m",
            memory=str(action.memory_bytes),
            task_uid=action.task_uid,
            task_id=self.tasks[action.task].spec.id or "",
            marks=(action.manages, action.exclusive),
            part=(action.instance, action.instances),
            **self._new(action.pod),
        )
        return self._made(pod)

    def _made(self, pod: PodView) -> Outcome:
        self.add(pod)
        return Done(str(self.version), pod.metadata.uid)

    def _new(self, name: str) -> Any:
        """What an object made now has of its own."""
        return {"uid": f"uid-{name}-{self.next_version()}", "version": self.version, "created": self.now - EPOCH}

    def _start_job_task(self, action: act.StartJobTask) -> Outcome:
        assert action.pod not in self.pods, f"{action.pod} is there already"
        where = {"job": action.job, "job_uid": action.job_uid, "node": action.node, "host": action.host}
        return self._made(a_job_pod(action.pod, role=action.role.value, **where, **self._new(action.pod)))

    def job_pods(self, role: str) -> list[str]:
        """The Pods of jobs' preparation (prep) or release tasks, or of another role, by name."""
        return sorted(name for name, pod in self.pods.items() if pod.metadata.labels[labels.ROLE] == role)

    def _write_task(self, action: act.WriteTask) -> Outcome:
        self.add(patched_task(self.tasks[action.task], action, self.next_version()))
        return Done(str(self.version))

    def _patch_pod(self, name: str, **meta: Any) -> None:
        if name in self.pods:
            raw = plain(self.pods[name])
            raw["metadata"] |= meta | {"resourceVersion": self.next_version()}
            self.add(msgspec.convert(raw, PodView))


def a_running_scene(hosts: int = 1, slots: int = 1, template: Any = None, **limits: float) -> Scene:
    """A pool with a node on each host, all of them up."""
    scene = Scene(**limits)
    more = {"nodeTemplate": template} if template else {}
    scene.add(*(a_host(f"host-{n + 1}") for n in range(hosts)), a_pool(nodes=hosts, slots=slots, **more))
    scene.run()
    return scene
