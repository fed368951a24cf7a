"""Asking the agents of nodes over HTTP: who they are, one question to one of them, and a bounded number at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

import aiohttp
import msgspec
from yarl import URL

from millpond.control.pool_state import PoolKey
from millpond.control.world import World
from millpond.lifecycle.nodes import agent_runs

AT_ONCE = 32
"""Agents that are asked at a time."""

Item = TypeVar("Item")


class Agent(msgspec.Struct, frozen=True, gc=False):
    """Whom to ask, and what of: the agent in the node Pod of that name and uid."""

    key: PoolKey
    node: str
    pod: str
    uid: str
    address: str


def agents(world: World) -> Iterator[Agent]:
    """The agents that run."""
    for space, namespace in world.namespaces.items():
        for pool in namespace.pools.values():
            for node in pool.nodes.values():
                pod = node.pod
                if pod is not None and pod.status.pod_ip and not pod.terminal and agent_runs(pod):
                    meta = pod.metadata
                    yield Agent(PoolKey(space, pool.name), node.name, meta.name, meta.uid, pod.status.pod_ip)


def door(patience: float) -> aiohttp.ClientSession:
    """What questions go through; each has so many seconds for its answer.

    No name service, no proxy: an agent is at the address that the kubelet reports, or nowhere.
    """
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    timeout = aiohttp.ClientTimeout(total=patience)
    return aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False)


async def ask(session: aiohttp.ClientSession, agent: Agent, port: int, path: str, longest: int) -> str:
    """The agent's answer, of so many bytes at most. ValueError where it is none; else what the session raises."""
    url = URL.build(scheme="http", host=agent.address, port=port, path=path)
    async with session.get(url, allow_redirects=False) as response:
        if response.status != 200:
            raise ValueError(f"{url} answers with status {response.status}")
        said = bytearray()
        async for chunk in response.content.iter_any():
            said += chunk
            if len(said) > longest:
                raise ValueError(f"{url} answers with more than {longest} bytes")
    return said.decode("ascii", "replace")


async def for_each(items: Iterable[Item], work: Callable[[Item], Awaitable[None]]) -> None:
    """Do the work for all, a bounded number at a time."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
