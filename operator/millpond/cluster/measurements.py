"""Measurements of nodes: every agent is asked for its reading in each period, and the world is told what follows.

An agent that does not answer is left alone until the next period; its node then has no measurement.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator

import aiohttp
import msgspec
from yarl import URL

from millpond import metrics
from millpond.cluster.manifests.node_pod import METRICS_PORT
from millpond.control.world import PoolKey, World
from millpond.lifecycle.nodes import agent_runs
from millpond.scaling.measurement import PERIOD, Taken, measure
from millpond.scaling.reading import Reading, read_reading

log = logging.getLogger(__name__)

AT_ONCE = 32
"""Agents that are asked at a time."""
PATIENCE = 3.0
"""Seconds that an agent has for its answer."""
LONGEST_ANSWER = 65_536
"""Bytes of an answer that are read."""


class Agent(msgspec.Struct, frozen=True, gc=False):
    """Whom to ask, and what of: the agent in the node Pod of that uid."""

    key: PoolKey
    node: str
    uid: str
    address: str


def agents(world: World) -> Iterator[Agent]:
    """The agents that run."""
    for space, namespace in world.namespaces.items():
        for pool in namespace.pools.values():
            for node in pool.nodes.values():
                pod = node.pod
                if pod is not None and pod.status.pod_ip and not pod.terminal and agent_runs(pod):
                    yield Agent(PoolKey(space, pool.name), node.name, pod.metadata.uid, pod.status.pod_ip)


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
        # No name service, no proxy, no redirect: an agent is at the address that the kubelet reports, or nowhere.
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:
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
        waiting = iter(all_agents)
        await asyncio.gather(*(self._work(session, waiting) for _ in range(min(AT_ONCE, len(all_agents)))))

    async def _work(self, session: aiohttp.ClientSession, waiting: Iterator[Agent]) -> None:
        for agent in waiting:
            try:
                reading = await self._ask(session, agent)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                metrics.reading_missed()
                log.debug("no reading of a node: %s", error, extra={"node": agent.node, "pool": str(agent.key)})
                continue
            metrics.reading_taken()
            self._tell(agent, Taken(self._now(), reading))

    async def _ask(self, session: aiohttp.ClientSession, agent: Agent) -> Reading:
        url = URL.build(scheme="http", host=agent.address, port=self._port, path="/metrics")
        async with session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"{url} answers with status {response.status}")
            said = bytearray()
            async for chunk in response.content.iter_any():
                said += chunk
                if len(said) > LONGEST_ANSWER:
                    raise ValueError(f"{url} answers with more than {LONGEST_ANSWER} bytes")
        return read_reading(said.decode("ascii", "replace"))

    def _tell(self, agent: Agent, taken: Taken) -> None:
        measured = measure(taken, self._taken.get(agent.uid))
        self._taken[agent.uid] = taken
        self._wake(self._world.observe_measurement(agent.key, agent.node, agent.uid, measured))
