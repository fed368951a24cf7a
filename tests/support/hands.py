"""An actuator on a real API server, with a Pool, a Job and hosts to act upon."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from millpond.cluster.actuator import Actuator
from millpond.cluster.client import Client
from millpond.cluster.documents import Documents
from millpond.cluster.events import EventRecorder
from millpond.control import actions as act
from millpond.control.actions import AnyAction
from millpond.control.outcomes import Outcome
from millpond.control.world import World
from millpond.settings import Settings

from support.apiserver import ApiServer

CLAIM = "hands.farm"


class Hands:
    """An actuator on a namespace of its own, with a Pool, a Job and a host."""

    def __init__(self, api: Client, server: ApiServer, namespace: str) -> None:
        self.api = api
        self.server = server
        self.space = namespace
        self.world = World()
        self.events = EventRecorder(api, "test")
        self.actuator = Actuator(api, Documents(api, self.world), self.events, Settings())

    async def perform(self, *actions: AnyAction) -> list[Outcome]:
        outcomes: list[Outcome] = []
        all_told = asyncio.Event()

        def report(_: AnyAction, outcome: Outcome) -> None:
            outcomes.append(outcome)
            if len(outcomes) == len(actions):
                all_told.set()

        await self.actuator.perform(actions, report)
        # Deletions of many go on after `perform` has returned.
        await all_told.wait()
        return outcomes

    async def one(self, action: AnyAction) -> Outcome:
        (outcome,) = await self.perform(action)
        return outcome

    def get(self, *what: str) -> dict[str, Any]:
        found = self.server.got(*what, "-n", self.space)
        assert isinstance(found, dict)
        return found

    def apply(self, document: dict[str, Any]) -> dict[str, Any]:
        text = self.server.done("apply", "-n", self.space, "-o", "json", "-f", "-", document=document)
        found = json.loads(text)
        assert isinstance(found, dict)
        return found


def document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "millpond.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def a_task(hands: Hands, name: str = "one", **spec: Any) -> dict[str, Any]:
    return hands.apply(document("Task", name, {"jobName": "frames", "commandLine": "echo '$(HOME)'"} | spec))


def a_start(hands: Hands, task: dict[str, Any], attempt: int = 1, host: str = "host-1") -> act.StartAttempt:
    name = task["metadata"]["name"]
    return act.StartAttempt(
        namespace=hands.space,
        pool="farm",
        job="frames",
        task=name,
        task_uid=task["metadata"]["uid"],
        attempt=attempt,
        pod=f"{name}-{attempt}",
        node="farm-aaaaa",
        host=host,
        slots=1,
        cpu_millis=500,
        memory_bytes=2**20,
    )


def a_host(hands: Hands, name: str, taints: list[dict[str, Any]] | None = None) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"taints": taints or []},
    }
    hands.server.done("apply", "-f", "-", document=document)
    status = {"status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110", "example.com/gpu": "2"}}}
    hands.server.done("patch", "node", name, "--subresource=status", "--type=merge", "-p", json.dumps(status))
    return name


def version(hands: Hands, kind: str, name: str) -> str:
    return str(hands.get(kind, name)["metadata"]["resourceVersion"])
