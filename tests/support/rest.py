"""What must hold when everything that can end has ended: laws of the API server's objects, not of any operator."""

from __future__ import annotations

from collections.abc import Container, Iterator

from millpond.api import labels, naming

from support.model.store import Document
from support.model.verbs import Verbs
from support.predecessors import terminates, unmet
from support.scheduler import is_terminal
from support.users import NAMESPACE

BROKEN = ("StartTaskFailed", "Unusable", "Creating")
HOSTLESS = ("Creating", "Preempted")
"""States of nodes that wait for a host: what they are made with counts once they have one."""

Fault = tuple[str, str]
"""A law, and what breaks it."""


def faults_at_rest(verbs: Verbs, deleted_from: Container[str]) -> Iterator[Fault]:
    """All that is not as it must be. `deleted_from`: jobs that have lost tasks, which may have ended them before."""
    yield from _no_task_lost(verbs)
    yield from _no_job_left_open(verbs, deleted_from)
    yield from _nothing_left(verbs)


def _no_task_lost(verbs: Verbs) -> Iterator[Fault]:
    """Law 3: at rest, every task is completed, or says why it cannot run, or its pool cannot take it."""
    for task in verbs.list("tasks"):
        status = task.get("status") or {}
        if status.get("state") == "Completed":
            continue
        reason = _reason_to_wait(verbs, task)
        if reason is None:
            yield "Law 3", f"task {task['metadata']['name']} waits for nothing: {task['spec']} {status}"


def _no_job_left_open(verbs: Verbs, deleted_from: Container[str]) -> Iterator[Fault]:
    """At rest, a job whose tasks said that it is to be terminated has ended."""
    for job in verbs.list("jobs"):
        name, status = job["metadata"]["name"], job.get("status") or {}
        fatal = [
            t["metadata"]["name"]
            for t in verbs.list("tasks")
            if t["spec"]["jobName"] == name and terminates(t) and _concerns(t, job)
        ]
        performs = job["spec"].get("onTaskFailure") == "PerformExitOptionsJobAction"
        if fatal and performs and status.get("state") != "Completed":
            yield "Job actions", f"job {name} is {status.get('state')} after the ends of {fatal}"
        if not fatal and status.get("terminateReason") == "TaskFailed" and name not in deleted_from:
            yield "Job actions", f"job {name} was terminated by no task"


def _concerns(task: Document, job: Document) -> bool:
    """False for a task that was there before the job and had ended before, under another job of that name."""
    last = max(task["metadata"]["creationTimestamp"], task["status"]["endTime"])
    return bool(last >= job["metadata"]["creationTimestamp"])


def _manager_before(verbs: Verbs, task: Document, job: Document) -> Document | None:
    """The Task of the job's manager, where it is another one and waits too."""
    if "jobManagerTask" not in job["spec"]:
        return None
    name = naming.manager_task(job["metadata"]["name"], job["spec"]["jobManagerTask"]["id"])
    found = verbs.store.get("tasks", (NAMESPACE, name))
    waits = found is not None and (found.get("status") or {}).get("state", "Active") == "Active"
    return found if waits and name != task["metadata"]["name"] else None


def _reason_to_wait(verbs: Verbs, task: Document) -> str | None:
    status, spec = task.get("status") or {}, task["spec"]
    for condition in status.get("conditions", ()):
        if condition["type"] == "Scheduled" and condition["status"] == "False":
            return str(condition["reason"])
    job = verbs.store.get("jobs", (NAMESPACE, spec["jobName"]))
    if job is None:
        return None
    waits_for = unmet(verbs, task)
    if waits_for and not status.get("attempt"):
        return f"it depends on {waits_for}"
    state = (job.get("status") or {}).get("state")
    if state in ("Completed", "Disabled"):
        return f"the job is {state}"
    manager = _manager_before(verbs, task, job)
    if manager is not None:
        return _reason_to_wait(verbs, manager)
    pool = verbs.store.get("pools", (NAMESPACE, job["spec"]["poolName"]))
    if pool is None or target_of(pool) == 0:
        return "there are no nodes"
    nodes = [node for node in verbs.list("computenodes") if node["spec"]["poolName"] == pool["metadata"]["name"]]
    if _manages(task, job) and not job["spec"]["jobManagerTask"].get("allowLowPriorityNode", True):
        nodes = [node for node in nodes if node["spec"]["nodeClass"] == "Dedicated"]
    wanted = (spec.get("multiInstanceSettings") or {}).get("numberOfInstances", 1)
    if wanted > sum(_takes_tasks_of(node, spec["jobName"]) for node in nodes):
        return "no node, or too few, can run tasks of the job"
    states = {(node.get("status") or {}).get("state") for node in nodes}
    if states <= {"StartTaskFailed", "Creating", "Unusable", "Offline", "Preempted"}:
        return "no node can run tasks"
    for condition in (job.get("status") or {}).get("conditions", ()):
        if condition["type"] == "Scheduled" and condition["reason"] == "JobPreparationTaskFailed":
            return "the job's preparation failed on all nodes"
    return None


