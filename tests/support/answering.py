"""An agent's report port as the operator sees it: an HTTP server in this process, and a session to ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web


@asynccontextmanager
async def answering(
    address: str, told: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> AsyncIterator[tuple[int, aiohttp.ClientSession]]:
    """The port at which `told` answers every request, and a session; both gone at the end."""
    app = web.Application()
    app.router.add_get("/{path:.*}", told)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, address, 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            yield runner.addresses[0][1], session
    finally:
        await runner.cleanup()
