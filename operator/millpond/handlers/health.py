"""Probes and metrics over HTTP: alive as long as the event loop turns, ready once judgement has begun."""

from __future__ import annotations

from aiohttp import web

from millpond import metrics


class Health:
    """What the probes answer. A follower is ready too: it is ready to lead."""

    def __init__(self) -> None:
        self._alive = False
        self._leading = False
        self._stopping = False

    def alive(self) -> None:
        """The process has started; it waits to lead."""
        self._alive = True

    def ready(self) -> None:
        """Everything is gathered, judgement runs."""
        self._leading = True

    def stopping(self) -> None:
        """The process is on its way out."""
        self._stopping = True

    async def serve(self, probe_port: int, metrics_port: int) -> None:
        """Serve /healthz and /readyz, and the metrics, for as long as the process lives; port 0 serves nothing."""
        if metrics_port:
            metrics.serve(metrics_port)
        if probe_port:
            app = web.Application()
            app.router.add_get("/healthz", self._healthz)
            app.router.add_get("/readyz", self._readyz)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, port=probe_port).start()

    async def _healthz(self, request: web.Request) -> web.Response:  # noqa: ARG002
        return web.Response(text="stopping" if self._stopping else "ok")

    async def _readyz(self, request: web.Request) -> web.Response:  # noqa: ARG002
        if not self._alive or self._stopping:
            return web.Response(status=503, text="not ready")
        return web.Response(text="leading" if self._leading else "following")
