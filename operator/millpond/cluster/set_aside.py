"""Objects that the operator cannot read: each is told so by a condition and an Event, once; its neighbours go on.

Best effort: an object that cannot be told is told when it is next seen. Does not know what was wrong with it, nor who
found it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from millpond.api.reasons import ConditionType
from millpond.cluster.api_server import COMPUTE_NODES, JOB_SCHEDULES, JOBS, POOLS, TASKS, ApiServer, Resource
from millpond.cluster.errors import ApiError, LeadershipLostError, NotFoundError
from millpond.cluster.events import EventRecorder
from millpond.control.actions import Announce, Event

log = logging.getLogger(__name__)

WAITING = 1000
"""Objects that may wait to be told; more are told when they are next seen."""
NOTE = 1000
"""Characters of what is wrong that are told."""
INVALID_DOCUMENT = "InvalidDocument"

CONDITIONS: Mapping[Resource, ConditionType] = {
    POOLS: ConditionType.READY,
    COMPUTE_NODES: ConditionType.READY,
    JOB_SCHEDULES: ConditionType.READY,
    JOBS: ConditionType.SCHEDULED,
    TASKS: ConditionType.SCHEDULED,
}
"""Which condition of a kind says that nothing is done about the object."""


class Unreadable(msgspec.Struct, frozen=True):
    """An object as it was seen, and why it cannot be read."""

    resource: Resource
    namespace: str
    name: str
    uid: str
    version: str
    why: str


class SetAside:
    """Tells what is set aside, one object after another."""

    def __init__(self, api: ApiServer, events: EventRecorder, now: Callable[[], float]) -> None:
        self._api = api
        self._events = events
        self._now = now
        self._waiting: asyncio.Queue[Unreadable] = asyncio.Queue(maxsize=WAITING)

    def put(self, found: Unreadable) -> None:
        """Set an object aside."""
        about = f"{found.resource.kind} {found.namespace}/{found.name}"
        log.error("object set aside", extra={"object": about, "why": found.why})
        if found.resource in CONDITIONS and not self._waiting.full():
            self._waiting.put_nowait(found)

    async def run(self) -> None:
        """Tell what is set aside, for ever."""
        while True:
            found = await self._waiting.get()
            try:
                await self._tell(found)
            except NotFoundError:
                continue
            except (ApiError, LeadershipLostError) as error:
                log.info("an object could not be told that it is set aside: %s", error, extra={"object": found.name})

    async def _tell(self, found: Unreadable) -> None:
        """Write the condition, if this is still the object that was seen and does not say so already."""
        body = msgspec.json.decode(await self._api.get(found.resource, found.namespace, found.name))
        meta = body["metadata"]
        if (meta["uid"], meta["resourceVersion"]) != (found.uid, found.version):
            # What it is now has been, or will be, seen too.
            return
        new = self._condition(found, meta.get("generation", 0))
        known = _conditions(body)
        old = next((one for one in known if one.get("type") == new["type"]), {})
        if {**old, "lastTransitionTime": ""} == {**new, "lastTransitionTime": ""}:
            return
        conditions = [*(one for one in known if one is not old), new]
        patch = {"metadata": {"resourceVersion": found.version}, "status": {"conditions": conditions}}
        await self._api.merge_patch(found.resource, found.namespace, found.name, patch, "status")
        event = Event(INVALID_DOCUMENT, new["message"], "Warning")
        kind: Any = found.resource.kind
        self._events.publish(
            Announce(namespace=found.namespace, kind=kind, name=found.name, uid=found.uid, events=(event,))
        )

    def _condition(self, found: Unreadable, generation: int) -> dict[str, Any]:
        return {
            "type": CONDITIONS[found.resource].value,
            "status": "False",
            "observedGeneration": generation,
            "lastTransitionTime": datetime.fromtimestamp(int(self._now()), UTC).isoformat().replace("+00:00", "Z"),
            "reason": INVALID_DOCUMENT,
            "message": f"The {found.resource.kind} cannot be read, so nothing is done about it: "
            f"{found.why[:NOTE].rstrip('.')}. Apply it corrected.",
        }


def _conditions(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The conditions as they are, of a document that may be wrong anywhere."""
    status = body.get("status")
    conditions = status.get("conditions") if isinstance(status, dict) else None
    return [one for one in conditions if isinstance(one, dict)] if isinstance(conditions, list) else []
