"""The Pod that erases the directory of a node that has left, on its host, before the host is given back."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.containers import ImagePullSecrets
from millpond.cluster.manifests.identity import common_labels, owner
from millpond.cluster.manifests.layout import NODE_VOLUME, Manifest, directory_name
from millpond.cluster.manifests.security import over_all_files
from millpond.control.actions import CreateEraser
from millpond.lifecycle.erasure import ERASER_CONTAINER
from millpond.settings import Settings

NODES = "/nodes"
"""Where the container sees the directory that holds the node directories."""
EVERYTHING: list[Manifest] = [{"operator": "Exists"}]


def eraser_pod(create: CreateEraser, node_uid: str, secrets: ImagePullSecrets, settings: Settings) -> Manifest:
    """The manifest. It asks for no room: a host that is full again must still be cleaned."""
    directory = directory_name(create.namespace, create.pool, create.node)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": create.pod,
            "namespace": create.namespace,
            "labels": common_labels(labels.Role.ERASER, create.pool, create.node),
            "ownerReferences": [owner("ComputeNode", create.node, node_uid)],
        },
        "spec": {
            "nodeName": create.host,
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 5,
            "tolerations": EVERYTHING,
            "imagePullSecrets": [{"name": secret.name} for secret in secrets],
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "volumes": [{"name": NODE_VOLUME, "hostPath": {"path": settings.node_root, "type": "DirectoryOrCreate"}}],
            "containers": [
                {
                    "name": ERASER_CONTAINER,
                    "image": settings.image,
                    "imagePullPolicy": settings.image_pull_policy,
                    "command": ["millpond", "agent", "erase", "--root", NODES, directory],
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    "volumeMounts": [{"name": NODE_VOLUME, "mountPath": NODES}],
                    "securityContext": over_all_files(settings.agent_gid),
                }
            ],
        },
    }
