"""Everything observed, folded: one door for each kind of object, each telling whose cycle must look.

State rebuilt from a full list equals state kept step by step (law 5): whatever order objects come in, however often.
"""

from __future__ import annotations

from collections.abc import Iterable

from millpond.api import labels, naming
from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.nodetemplate import NodeClass
from millpond.api.pool import Pool
from millpond.api.reasons import JobState, NodeErrorCode
from millpond.api.views.host import HostView
from millpond.api.views.pod import PodView
from millpond.api.views.task import TaskView
from millpond.control.draining import tell
from millpond.control.fold_dependencies import weigh_dependencies
from millpond.control.fold_job_pods import fold_job_pod, forget_job_pod
from millpond.control.fold_pods import fold_attempt, fold_eraser, fold_node_pod, forget_attempt
from millpond.control.fold_tasks import appoint, drop_task, fold_task, reserved_ids, settle_into_queue
from millpond.control.litter import job_leaves_litter
from millpond.control.namespace import NOWHERE, NamespaceState
from millpond.control.plan_supply import is_asked
from millpond.control.pool_state import PoolKey, PoolState, terms_of
from millpond.control.records import JobRecord, OwnPool
from millpond.control.refusals import try_again
from millpond.lifecycle.disk import disk_is_full
from millpond.lifecycle.upgrade import version_of
from millpond.scaling.measurement import Measurement


