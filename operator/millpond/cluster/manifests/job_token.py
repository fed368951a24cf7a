"""A job's token in the Pod of a task: whose it is, how long it lasts, and where its files are."""

from __future__ import annotations

from millpond.api import labels, naming
from millpond.api.job import Job
from millpond.cluster.manifests.identity import owner
from millpond.cluster.manifests.layout import Manifest

DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where every Kubernetes client looks for its own account."""
TOKEN_FILE = f"{DIRECTORY}/token"
LIFETIME_SECONDS = 3600
"""The kubelet renews it in time, and it ends with its Pod."""
_VOLUME = "job-token"
_RBAC = "rbac.authorization.k8s.io"


def with_token(pod: Manifest, job_name: str) -> Manifest:
    """The Pod with a token of the job's account, for its task's container alone."""
    spec, (task,) = pod["spec"], pod["spec"]["containers"]
    mount = {"name": _VOLUME, "mountPath": DIRECTORY, "readOnly": True}
    return pod | {
        "spec": spec
        | {
            "serviceAccountName": naming.job_account(job_name),
            "volumes": [*spec["volumes"], _volume()],
            "containers": [task | {"volumeMounts": [*task["volumeMounts"], mount]}],
        }
    }


def _volume() -> Manifest:
    namespace = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": LIFETIME_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": _VOLUME, "projected": {"sources": sources}}


def account(job: Job) -> Manifest:
    """The job's ServiceAccount, which goes with the job. No Pod gets its token unless it is mounted on purpose."""
    return {"kind": "ServiceAccount", "apiVersion": "v1", "automountServiceAccountToken": False} | _about(job)


def binding(job: Job, role: str) -> Manifest:
    """What gives the account the rights of the ClusterRole, in the job's namespace."""
    name, space = naming.job_account(job.metadata.name), job.metadata.namespace
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": space}],
    } | _about(job)


def _about(job: Job) -> Manifest:
    return {
        "metadata": {
            "name": naming.job_account(job.metadata.name),
            "namespace": job.metadata.namespace,
            "labels": {labels.APP_NAME: labels.OPERATOR, labels.MANAGED_BY: labels.OPERATOR},
            "ownerReferences": [owner("Job", job.metadata.name, job.metadata.uid)],
        }
    }
