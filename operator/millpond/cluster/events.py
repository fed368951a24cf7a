"""Kubernetes Events about our objects: sent beside the work, never waited for, and never more than a few a second."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from millpond import metrics
from millpond.api import naming
from millpond.api.kind import API_VERSION
from millpond.cluster.api_server import EVENTS, ApiServer
from millpond.cluster.errors import ApiError, LeadershipLostError
from millpond.control import actions as act

log = logging.getLogger(__name__)

BURST = 100
PER_SECOND = 10.0
NOTE_LIMIT = 1024


class EventRecorder:
    """Sends Events from a small queue. One that finds the queue full is dropped: an Event is never the only word."""

    def __init__(self, api: ApiServer, instance: str) -> None:
        self._api = api
        self._instance = instance
        self._queue: asyncio.Queue[tuple[str, str, str, str, act.Event]] = asyncio.Queue(maxsize=BURST)
        self._sent: dict[tuple[str, str, str, str, str], str] = {}

    def publish(self, action: act.AnyAction, written: str = "") -> None:
        """Queue the events of an action that has succeeded; `written` is the uid of the object that it wrote."""
        if not action.events:
            return
        kind, name, uid = subject_of(action, written)
        for event in action.events:
            # A namesake made later is told anew.
            key = (action.namespace, kind, name, uid, event.reason)
            if self._sent.get(key) == event.message or self._queue.full():
                metrics.event_withheld()
                continue
            if len(self._sent) > 10 * BURST:
                self._sent.clear()
            self._sent[key] = event.message
            self._queue.put_nowait((action.namespace, kind, name, uid, event))

    async def run(self) -> None:
        """Send what is queued, for ever."""
        while True:
            namespace, kind, name, uid, event = await self._queue.get()
            try:
                await self._api.create(EVENTS, namespace, self._document(namespace, kind, name, uid, event))
                metrics.event_published()
            except (ApiError, LeadershipLostError) as error:
                metrics.event_failed()
                log.info("event not sent", extra={"reason": event.reason, "error": str(error)})
            await asyncio.sleep(1 / PER_SECOND)

    def _document(self, namespace: str, kind: str, name: str, uid: str, event: act.Event) -> dict[str, object]:
        at = datetime.now(UTC)
        regarding = {"apiVersion": API_VERSION, "kind": kind, "name": name, "namespace": namespace}
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {
                "name": f"{naming.shorten(name, 40)}.{naming.digest(name, event.reason, at.isoformat(), length=12)}",
                "namespace": namespace,
            },
            "eventTime": at.isoformat().replace("+00:00", "Z"),
            "reportingController": "millpond.dev/operator",
            "reportingInstance": naming.shorten(self._instance, 120),
            "action": event.reason,
            "reason": event.reason,
            "type": event.type,
            "note": _bounded(event.message),
            "regarding": regarding | ({"uid": uid} if uid else {}),
        }


def _bounded(text: str) -> str:
    """At most what a note may hold, in bytes."""
    content = text.encode()
    return text if len(content) <= NOTE_LIMIT else content[: NOTE_LIMIT - 3].decode(errors="ignore") + "…"


def subject_of(action: act.AnyAction, written: str = "") -> tuple[str, str, str]:
    """Kind, name and uid of the object that an action's events are about. Where it is the object that the action wrote,
    its uid is `written`: without it, `kubectl describe` does not find the event."""
    match action:
        case act.WriteTask(task=name, uid=uid):
            return "Task", name, uid
        case act.StartAttempt(task=name, task_uid=uid):
            return "Task", name, uid
        case act.StartJobTask(job=name, job_uid=uid):
            return "Job", name, uid
        case act.WriteJob(job=name):
            return "Job", name, written
        case act.ReleaseNode(node=name, uid=uid):
            return "ComputeNode", name, uid
        case act.WriteNode(node=name):
            return "ComputeNode", name, written
        case act.Announce(kind=kind, name=name, uid=uid):
            return kind, name, uid
        case act.WritePool(pool=name):
            return "Pool", name, written
    return "Pool", getattr(action, "pool", ""), ""
