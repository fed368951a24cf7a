"""Clearing nodes of directories that nobody has a claim to: agents are asked what they hold, sweepers are ordered.

Asked are nodes on which something was deleted since, all of them when the operator has started, and all now and then.
An order is an annotation on the node's Pod, one write for a node and round; it stays there, since it means nothing any
more once it is obeyed. What cannot be done in a round is done in the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Set

import aiohttp

from millpond.api import labels
from millpond.cluster.agents import Agent, agents, ask, door, for_each
from millpond.cluster.api_server import PODS, ApiServer
from millpond.cluster.errors import ApiError, LeadershipLostError
from millpond.cluster.manifests.node_pod import METRICS_PORT
from millpond.control.litter import is_litter
from millpond.control.world import World
from millpond.lifecycle.held import order_for, read_held

log = logging.getLogger(__name__)

PERIOD = 30.0
"""Seconds between two rounds."""
AGAIN = 3600.0
"""Seconds after which a node is asked again without a cause."""
PATIENCE = 20.0
"""Seconds that an agent has for its answer."""
LONGEST_ANSWER = 16 * 2**20
"""Bytes of an answer that are read."""
MOST_ORDERS = 4000
"""Orders that are written at a time; the others are when these are obeyed."""
BREATH = 200
"""Directories that are judged at a stretch."""


class Clearance:
    """Remembers of each agent when it was asked last, and what was ordered there."""

    def __init__(self, api: ApiServer, world: World, now: Callable[[], float], port: int = METRICS_PORT) -> None:
        self._api = api
        self._world = world
        self._now = now
        self._port = port
        self._asked: dict[str, float] = {}
        self._ordered: dict[str, str] = {}
        """Both by the uid of the node Pod."""

    async def run(self) -> None:
        """A round in each period, for ever."""
        async with door(PATIENCE) as session:
            while True:
                await self.round(session)
                await asyncio.sleep(PERIOD)

    async def round(self, session: aiohttp.ClientSession) -> None:
        """Ask all agents that are due, and order what follows."""
        all_agents = list(agents(self._world))
        present = {agent.uid for agent in all_agents}
        self._asked = {uid: at for uid, at in self._asked.items() if uid in present}
        self._ordered = {uid: text for uid, text in self._ordered.items() if uid in present}

        async def look(agent: Agent) -> None:
            await self._look(session, agent)

        await for_each(filter(self._is_due, all_agents), look)

    def _is_due(self, agent: Agent) -> bool:
        asked = self._asked.get(agent.uid)
        return asked is None or self._now() >= asked + AGAIN or self._world.pool(agent.key).node(agent.node).littered

    async def _look(self, session: aiohttp.ClientSession, agent: Agent) -> None:
        node = self._world.pool(agent.key).node(agent.node)
        node.littered = False  # what is deleted while it answers has it asked again
        try:
            text = await ask(session, agent, self._port, "/directories", LONGEST_ANSWER)
            orders = await self._judge(agent, text)
            if orders:
                await self._order(agent, " ".join(orders))
        except LeadershipLostError:
            raise
        except (aiohttp.ClientError, TimeoutError, ValueError, ApiError) as error:
            log.debug("a node is not cleared: %s", error, extra={"node": agent.node, "pool": str(agent.key)})
            node.littered = True
            return
        self._asked[agent.uid] = self._now()
        node.littered = node.littered or bool(orders)

    async def _judge(self, agent: Agent, text: str) -> list[str]:
        """The orders for what is to go, the same ones in the same order for the same directories."""
        namespace = self._world.namespace(agent.key.namespace)
        unreadable: Set[str] = self._world.unreadable.get(agent.key.namespace, frozenset())
        orders: list[str] = []
        for number, held in enumerate(read_held(text)):
            if number % BREATH == 0:
                await asyncio.sleep(0)
            if is_litter(namespace, held, unreadable, self._now()):
                orders.append(order_for(held))
            if len(orders) == MOST_ORDERS:
                break
        return sorted(orders)

    async def _order(self, agent: Agent, text: str) -> None:
        if self._ordered.get(agent.uid) == text:
            return
        path = f"/metadata/annotations/{labels.ERASE_ANNOTATION.replace('/', '~1')}"
        operations = [
            {"op": "test", "path": "/metadata/uid", "value": agent.uid},
            {"op": "add", "path": path, "value": text},
        ]
        await self._api.json_patch(PODS, agent.key.namespace, agent.pod, operations)
        self._ordered[agent.uid] = text
