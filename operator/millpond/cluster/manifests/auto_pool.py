"""The Pool that is made for a job or a schedule."""

from __future__ import annotations

from millpond.api import labels, naming
from millpond.api.autopool import AutoPool
from millpond.api.kind import API_VERSION, Resource
from millpond.cluster.manifests.identity import owner
from millpond.cluster.manifests.layout import Manifest


def auto_pool(maker: Resource, wanted: AutoPool, name: str) -> Manifest:
    """The manifest. It goes with its maker, unless it is to be kept: then it is nobody's."""
    meta, kind = maker.metadata, maker.KIND.name
    tag = labels.JOB if kind == "Job" else labels.SCHEDULE
    return {
        "apiVersion": API_VERSION,
        "kind": "Pool",
        "metadata": {
            "name": name,
            "namespace": meta.namespace,
            "labels": {
                labels.APP_NAME: labels.OPERATOR,
                labels.MANAGED_BY: labels.OPERATOR,
                tag: naming.label_value(meta.name),
                labels.MADE_FOR: meta.uid,
            },
            "ownerReferences": [] if wanted.keep_alive else [owner(kind, meta.name, meta.uid)],
        },
        "spec": wanted.spec.as_document(),
    }