def _version(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


class World:
    """All namespaces and all hosts."""

    def __init__(self) -> None:
        self.namespaces: dict[str, NamespaceState] = {}
        self.hosts: dict[str, HostView] = {}
        self.unreadable: dict[str, set[str]] = {}
        """By namespace, names of objects of any kind that could not be read: what is theirs is left alone."""
        self.forgotten = 0
        """How often something was told to be gone."""
        self._claimed: dict[str, set[str]] = {}
        self._nodes_on: dict[str, set[tuple[PoolKey, str]]] = {}

    def namespace(self, name: str) -> NamespaceState:
        state = self.namespaces.get(name)
        if state is None:
            state = self.namespaces[name] = NamespaceState(lambda pool: self._make_pool(name, pool))
        return state

    def _make_pool(self, namespace: str, pool: str) -> PoolState:
        claim = naming.host_claim(namespace, pool)
        claimed = self._claimed.setdefault(claim, set())
        state = self.namespace(namespace)
        return PoolState(namespace, pool, claim, self.hosts, claimed, state.yielding, state.pools, state.forget)

    def pool(self, key: PoolKey) -> PoolState:
        return self.namespace(key.namespace).pool(key.pool)

    def released(self, key: PoolKey) -> bool:
        """True when the Pool is being deleted and nothing of it is left: no node, no Pod, no claim, no machine."""
        pool = self.pool(key)
        if pool.model is not None and pool.model.metadata.deletion_timestamp is None:
            return False
        # What is left of a node may be the counted Pods of its tasks, which wait for the next sweep and hold nothing.
        if pool.model is not None and is_asked(pool) and not pool.supply.done:
            return False
        standing = any(not node.is_memory for node in pool.nodes.values())
        kept = any(not a.released for a in pool.attempts.values()) or any(not p.spent for p in pool.job_pods.values())
        return not (standing or pool.claimed or kept)

    def vacant(self, key: PoolKey) -> bool:
        """True when there is no such Pool, nothing of one is left, and no job waits for one."""
        pool = self.pool(key)
        left = pool.jobs or pool.attempts or pool.job_pods
        return pool.model is None and not left and self.released(key)

    # Tasks

    def observe_task(self, view: TaskView) -> Iterable[PoolKey]:
        namespace = self.namespace(view.metadata.namespace)
        job = namespace.job(view.spec.job_name)
        if not fold_task(job, view):
            return ()
        attempts = job.attempts.get(view.metadata.name)
        if attempts is None:
            return (job.pool.key,)
        return {job.pool.key, *(attempt.pool.key for attempt in attempts.values())}

    def forget_task(self, namespace: str, job: str, name: str, uid: str) -> Iterable[PoolKey]:
        self.forgotten += 1
        record = self.namespace(namespace).job(job)
        task = record.tasks.get(name)
        if task is None or task.uid != uid:
            return ()
        pools = {record.pool.name, *(a.pool.name for a in record.attempts.get(name, {}).values())}
        drop_task(record, task)
        return [PoolKey(namespace, pool) for pool in sorted(pools)]

    # Pods

    def observe_pod(self, view: PodView) -> Iterable[PoolKey]:
        tags, space = view.metadata.labels, view.metadata.namespace
        namespace = self.namespace(space)
        pool = namespace.pool(tags.get(labels.POOL, NOWHERE))
        match tags.get(labels.ROLE):
            case labels.Role.TASK | labels.Role.MANAGER | labels.Role.MEMBER:
                fold_attempt(namespace, pool, view)
            case labels.Role.PREPARATION | labels.Role.RELEASE:
                fold_job_pod(namespace, pool, view)
            case labels.Role.NODE:
                fold_node_pod(pool, view)
            case labels.Role.ERASER:
                fold_eraser(pool, view)
            case _:
                return ()
        if view.spec.node_name:
            # Whose nodes a change of the host concerns.
            self._nodes_on.setdefault(view.spec.node_name, set()).add((pool.key, tags.get(labels.NODE, "")))
        owner = namespace.job(tags[labels.JOB]).pool if labels.JOB in tags else pool
        return (pool.key,) if owner is pool else (pool.key, owner.key)

    def forget_pod(self, namespace: str, pool: str, name: str, uid: str) -> Iterable[PoolKey]:
        self.forgotten += 1
        state = self.namespace(namespace).pool(pool)
        attempt = state.attempts.get(name)
        if attempt is not None and attempt.uid in ("", uid):
            forget_attempt(state, attempt)
            return {PoolKey(namespace, pool), PoolKey(namespace, attempt.job.pool.name)}
        job_pod = state.job_pods.get(name)
        if job_pod is not None and job_pod.uid in ("", uid):
            forget_job_pod(state, job_pod)
            return {PoolKey(namespace, pool), PoolKey(namespace, job_pod.of.job.pool.name)}
        for node in state.nodes.values():
            pod = node.pods.get(name)
            if pod is not None and pod.metadata.uid == uid:
                node.drop_pod(name)
                state.leave(node, pod)
                state.mark("node", node.name)
                return (PoolKey(namespace, pool),)
            if node.eraser is not None and node.eraser.metadata.uid == uid:
                node.eraser = None
                state.mark("node", node.name)
                return (PoolKey(namespace, pool),)
        return ()

    # Hosts

    def observe_host(self, view: HostView) -> Iterable[PoolKey]:
        name = view.metadata.name
        old = self.hosts.get(name)
        if old is not None and view.metadata.version < old.metadata.version:
            return ()
        self.hosts[name] = view
        if old is not None and _host_facts(old) == _host_facts(view):
            return ()
        return self._host_changed(name, old, view)

    def forget_host(self, name: str) -> Iterable[PoolKey]:
        self.forgotten += 1
        old = self.hosts.pop(name, None)
        return self._host_changed(name, old, None) if old is not None else ()

    def _host_changed(self, name: str, old: HostView | None, new: HostView | None) -> Iterable[PoolKey]:
        before = old.metadata.labels.get(labels.HOST_LABEL) if old else None
        after = new.metadata.labels.get(labels.HOST_LABEL) if new else None
        keys: set[PoolKey] = set()
        for claim in {before, after} - {None}:
            holders = self._claimed.setdefault(claim or "", set())
            (holders.add if claim == after else holders.discard)(name)
            keys |= self._pools_of_claim(claim or "")
        for key, node in self._nodes_on.get(name, ()):
            pool = self.pool(key)
            pool.mark("node", node)
            record = pool.nodes.get(node)
            for pod in record.attempts if record else ():
                pool.mark("attempt", pod)
            for of in record.jobs.values() if record else ():
                pool.mark("jobnode", of.key)
            keys.add(key)
        for key in keys:
            self.pool(key).mark("size", key.pool)
        return keys

    def _pools_of_claim(self, claim: str) -> set[PoolKey]:
        return {
            PoolKey(space, pool.name)
            for space, state in self.namespaces.items()
            for pool in state.pools.values()
            if pool.claim == claim
        }

    # The few: Pools, Jobs, ComputeNodes

    def observe_pool(self, model: Pool) -> Iterable[PoolKey]:
        space = model.metadata.namespace
        pool = self.namespace(space).pool(model.metadata.name)
        if pool.model is not None and _version(model.metadata.resource_version) < _version(
            pool.model.metadata.resource_version
        ):
            return ()
        before = pool.model
        if pool.model is not None and pool.model.metadata.uid != model.metadata.uid:
            pool.decided = None
        pool.model, pool.unwritten = model, False
        pool.node_versions = {node_class: version_of(model.spec, node_class) for node_class in NodeClass}
        pool.mark("samples", pool.name)
        pool.mark("autoscale", pool.name)
        pool.mark("size", pool.name)
        for node in pool.nodes.values():
            pool.mark("node", node.name)
            if node.draining is not None and pool.deleting:
                pool.mark_attempts(node)
        for job in pool.jobs:
            pool.mark("job", job)
        if before is None or terms_of(before) != terms_of(model):
            pool.mark_misfits()
        if before is not None and before.metadata.generation != model.metadata.generation:
            try_again(pool)
        return (PoolKey(space, pool.name),)

    def forget_pool(self, namespace: str, name: str) -> Iterable[PoolKey]:
        self.forgotten += 1
        pool = self.namespace(namespace).pool(name)
        pool.model = pool.decided = None
        pool.mark("samples", name)
        for job in pool.jobs:
            pool.mark("job", job)
        pool.mark_misfits()
        pool.mark("size", name)
        return (PoolKey(namespace, name),)

    def observe_job(self, model: Job) -> Iterable[PoolKey]:
        space = model.metadata.namespace
        namespace = self.namespace(space)
        job = namespace.job(model.metadata.name)
        before = job.pool.name
        if job.model is not None and _version(model.metadata.resource_version) < _version(
            job.model.metadata.resource_version
        ):
            return ()
        job.pool.unfile(job)
        namespace.move(job, model.pool_name)
        first = job.model is None or job.model.metadata.uid != model.metadata.uid
        before_edit = (job.disable_option, job.forced)
        job.model, job.unwritten = model, False
        namespace.note_yielding(job)
        created = model.metadata.creation_timestamp
        job.ticket = (created.isoformat() if created else "", job.name)
        job.state = model.status.state or JobState.ACTIVE
        said = model.status.job_manager_task
        appoint(job, said.uid if said is not None else "" if first else job.manager_uid)
        if first:
            job.own_pool = OwnPool()
            job.reserved = reserved_ids(model)
            weigh_dependencies(job)
            for task in job.tasks.values():
                settle_into_queue(task)
        if (job.disable_option, job.forced) != before_edit:
            job.mark_live()
        job.pool.mark("job", job.name)
        job.pool.refile(job)
        elsewhere = {PoolKey(space, a.pool.name) for a in job.live.values() if a.pool is not job.pool}
        return {PoolKey(space, before), PoolKey(space, job.pool.name), *elsewhere, *_mark_nodes(space, job)}

    def forget_job(self, namespace: str, name: str) -> Iterable[PoolKey]:
        self.forgotten += 1
        state = self.namespace(namespace)
        job = state.job(name)
        if job.model is None:
            return ()
        before = job.pool.name
        job_leaves_litter(job)
        job.pool.unfile(job)
        appoint(job, "")
        job.model, job.state = None, JobState.ACTIVE
        state.note_yielding(job)
        weigh_dependencies(job)
        state.move(job, NOWHERE)
        job.pool.mark("job", name)
        job.mark_live()
        return {
            PoolKey(namespace, before),
            PoolKey(namespace, NOWHERE),
            *(PoolKey(namespace, a.pool.name) for a in job.live.values()),
            *_mark_nodes(namespace, job),
        }

    def observe_node(self, model: ComputeNode) -> Iterable[PoolKey]:
        space = model.metadata.namespace
        pool = self.namespace(space).pool(model.spec.pool_name)
        node = pool.node(model.metadata.name)
        if node.model is not None and _version(model.metadata.resource_version) < _version(
            node.model.metadata.resource_version
        ):
            return ()
        if node.model is None:
            node.tally.recall(model.status.totals, model.status.recent_tasks)
            if any(error.code is NodeErrorCode.DISK_FULL for error in model.status.errors):
                node.full_of = model.status.pod_name or ""
        node.model, node.creating, node.unwritten = model, False, False
        node.node_class, node.told_state = model.spec.node_class, model.status.state
        tell(pool, node, model.status.draining)
        pool.mark("node", node.name)
        pool.mark("size", pool.name)
        pool.mark_attempts(node)
        return (PoolKey(space, pool.name),)

    def forget_node(self, namespace: str, pool_name: str, name: str) -> Iterable[PoolKey]:
        self.forgotten += 1
        pool = self.namespace(namespace).pool(pool_name)
        node = pool.nodes.get(name)
        if node is None:
            return ()
        node.model, node.removing, node.verdict = None, False, None
        node.chosen = node.draining = None
        node.erasure_refusal = node.full_of = ""
        node.claim_gone = False
        pool.open_node(node, takes_tasks=False)
        pool.mark("node", name)
        pool.mark("size", pool_name)
        return (PoolKey(namespace, pool_name),)

    # Measurements

    def observe_measurement(self, key: PoolKey, name: str, uid: str, measured: Measurement) -> Iterable[PoolKey]:
        """What the agent in a node's Pod of that uid reported."""
        pool = self.pool(key)
        node = pool.nodes.get(name)
        if node is None or node.pod is None or node.pod.metadata.uid != uid:
            return ()
        node.measurement = measured
        if measured.disk_fraction is None or disk_is_full(measured.disk_fraction) == node.disk_full:
            return ()
        node.full_of = "" if node.disk_full else node.pod.metadata.name
        pool.mark("node", name)
        return (key,)


def _mark_nodes(namespace: str, job: JobRecord) -> Iterable[PoolKey]:
    """Judge the job anew on all nodes on which it is prepared."""
    for of in job.nodes.values():
        of.pool.mark("jobnode", of.key)
    return [PoolKey(namespace, of.pool.name) for of in job.nodes.values()]


def _host_facts(view: HostView) -> object:
    """What of a host judgement looks at: its heartbeat is not news."""
    return (
        view.metadata.uid,
        view.metadata.labels.get(labels.HOST_LABEL),
        view.ready,
        view.spec.taints,
        view.status.allocatable,
    )
