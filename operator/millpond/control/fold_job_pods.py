"""Folding the Pods of jobs' preparation and release tasks into the state."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.views.pod import PodView
from millpond.control.job_nodes import JobPod, job_node
from millpond.control.namespace import NamespaceState
from millpond.control.pool_state import PoolState


def fold_job_pod(namespace: NamespaceState, pool: PoolState, view: PodView) -> None:
    """Take the Pod's word for how far it came."""
    meta = view.metadata
    of = job_node(pool, namespace.job(meta.labels.get(labels.JOB, "")), pool.node(meta.labels.get(labels.NODE, "")))
    known = pool.job_pods.get(meta.name)
    if known is not None and (known.of is not of or (known.uid and known.uid != meta.uid)):
        forget_job_pod(pool, known)
        known = None
    if known is None:
        known = pool.job_pods[meta.name] = of.pods[meta.name] = JobPod(meta.name, meta.labels[labels.ROLE], of)
    elif known.view is not None and meta.version < known.version:
        return
    if of.refusals.pop(known.role, None) is not None:
        of.job.pool.mark("job", of.job.name)
    known.uid, known.version, known.view = meta.uid, meta.version, view
    known.deleting = meta.deletion_timestamp is not None
    if labels.COUNTED in meta.labels:
        pool.counted.add(meta.name)
    if not known.holds:
        pool.leave(of.node, view)
    pool.mark("jobnode", of.key)


def forget_job_pod(pool: PoolState, pod: JobPod) -> None:
    """The Pod is gone, or was never made."""
    pool.job_pods.pop(pod.name, None)
    pool.counted.discard(pod.name)
    pod.of.pods.pop(pod.name, None)
    pod.of.letting_go.discard(pod.name)
    pool.leave(pod.of.node, pod.view)
    pool.mark("jobnode", pod.of.key)
    if pod.of.node.emptied:
        pool.mark("node", pod.of.node.name)