def _takes_tasks_of(node: Document, job: str) -> bool:
    """True for a node that can run tasks, and on which the job's preparation has not failed."""
    status = node.get("status") or {}
    failed = [
        one["jobName"] for one in status.get("jobs") or () if one.get("preparation", {}).get("result") == "Failure"
    ]
    return status.get("state") in ("Idle", "Running") and job not in failed


def _manages(task: Document, job: Document) -> bool:
    """True for the Task of the job's manager."""
    manager = job["spec"].get("jobManagerTask")
    return (
        manager is not None and naming.manager_task(job["metadata"]["name"], manager["id"]) == task["metadata"]["name"]
    )


def target_of(pool: Document) -> int:
    """How many nodes the pool is to have, as it says."""
    told = pool.get("status") or {}
    return int(told.get("targetDedicatedNodes", 0) + told.get("targetLowPriorityNodes", 0))


def _upgrades_done(verbs: Verbs) -> Iterator[Fault]:
    """At rest, no node of a pool that upgrades its nodes is outdated, unless its change has broken one."""
    for pool in verbs.list("pools"):
        if (pool["spec"].get("upgradePolicy") or {}).get("mode") != "Automatic":
            continue
        nodes = [n for n in verbs.list("computenodes") if n["spec"]["poolName"] == pool["metadata"]["name"]]
        told = [node.get("status") or {} for node in nodes]
        broken = any(not status.get("outdated") and status.get("state") in BROKEN for status in told)
        outdated = [status for status in told if status.get("outdated") and status.get("state") not in HOSTLESS]
        if outdated and not broken:
            yield "Upgrades", f"pool {pool['metadata']['name']}: {outdated[0]}"


def _no_claim_left(verbs: Verbs) -> Iterator[Fault]:
    """At rest every claim belongs to a node."""
    for claim in verbs.list("persistentvolumeclaims"):
        meta = claim["metadata"]
        if "deletionTimestamp" in meta or not verbs.store.get("computenodes", (meta["namespace"], meta["name"])):
            yield "Nothing left behind", f"claim {meta['name']} is still there: {meta}"


def _nothing_left(verbs: Verbs) -> Iterator[Fault]:
    """At rest nothing is left of what has ended: Pods are swept, hosts without a node are given back."""
    pods = verbs.list("pods")
    for pod in pods:
        meta, tags = pod["metadata"], pod["metadata"]["labels"]
        if tags[labels.ROLE] in labels.TASK_ROLES and is_terminal(pod):
            yield "Nothing left behind", f"Pod {meta['name']} is still there: {meta} {pod['status']}"
        if tags[labels.ROLE] in (labels.Role.PREPARATION, labels.Role.RELEASE):
            job = verbs.store.get("jobs", (meta["namespace"], tags[labels.JOB]))
            if job is None or (job.get("status") or {}).get("state") == "Completed":
                yield "Nothing left behind", f"Pod {meta['name']} is still there: {meta} {pod['status']}"
        if tags[labels.ROLE] == labels.Role.NODE and not verbs.store.get(
            "computenodes", (meta["namespace"], tags[labels.NODE])
        ):
            yield "Nothing left behind", f"node Pod {meta['name']} has no ComputeNode"
    yield from _no_claim_left(verbs)
    used = {pod["spec"].get("nodeName") for pod in pods}
    for host in verbs.list("nodes"):
        claim = (host["metadata"].get("labels") or {}).get(labels.HOST_LABEL)
        if claim and host["metadata"]["name"] not in used:
            yield "Nothing left behind", f"host {host['metadata']['name']} is still claimed by {claim}"
    yield from _upgrades_done(verbs)
    for node in verbs.list("computenodes"):
        status, schedulable = node.get("status") or {}, node["spec"].get("schedulable", True)
        asked = {word: node["spec"][word] for word in ("restartedAt", "reimagedAt") if word in node["spec"]}
        served = asked.items() <= (status.get("served") or {}).items() or status.get("state") in (
            "Creating",
            "Preempted",
        )
        if ("draining" in status) is schedulable or not served:
            yield "Node operations", f"node {node['metadata']['name']} is left as {status}: {node['spec']}"
    for pool in verbs.list("pools"):
        name, want = pool["metadata"]["name"], target_of(pool)
        have = sum(1 for node in verbs.list("computenodes") if node["spec"]["poolName"] == name)
        if have != want:
            yield "Law 3", f"pool {name} wants {want} nodes and has {have}"
    for node in verbs.list("computenodes"):
        if node["spec"].get("removedAt"):
            yield "Law 3", f"node {node['metadata']['name']} was to be removed and is there"
