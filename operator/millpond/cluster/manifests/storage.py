"""Where a node directory lies: on its host's disk, or on a claim of the node's own name that goes with the node.

On a claim one user owns all files, since nobody there has rights over others': agent and tasks are the same user.
"""

from __future__ import annotations

from millpond.api import labels
from millpond.api.nodetemplate import Storage
from millpond.api.pool import Pool
from millpond.api.users import UserIdentity
from millpond.cluster.manifests.identity import owner
from millpond.cluster.manifests.layout import NODE_VOLUME, Manifest, host_directory
from millpond.cluster.manifests.security import of_agent, over_all_files
from millpond.control.actions import CreateNodePod
from millpond.lifecycle.users import Owner, User, user_of, user_on_claim
from millpond.settings import Settings


def node_volume(storage: Storage, namespace: str, pool: str, node: str, settings: Settings) -> Manifest:
    """The volume that holds the node directory, for all Pods on the node."""
    if storage.on_claims:
        return {"name": NODE_VOLUME, "persistentVolumeClaim": {"claimName": node}}
    path = host_directory(settings.node_root, namespace, pool, node)
    return {"name": NODE_VOLUME, "hostPath": {"path": path, "type": "DirectoryOrCreate"}}


def node_claim(create: CreateNodePod, node_uid: str, storage: Storage) -> Manifest:
    """The claim of a node, which the garbage collector deletes after its ComputeNode."""
    spec: Manifest = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage.size}}}
    if storage.storage_class_name is not None:
        spec["storageClassName"] = storage.storage_class_name
    tags = {
        labels.APP_NAME: labels.OPERATOR,
        labels.MANAGED_BY: labels.OPERATOR,
        labels.POOL: create.pool,
        labels.NODE: create.node,
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": create.node,
            "namespace": create.namespace,
            "labels": tags,
            "ownerReferences": [owner("ComputeNode", create.node, node_uid)],
        },
        "spec": spec,
    }


def only_on(host: str) -> Manifest:
    """The affinity by which kube-scheduler places a Pod on that host: only so a claim without a volume gets one."""
    field = {"key": "metadata.name", "operator": "In", "values": [host]}
    return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [field]}]}}


def agents_group(storage: Storage, settings: Settings) -> int:
    """The group by which the agent reads and deletes tasks' files; where it owns them it needs none of its own."""
    return settings.task_gid if storage.on_claims else settings.agent_gid


def of_keeper(storage: Storage, settings: Settings) -> Manifest:
    """The security context of containers that make and delete what tasks of every user have in the node directory."""
    group = agents_group(storage, settings)
    return of_agent(settings.task_uid, group) if storage.on_claims else over_all_files(group)


def packages_user(storage: Storage, settings: Settings) -> User:
    """Who installs application packages: no task runs as that user, except on a claim."""
    if storage.on_claims:
        return User(settings.task_uid, settings.task_gid)
    return settings.users().derived("applications")


def user_in(pool: Pool, identity: UserIdentity | None, directory: str, settings: Settings) -> User:
    """Who runs a command with that directory, below the node directory. Raises UserRefusedError."""
    whose = Owner(pool.metadata.namespace, pool.metadata.name, directory)
    if pool.spec.node_template.storage.on_claims:
        return user_on_claim(identity, whose, settings.users())
    return user_of(identity, whose, pool.spec.user_accounts, settings.users())
