"""Probes and metrics over HTTP: alive while the event loop turns and what must be heard is heard, ready once judgement
has begun. Knows nothing of what the complaints are about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from millpond import metrics

BEAT = 1.0
"""Seconds between two looks at the event loop's clock."""
LONGEST_LAG = 30.0
"""Seconds that the event loop may be late before the process is held to be sick."""

Complaint = Callable[[], str]
"""Says what is wrong now, or ""."""


class Health:
    """What the probes answer. A follower is ready too: it is ready to lead."""

    def __init__(self) -> None:
        self._alive = False
        self._leading = False
        self._stopping = False
        self._complaints: list[Complaint] = [self._lagging]
        self._lag = 0.0
        self._beat_at: float | None = None
        self._beating: asyncio.Task[None] | None = None

    def alive(self) -> None:
        """The process has started; it waits to lead."""
        self._alive = True

    def ready(self) -> None:
        """Everything is gathered, judgement runs."""
        self._leading = True

    def stopping(self) -> None:
        """The process is on its way out."""
        self._stopping = True

    def listen_to(self, complaint: Complaint) -> None:
        """Be alive from now on only while this has nothing to complain about."""
        self._complaints.append(complaint)

    def complaint(self) -> str:
        """The first complaint, "" while all is well. On its way out a process is not judged any more."""
        if self._stopping:
            return ""
        return next((said for said in (complaint() for complaint in self._complaints) if said), "")

    async def serve(self, probe_port: int, metrics_port: int) -> None:
        """Serve /healthz and /readyz, and the metrics, for as long as the process lives; port 0 serves nothing."""
        self._beating = asyncio.create_task(self.beat(), name="heartbeat")
        if metrics_port:
            metrics.serve(metrics_port)
        if probe_port:
            runner = web.AppRunner(self.application(), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, port=probe_port).start()

    def application(self) -> web.Application:
        """The two paths, for whatever serves them."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        return app

    async def beat(self) -> None:
        """Note how late the event loop is, for ever."""
        clock = asyncio.get_running_loop().time
        while True:
            self._beat_at = clock()
            await asyncio.sleep(BEAT)
            self._lag = max(0.0, clock() - self._beat_at - BEAT)
            metrics.loop_lagged(self._lag)

    def _lagging(self) -> str:
        """A loop that does not turn at all gives no answer; this is for one that turns too slowly."""
        since = 0.0 if self._beat_at is None else asyncio.get_running_loop().time() - self._beat_at - BEAT
        late = max(self._lag, since)
        return f"the event loop is {late:.0f} s late" if late > LONGEST_LAG else ""

    async def _healthz(self, request: web.Request) -> web.Response:  # noqa: ARG002
        wrong = self.complaint()
        if wrong:
            return web.Response(status=503, text=wrong)
        return web.Response(text="stopping" if self._stopping else "ok")

    async def _readyz(self, request: web.Request) -> web.Response:  # noqa: ARG002
        if not self._alive or self._stopping:
            return web.Response(status=503, text="not ready")
        return web.Response(text="leading" if self._leading else "following")
