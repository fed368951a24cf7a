"""Who is asked, and what counts as an answer; see also `test_measurements` and `test_clearance`, which ask."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from millpond.cluster import agents as module
from millpond.cluster.agents import Agent, agents, ask, door, for_each
from millpond.control.world import World
from support.builders import a_node_pod, running, waiting
from support.scene import KEY


def test_agents_that_run_are_asked() -> None:
    world = World()
    world.observe_pod(a_node_pod("a", agent=running(), uid="u", podIP="10.0.0.1"))
    world.observe_pod(a_node_pod("six", agent=running(), uid="v", podIP="fd00::1"))
    world.observe_pod(a_node_pod("no-address", agent=running()))
    world.observe_pod(a_node_pod("not-yet", agent=waiting(), podIP="10.0.0.2"))
    world.observe_pod(a_node_pod("over", agent=running(), podIP="10.0.0.3", phase="Failed"))
    assert list(agents(world)) == [
        Agent(KEY, "a", "a", "u", "10.0.0.1"),
        Agent(KEY, "six", "six", "v", "fd00::1"),
    ]


async def test_ipv6_addresses_are_asked_as_such() -> None:
    app = web.Application()
    app.router.add_get("/metrics", _answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "::1", 0).start()
    async with door(10.0) as session:
        assert await ask(session, Agent(KEY, "a", "a", "u", "::1"), runner.addresses[0][1], "/metrics", 100) == "well"
    await runner.cleanup()


async def _answer(request: web.Request) -> web.Response:
    return web.Response(text="well")


async def test_a_bounded_number_is_asked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    at_once, most, done = 0, 0, []

    async def work(item: int) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        done.append(item)

    await for_each(range(10), work)
    assert (sorted(done), most) == (list(range(10)), 3)


async def test_with_nobody_to_ask_nothing_is_done() -> None:
    async def work(_: int) -> None:
        raise AssertionError

    await for_each([], work)
