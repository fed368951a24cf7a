"""Actions performed on the model without an event loop: the actuator in its smallest form, for the laws."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import msgspec
from millpond.api import labels, naming
from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.api.resources import millicores, whole
from millpond.cluster.errors import ApiError
from millpond.cluster.manifests.manager_task import manager_task
from millpond.cluster.manifests.storage import only_on
from millpond.cluster.manifests.task_pod import role_of
from millpond.control import actions as act
from millpond.control.actions import AnyAction
from millpond.control.outcomes import Done, Missed, Outcome, Refused, Room
from millpond.lifecycle.upgrade import version_of
from millpond.scaling.kept_samples import KeptSamples, Reading

from support.claim_hands import ClaimHands
from support.inits import node_inits, task_inits
from support.model.failures import StatusError
from support.model.store import Document
from support.model.verbs import Verbs

AGENT = {"cpu": "20m", "memory": "64Mi"}


class Performer:
    """`perform` makes one action true and says what it came to."""

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs
        self._claims = ClaimHands(verbs)

    def perform(self, action: AnyAction) -> Outcome:
        """Never raises for an answer of the API server."""
        try:
            return self._perform(action)
        except StatusError as failure:
            if failure.status in (403, 422):
                return Refused("Refused", failure.message)
            return Missed(failure.message)
        except ApiError as error:
            return Missed(error.message)

    def _perform(self, action: AnyAction) -> Outcome:
        match action:
            case act.WriteTask() | act.WriteJob() | act.WritePool() | act.WriteNode():
                return self._write(action)
            case act.StopAttempt() | act.DeleteNodePod():
                return self._delete("pods", action.namespace, action.pod, action.uid)
            case act.RemoveNode():
                return self._delete("computenodes", action.namespace, action.node, action.uid)
            case act.ReleaseNode():
                return self._drop_finalizer("computenodes", action.namespace, action.node, labels.NODE_FINALIZER)
            case act.SweepPods():
                return self._collection("pods", action.namespace, f"{labels.POOL}={action.pool},{labels.COUNTED}=true")
            case act.LoadSamples():
                return Done(samples=self._kept(action))
            case act.Announce() | act.CloseNetwork() | act.SupplyHosts():
                return Done()
        doers = {
            act.StartAttempt: self._start,
            act.StartJobTask: self._start_job_task,
            act.ReleaseEvidence: self._release_evidence,
            act.DisplaceAttempt: self._displace,
            act.HoldJob: self._hold_job,
            act.CreateManager: self._create_manager,
            act.ReleaseJob: self._release_job,
            act.CreateNode: self._create_node,
            act.CreateNodePod: self._create_node_pod,
            act.CreateEraser: self._create_eraser,
            act.DeleteClaim: self._claims.delete,
            act.ClaimHost: self._claim,
            act.ReleaseHost: self._unclaim,
            act.ShrinkNodePod: self._shrink,
            act.KeepSamples: self._keep,
        }
        return doers[type(action)](action)  # type: ignore[index,operator]

    def _write(self, action: act.WriteTask | act.WriteJob | act.WritePool | act.WriteNode) -> Outcome:
        match action:
            case act.WriteTask():
                return self._write_task(action)
            case act.WriteJob():
                return self._write_status("jobs", action.namespace, action.job, action.version, action.status)
            case act.WritePool():
                return self._write_status("pools", action.namespace, action.pool, action.version, action.status)
            case act.WriteNode():
                return self._write_status("computenodes", action.namespace, action.node, action.version, action.status)

    def _kept(self, action: act.LoadSamples) -> KeptSamples:
        """In the model these are plain objects of two names; `cluster/sample_maps` has tests of its own."""
        reading = Reading()
        for name in (naming.current_samples(action.pool), naming.sealed_samples(action.pool)):
            found = self._verbs.store.get("configmaps", (action.namespace, name))
            if found is not None and _owner(found) == action.uid:
                for key, block in found["binaryData"].items():
                    reading.add(key, b64decode(block))
        return reading.kept()

    def _keep(self, action: act.KeepSamples) -> Outcome:
        sealed = {str(hour): block for hour, block in action.sealed.items()}
        maps = {naming.sealed_samples(action.pool): sealed} if sealed else {}
        maps |= {naming.current_samples(action.pool): {"current": action.current}}
        for name, blocks in maps.items():
            data = {key: b64encode(block).decode() for key, block in blocks.items()}
            owner = {"apiVersion": "millpond.dev/v1alpha1", "kind": "Pool", "name": action.pool, "uid": action.uid}
            document = {"metadata": {"name": name, "ownerReferences": [owner]}, "binaryData": data}
            found = self._verbs.store.get("configmaps", (action.namespace, name))
            if found is None:
                self._verbs.create("configmaps", action.namespace, document)
            elif _owner(found) != action.uid:
                return Missed("of a former Pool of the name")
            else:
                self._verbs.merge_patch("configmaps", action.namespace, name, {"binaryData": data})
        return Done()

    def _collection(self, plural: str, namespace: str, tags: str, fields: str = "") -> Outcome:
        while self._verbs.delete_collection(plural, namespace, tags, fields, 500) == 500:
            pass
        return Done()

    def _start(self, action: act.StartAttempt) -> Outcome:
        task = self._verbs.get("tasks", action.namespace, action.task)
        if task["metadata"]["uid"] != action.task_uid:
            return Missed("another task of that name")
        requests = {"cpu": f"{action.cpu_millis}m", "memory": str(action.memory_bytes)}
        owner = {"apiVersion": task["apiVersion"], "kind": "Task", "name": action.task, "uid": action.task_uid}
        tags = {
            labels.POOL: action.pool,
            labels.JOB: action.job,
            labels.TASK: action.task,
            labels.ATTEMPT: str(action.attempt),
            labels.NODE: action.node,
            labels.ROLE: role_of(action).value,
            labels.SLOTS: str(action.slots),
        }
        if action.instances:
            word = {labels.GATHERING: f"{id(self):x}"[-8:]}
            tags |= word | {labels.INSTANCE: str(action.instance), labels.INSTANCES: str(action.instances)}
        task_id = task["spec"].get("id") or action.task
        if task_id != action.task:
            tags[labels.TASK_ID] = naming.label_value(task_id)
        if action.exclusive:
            tags[labels.EXCLUSIVE] = "true"
        spec: Document = {"nodeName": action.host}
        prepared = False
        if action.preparation:
            tags[labels.PREPARATION] = action.preparation
            job = self._verbs.get("jobs", action.namespace, action.job)
            prepared = job["spec"]["jobPreparationTask"].get("waitForSuccess", True)
        if inits := task_inits(task["spec"], action.instance, prepared=prepared):
            spec["initContainers"] = inits
        spec["containers"] = [{"name": "task", "resources": {"requests": requests}}]
        spec["volumes"] = self._claims.volumes(action.namespace, action.pool, action.node)
        pod = {
            "metadata": {
                "name": action.pod,
                "labels": tags,
                "finalizers": [labels.EVIDENCE_FINALIZER],
                "ownerReferences": [owner],
            },
            "spec": spec,
        }
        return self._create("pods", action.namespace, pod, lambda old: _is_same(old, pod))

    def _start_job_task(self, action: act.StartJobTask) -> Outcome:
        job = self._verbs.get("jobs", action.namespace, action.job)
        if job["metadata"]["uid"] != action.job_uid:
            return Missed("another job of that name")
        owner = {"apiVersion": job["apiVersion"], "kind": "Job", "name": action.job, "uid": action.job_uid}
        tags = {labels.POOL: action.pool, labels.JOB: action.job, labels.NODE: action.node}
        pod = {
            "metadata": {
                "name": action.pod,
                "labels": tags | {labels.ROLE: action.role.value},
                "finalizers": [labels.EVIDENCE_FINALIZER],
                "ownerReferences": [owner],
            },
            "spec": {
                "nodeName": action.host,
                "containers": [{"name": "task"}],
                "volumes": self._claims.volumes(action.namespace, action.pool, action.node),
            },
        }
        return self._create("pods", action.namespace, pod, lambda old: _is_kept(old, action.job_uid, action.host))

    def _hold_job(self, action: act.HoldJob) -> Outcome:
        metadata = {"finalizers": list(action.finalizers), "resourceVersion": action.version}
        new = self._verbs.merge_patch("jobs", action.namespace, action.job, {"metadata": metadata})
        return Done(new["metadata"]["resourceVersion"], new["metadata"]["uid"])

    def _create_manager(self, action: act.CreateManager) -> Outcome:
        job = self._verbs.get("jobs", action.namespace, action.job)
        if job["metadata"]["uid"] != action.uid:
            return Missed("another job of that name")
        return self._create(
            "tasks",
            action.namespace,
            manager_task(Job.model_validate(job), action.task),
            lambda old: _owner(old) == action.uid,
        )

    def _release_job(self, action: act.ReleaseJob) -> Outcome:
        job = self._verbs.store.get("jobs", (action.namespace, action.job))
        if job is None or job["metadata"]["uid"] != action.uid:
            return Done()
        self._collection("tasks", action.namespace, "", f"spec.jobName={action.job}")
        return self._drop_finalizer("jobs", action.namespace, action.job, labels.JOB_FINALIZER, uid=action.uid)

    def _create_node(self, action: act.CreateNode) -> Outcome:
        pool = self._verbs.get("pools", action.namespace, action.pool)
        owner = {"apiVersion": pool["apiVersion"], "kind": "Pool", "name": action.pool, "uid": pool["metadata"]["uid"]}
        node = {
            "metadata": {
                "name": action.node,
                "labels": {labels.POOL: action.pool},
                "finalizers": [labels.NODE_FINALIZER],
                "ownerReferences": [owner],
            },
            "spec": {
                "poolName": action.pool,
                "nodeClass": action.node_class.value,
                "storageType": Pool.model_validate(pool).spec.node_template.storage.type.value,
            },
        }
        return self._create("computenodes", action.namespace, node, lambda old: _owner(old) == owner["uid"])

    def _create_node_pod(self, action: act.CreateNodePod) -> Outcome:
        pool = self._verbs.get("pools", action.namespace, action.pool)
        node = self._verbs.get("computenodes", action.namespace, action.node)
        owner = {"apiVersion": node["apiVersion"], "kind": "ComputeNode", "name": action.node}
        owner["uid"] = node["metadata"]["uid"]
        awaits = self._claims.see_to(action, owner["uid"], pool)
        if not isinstance(awaits, bool):
            return awaits
        start_task = pool["spec"].get("startTask")
        tags = {labels.POOL: action.pool, labels.NODE: action.node, labels.ROLE: labels.Role.NODE.value}
        tags[labels.NODE_VERSION] = version_of(Pool.model_validate(pool).spec, action.node_class)
        if start_task:
            tags[labels.START_TASK] = "true"
        selector = {"matchLabels": {labels.ROLE: labels.Role.NODE.value}}
        term = {"labelSelector": selector, "namespaceSelector": {}, "topologyKey": "kubernetes.io/hostname"}
        room = {"cpu": "50m"} if action.host else {"cpu": "1800m", "memory": "2Gi"}
        inits = node_inits(pool["spec"])
        pod = {
            "metadata": {"name": action.pod, "labels": tags, "ownerReferences": [owner]},
            "spec": {
                **({"nodeName": action.host} if action.host and not awaits else {}),
                "affinity": {
                    "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]},
                    **({"nodeAffinity": only_on(action.host)} if action.host and awaits else {}),
                },
                "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}] if awaits and action.host else [],
                "volumes": self._claims.volumes(action.namespace, action.pool, action.node),
                "initContainers": inits,
                "containers": [{"name": "agent", "resources": {"requests": room}}],
            },
        }
        return self._create("pods", action.namespace, pod, lambda old: _owner(old) == owner["uid"])

    def _create_eraser(self, action: act.CreateEraser) -> Outcome:
        node = self._verbs.get("computenodes", action.namespace, action.node)
        owner = {"apiVersion": node["apiVersion"], "kind": "ComputeNode", "name": action.node}
        owner["uid"] = node["metadata"]["uid"]
        tags = {labels.POOL: action.pool, labels.NODE: action.node, labels.ROLE: labels.Role.ERASER.value}
        pod = {
            "metadata": {"name": action.pod, "labels": tags, "ownerReferences": [owner]},
            "spec": {"nodeName": action.host, "containers": [{"name": "eraser"}]},
        }
        return self._create("pods", action.namespace, pod, lambda old: _owner(old) == owner["uid"])

    def _create(self, plural: str, namespace: str, document: Document, is_ours: Any) -> Outcome:
        try:
            made = self._verbs.create(plural, namespace, document)
        except StatusError as failure:
            if failure.reason != "AlreadyExists":
                raise
            made = self._verbs.get(plural, namespace, document["metadata"]["name"])
            if not is_ours(made):
                return Missed("another object has that name", 1.0)
        return Done(made["metadata"]["resourceVersion"], made["metadata"]["uid"])

    def _delete(self, plural: str, namespace: str, name: str, uid: str) -> Outcome:
        try:
            self._verbs.delete(plural, namespace, name, uid=uid)
        except StatusError as failure:
            if failure.status != 404:
                raise
        return Done()

    def _displace(self, action: act.DisplaceAttempt) -> Outcome:
        pod = self._verbs.store.get("pods", (action.namespace, action.pod))
        if pod is not None and pod["metadata"]["uid"] == action.uid:
            patch = {"metadata": {"labels": {labels.DISPLACED: action.to_job}}}
            self._verbs.merge_patch("pods", action.namespace, action.pod, patch)
        return Done()

    def _release_evidence(self, action: act.ReleaseEvidence) -> Outcome:
        return self._drop_finalizer(
            "pods", action.namespace, action.pod, labels.EVIDENCE_FINALIZER, {labels.COUNTED: "true"}, action.uid
        )

    def _drop_finalizer(
        self,
        plural: str,
        namespace: str,
        name: str,
        finalizer: str,
        tags: dict[str, str] | None = None,
        uid: str = "",
    ) -> Outcome:
        try:
            old = self._verbs.get(plural, namespace, name)
        except StatusError as failure:
            if failure.status == 404:
                return Done()
            raise
        if uid and old["metadata"]["uid"] != uid:
            return Done()
        rest = [kept for kept in old["metadata"].get("finalizers") or () if kept != finalizer]
        metadata: Document = {"finalizers": rest, "resourceVersion": old["metadata"]["resourceVersion"]}
        if tags:
            metadata["labels"] = tags
        new = self._verbs.merge_patch(plural, namespace, name, {"metadata": metadata})
        return Done(new["metadata"]["resourceVersion"], old["metadata"]["uid"])

    def _write_task(self, action: act.WriteTask) -> Outcome:
        status = msgspec.json.decode(msgspec.json.encode(action.status))
        if "conditions" in status:
            old = self._verbs.get("tasks", action.namespace, action.task).get("status", {}).get("conditions", [])
            named = {condition["type"] for condition in status["conditions"]}
            status["conditions"] = [c for c in old if c["type"] not in named] + status["conditions"]
        patch = {"metadata": {"resourceVersion": action.version}, "status": status}
        new = self._verbs.merge_patch("tasks", action.namespace, action.task, patch, "status")
        return Done(new["metadata"]["resourceVersion"], new["metadata"]["uid"])

    def _write_status(self, plural: str, namespace: str, name: str, version: str, status: Any) -> Outcome:
        old = self._verbs.get(plural, namespace, name).get("status") or {}
        new = status.as_document()
        patch = {"metadata": {"resourceVersion": version}, "status": dict.fromkeys(set(old) - set(new)) | new}
        written = self._verbs.merge_patch(plural, namespace, name, patch, "status")
        return Done(written["metadata"]["resourceVersion"], written["metadata"]["uid"])

    def _claim(self, action: act.ClaimHost) -> Outcome:
        host = self._verbs.get("nodes", None, action.host)
        if (host["metadata"].get("labels") or {}).get(labels.HOST_LABEL, action.claim) != action.claim:
            return Missed("the host belongs to another pool", again_in=10.0)
        taints = [t for t in host["spec"].get("taints") or () if t["key"] != labels.HOST_TAINT]
        taints.append({"key": labels.HOST_TAINT, "value": action.claim, "effect": "NoSchedule"})
        patch = {"metadata": {"labels": {labels.HOST_LABEL: action.claim}}, "spec": {"taints": taints}}
        self._verbs.merge_patch("nodes", None, action.host, patch)
        room = host["status"]["allocatable"]
        return Done(room=Room(millicores(room["cpu"]) - 20, whole(room["memory"]) - (64 << 20)))

    def _unclaim(self, action: act.ReleaseHost) -> Outcome:
        try:
            host = self._verbs.get("nodes", None, action.host)
        except StatusError as failure:
            if failure.status == 404:
                return Done()
            raise
        if (host["metadata"].get("labels") or {}).get(labels.HOST_LABEL) != action.claim:
            return Done()
        taints = [t for t in host["spec"].get("taints") or () if t["key"] != labels.HOST_TAINT]
        patch = {"metadata": {"labels": {labels.HOST_LABEL: None}}, "spec": {"taints": taints or None}}
        self._verbs.merge_patch("nodes", None, action.host, patch)
        return Done()

    def _shrink(self, action: act.ShrinkNodePod) -> Outcome:
        pod = self._verbs.get("pods", action.namespace, action.pod)
        if pod["metadata"]["uid"] != action.uid:
            return Missed("another Pod of that name")
        containers = [c | {"resources": {"requests": AGENT}} for c in pod["spec"]["containers"]]
        self._verbs.merge_patch("pods", action.namespace, action.pod, {"spec": {"containers": containers}}, "resize")
        return Done()


def _is_same(old: Document, new: Document) -> bool:
    """True for a Pod of the same task, made for a group by the same operator."""
    words = [(pod["metadata"].get("labels") or {}).get(labels.GATHERING) for pod in (old, new)]
    return _owner(old) == _owner(new) and words[0] == words[1]


def _is_kept(pod: Document, owner: str, host: str) -> bool:
    kept = labels.EVIDENCE_FINALIZER in (pod["metadata"].get("finalizers") or ())
    return kept and _owner(pod) == owner and pod["spec"]["nodeName"] == host


def _owner(document: Document) -> str:
    owners = document["metadata"].get("ownerReferences") or [{}]
    return str(owners[0].get("uid", ""))
