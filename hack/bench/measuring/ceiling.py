"""The yardstick of throughput: a bare client that issues the writes that a task costs, and judges nothing.

For each task: create its Pod on a host with a free slot; when the Pod has succeeded, write the Task's status and let
the Pod's finalizer go; delete the finished Pods by deletecollection, as often as the operator does. One watch tells it
of its Pods. It neither reads Tasks nor writes summaries.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from pathlib import Path
from typing import Any

import msgspec
from millpond.api import labels
from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.api.task import Task
from millpond.api.views.pod import PodView
from millpond.cluster.api_server import PODS, TASKS, Selection
from millpond.cluster.client import Client
from millpond.cluster.kubeconfig import connect
from millpond.cluster.manifests.task_pod import task_pod
from millpond.control.actions import StartAttempt
from millpond.control.limits import Limits
from millpond.settings import Settings

from measuring.clusters import NAMESPACE
from measuring.load import each

SWEEP_SECONDS = Limits().sweep
"""As often as the operator."""
_decode = msgspec.json.Decoder(PodView).decode


class Ceiling:
    """One run over tasks that exist, named with their uid and version, on hosts with so many slots each."""

    def __init__(self, api: Client, pool: dict[str, Any], job: dict[str, Any], hosts: list[str], slots: int) -> None:
        self._api = api
        self._pool = Pool.model_validate(_stored(pool))
        self._job = Job.model_validate(_stored(job))
        self._free = deque(host for _ in range(slots) for host in hosts)
        self._host_of: dict[str, str] = {}
        self._waiting: deque[tuple[dict[str, Any], str, str]] = deque()
        self._versions: dict[str, str] = {}
        self._wanted = 0
        self._settings = Settings()
        self._works: asyncio.TaskGroup | None = None
        self._all_done = asyncio.Event()
        self.finished: list[float] = []
        """When each task was done with: its status written, its Pod let go."""

    async def run(self, tasks: list[tuple[dict[str, Any], str, str]]) -> None:
        """Run all of them: documents with uid and version."""
        self._waiting.extend(tasks)
        self._wanted = len(tasks)
        chosen = Selection(labels=f"{labels.JOB}={self._job.metadata.name}")
        version = (await self._api.list_page(PODS, NAMESPACE, chosen)).resource_version
        async with asyncio.TaskGroup() as self._works:
            watching = self._works.create_task(self._watch(version, chosen))
            sweeping = self._works.create_task(self._sweep())
            self._fill()
            await self._all_done.wait()
            watching.cancel()
            sweeping.cancel()
        await self._delete_counted()

    def _fill(self) -> None:
        assert self._works is not None
        while self._free and self._waiting:
            self._works.create_task(self._start(*self._waiting.popleft(), self._free.popleft()))

    async def _start(self, document: dict[str, Any], uid: str, version: str, host: str) -> None:
        name, job = document["metadata"]["name"], self._job.metadata.name
        self._versions[name], self._host_of[name] = version, host
        start = StartAttempt(
            namespace=NAMESPACE, pool=self._pool.metadata.name, job=job, task=name, task_uid=uid, attempt=1,
            pod=f"{name}-1", node=host, host=host, slots=1, cpu_millis=100, memory_bytes=1 << 27,
        )  # fmt: skip
        task = Task.model_validate(_stored(document))
        await self._api.create(PODS, NAMESPACE, task_pod(start, task, self._job, self._pool, self._settings))

    async def _watch(self, version: str, chosen: Selection) -> None:
        assert self._works is not None
        while True:
            # A server that cannot keep up ends watches: go on from the version that was seen last.
            async for event in self._api.watch(PODS, NAMESPACE, version, chosen):
                if event.type == "BOOKMARK":
                    continue
                pod = _decode(event.object)
                version = pod.metadata.resource_version
                name = pod.metadata.labels[labels.TASK]
                if event.type == "MODIFIED" and pod.terminal and name in self._versions:
                    self._free.append(self._host_of.pop(name))
                    self._works.create_task(self._count(pod, name, self._versions.pop(name)))
                    self._fill()

    async def _count(self, pod: PodView, name: str, version: str) -> None:
        await self._api.merge_patch(TASKS, NAMESPACE, name, _verdict(pod, name, version), "status")
        counted = "/metadata/labels/" + labels.COUNTED.replace("/", "~1")
        operations: list[dict[str, Any]] = [
            {"op": "test", "path": "/metadata/uid", "value": pod.metadata.uid},
            {"op": "test", "path": "/metadata/finalizers", "value": [labels.EVIDENCE_FINALIZER]},
            {"op": "remove", "path": "/metadata/finalizers"},
            {"op": "add", "path": counted, "value": "true"},
        ]
        await self._api.json_patch(PODS, NAMESPACE, pod.metadata.name, operations)
        self.finished.append(time.monotonic())
        if len(self.finished) == self._wanted:
            self._all_done.set()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self._delete_counted()

    async def _delete_counted(self) -> None:
        chosen = Selection(labels=f"{labels.COUNTED}=true,{labels.JOB}={self._job.metadata.name}")
        while await self._api.delete_collection(PODS, NAMESPACE, chosen) == 500:
            pass


def _stored(document: dict[str, Any]) -> dict[str, Any]:
    """The document as if read: with what only the server sets."""
    times = {"creationTimestamp": "2026-01-01T00:00:00Z", "uid": "0", "resourceVersion": "1", "generation": 1}
    return document | {"metadata": times | document["metadata"]}


def _verdict(pod: PodView, task: str, version: str) -> dict[str, Any]:
    """A status of the size that the operator writes."""
    at = pod.metadata.creation_timestamp
    text = "The command ended with exit code 0."
    condition = {"status": "True", "reason": "TaskSucceeded", "message": text, "lastTransitionTime": at}
    status = {
        "conditions": [condition | {"type": "Complete"}, condition | {"type": "Succeeded"}],
        "state": "Completed", "attempt": 1, "nodeName": pod.spec.node_name, "podName": pod.metadata.name,
        "startTime": at, "endTime": at, "exitCode": 0, "result": "Success", "retryCount": 0, "requeueCount": 0,
        "directory": f"workitems/{pod.metadata.labels[labels.JOB]}/job-1/{task}",
    }  # fmt: skip
    return {"metadata": {"resourceVersion": version}, "status": status}


async def measure(
    kubeconfig: Path, pool: dict[str, Any], job: dict[str, Any], hosts: list[str], slots: int,
    tasks: list[dict[str, Any]],
) -> list[float]:  # fmt: skip
    """Create the tasks, run them all, delete them; when each was done with."""
    made: list[tuple[dict[str, Any], str, str]] = []
    async with Client(connect(str(kubeconfig)), timeout=60) as api:

        async def create(document: dict[str, Any]) -> None:
            meta = await api.create(TASKS, NAMESPACE, document)
            made.append((document, meta.uid, meta.resource_version))

        await each(tasks, create)
        run = Ceiling(api, pool, job, hosts, slots)
        await run.run(made)
        chosen = Selection(fields=f"spec.jobName={job['metadata']['name']}")
        while await api.delete_collection(TASKS, NAMESPACE, chosen) == 500:
            pass
    return run.finished
