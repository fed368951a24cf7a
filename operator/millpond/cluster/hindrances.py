"""Why Pods are not begun with: the Events about those that should have been are read, once in a while.

No watch: Events are many, and of interest only for the few Pods that hang. In each round a bounded number of Pods is
asked about, those first that have waited longest for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

import msgspec

from millpond.api.views.event import EventView
from millpond.api.views.pod import PodView
from millpond.cluster.api_server import EVENTS, ApiServer, Selection
from millpond.cluster.errors import ApiError
from millpond.control.hindrances import hindered_pods, observe_hindrance
from millpond.control.pool_state import PoolKey
from millpond.control.world import World
from millpond.lifecycle.hindrance import last_warning

log = logging.getLogger(__name__)

PERIOD, AGAIN = 10.0, 30.0
"""Seconds between two rounds, and at least between two questions about the same Pod."""
AT_ONCE = 10
"""So many Pods are asked about in a round."""
MOST_EVENTS = 50

_event = msgspec.json.Decoder(EventView).decode


def about_pod(uid: str) -> Selection:
    """The warnings about the Pod of that uid."""
    return Selection(fields=f"regarding.uid={uid},type=Warning")


class Hindrances:
    """Reads Events of Pods, and remembers when it did."""

    def __init__(
        self,
        api: ApiServer,
        world: World,
        wake: Callable[[Iterable[PoolKey]], None],
        now: Callable[[], float],
    ) -> None:
        self._api = api
        self._world = world
        self._wake = wake
        self._now = now
        self._asked: dict[str, float] = {}
        """When, by the uid of the Pod."""

    async def run(self) -> None:
        """A round in each period, for ever."""
        while True:
            await self.round()
            await asyncio.sleep(PERIOD)

    async def round(self) -> None:
        """Ask about the Pods that hang, as many as may be."""
        now = self._now()
        hanging = {pod.metadata.uid: (key, pod) for key, pod in hindered_pods(self._world, now)}
        self._asked = {uid: at for uid, at in self._asked.items() if uid in hanging}
        due = sorted((self._asked.get(uid, 0.0), uid) for uid in hanging)
        for at, uid in due[:AT_ONCE]:
            if at + AGAIN <= now:
                self._asked[uid] = now
                await self._ask(*hanging[uid])

    async def _ask(self, key: PoolKey, pod: PodView) -> None:
        try:
            page = await self._api.list_page(EVENTS, key.namespace, about_pod(pod.metadata.uid), limit=MOST_EVENTS)
            text = last_warning(_event(item) for item in page.items)
        except (ApiError, msgspec.ValidationError) as error:
            log.info("events of a Pod were not read: %s", error, extra={"pod": pod.metadata.name, "pool": str(key)})
            return
        if text:
            self._wake(observe_hindrance(self._world, key, pod, text))
