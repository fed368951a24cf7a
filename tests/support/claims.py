"""Claims in the model: bound when a Pod is placed, to a volume that only its host reaches; there while in use."""

from __future__ import annotations

from collections.abc import Iterator

from support.model.store import Document
from support.model.verbs import Verbs

PROTECTION = "kubernetes.io/pvc-protection"
SELECTED = "volume.kubernetes.io/selected-node"


def claims_of(verbs: Verbs, pod: Document) -> Iterator[Document | None]:
    """The claims that the Pod mounts; None for one that is not there."""
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            name = volume["persistentVolumeClaim"]["claimName"]
            yield verbs.store.get("persistentvolumeclaims", (pod["metadata"]["namespace"], name))


def may_stand(verbs: Verbs, pod: Document, host: str) -> bool:
    """Whether all claims of a Pod that is not placed yet have, or can have, a volume on the host."""
    return all(
        claim is not None and "deletionTimestamp" not in claim["metadata"] and _host_of(claim) in (None, host)
        for claim in claims_of(verbs, pod)
    )


def reaches(verbs: Verbs, pod: Document) -> bool:
    """Whether the kubelet of a Pod's host can mount all its claims: they are bound, and there."""
    return all(claim is not None and _host_of(claim) == pod["spec"]["nodeName"] for claim in claims_of(verbs, pod))


def bind(verbs: Verbs, pod: Document, host: str) -> None:
    """Give each claim of the Pod that has none a volume on the host."""
    for claim in claims_of(verbs, pod):
        if claim is not None and _host_of(claim) is None:
            meta = claim["metadata"]
            patch = {"metadata": {"annotations": {SELECTED: host}}, "spec": {"volumeName": f"pv-{meta['uid']}"}}
            verbs.merge_patch("persistentvolumeclaims", meta["namespace"], meta["name"], patch)


def release_unused(verbs: Verbs) -> int:
    """Let deleted claims go that no Pod on a host mounts, ended ones included; how many."""
    used = {
        claim["metadata"]["uid"]
        for pod in verbs.list("pods")
        if pod["spec"].get("nodeName")
        for claim in claims_of(verbs, pod)
        if claim is not None
    }
    free = [
        claim["metadata"]
        for claim in verbs.list("persistentvolumeclaims")
        if "deletionTimestamp" in claim["metadata"] and claim["metadata"]["uid"] not in used
    ]
    for meta in free:
        kept = [one for one in meta.get("finalizers") or () if one != PROTECTION]
        patch = {"metadata": {"finalizers": kept}}
        verbs.merge_patch("persistentvolumeclaims", meta["namespace"], meta["name"], patch)
    return len(free)


def _host_of(claim: Document) -> str | None:
    found: str | None = (claim["metadata"].get("annotations") or {}).get(SELECTED)
    return found
