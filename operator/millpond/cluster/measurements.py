"""Measurements of nodes: every agent is asked for its reading in each period, and the world is told what follows.

An agent that does not answer is left alone until the next period; its node then has no measurement.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

import aiohttp

from millpond import metrics
from millpond.cluster.agents import Agent, agents, ask, door, for_each
from millpond.cluster.manifests.node_pod import METRICS_PORT
from millpond.control.pool_state import PoolKey
from millpond.control.world import World
from millpond.scaling.measurement import PERIOD, Taken, measure
from millpond.scaling.reading import read_reading

log = logging.getLogger(__name__)

PATIENCE = 3.0
"""Seconds that an agent has for its answer."""
LONGEST_ANSWER = 65_536
"""Bytes of an answer that are read."""


class Measurements:
    """Takes readings, period by period, and remembers of each agent the last one."""

    def __init__(
        self,
        world: World,
        wake: Callable[[Iterable[PoolKey]], None],
        now: Callable[[], float],
        port: int = METRICS_PORT,
    ) -> None:
        self._world = world
        self._wake = wake
        self._now = now
        self._port = port
        self._taken: dict[str, Taken] = {}
        """By the uid of the node Pod."""

    async def run(self) -> None:
        """A round in each period, for ever."""
        clock = asyncio.get_running_loop().time
        async with door(PATIENCE) as session:
            due = clock()
            while True:
                await self.round(session)
                due = max(due + PERIOD, clock())
                await asyncio.sleep(due - clock())

    async def round(self, session: aiohttp.ClientSession) -> None:
        """Ask all agents that run, a bounded number at a time."""
        all_agents = list(agents(self._world))
        present = {agent.uid for agent in all_agents}
        self._taken = {uid: taken for uid, taken in self._taken.items() if uid in present}

        async def work(agent: Agent) -> None:
            await self._take(session, agent)

        await for_each(all_agents, work)

    async def _take(self, session: aiohttp.ClientSession, agent: Agent) -> None:
        try:
            reading = read_reading(await ask(session, agent, self._port, "/metrics", LONGEST_ANSWER))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            metrics.reading_missed()
            log.debug("no reading of a node: %s", error, extra={"node": agent.node, "pool": str(agent.key)})
            return
        metrics.reading_taken()
        self._tell(agent, Taken(self._now(), reading))

    def _tell(self, agent: Agent, taken: Taken) -> None:
        measured = measure(taken, self._taken.get(agent.uid))
        self._taken[agent.uid] = taken
        self._wake(self._world.observe_measurement(agent.key, agent.node, agent.uid, measured))
