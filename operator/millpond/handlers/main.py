"""The operator process: who starts what, in which order, and what ends it. Crash-only: trouble ends the process.

1. serve probes and metrics   2. wait to lead   3. gather: list everything   4. judge and act, while Kopf listens
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from contextlib import AsyncExitStack
from typing import Any

import kopf

from millpond.cluster.actuator import Actuator
from millpond.cluster.client import Client
from millpond.cluster.cycle import Cycles
from millpond.cluster.documents import Documents
from millpond.cluster.errors import LeadershipLostError
from millpond.cluster.events import EventRecorder
from millpond.cluster.kubeconfig import connect
from millpond.cluster.lease import LeaderLease, LeaseTimes
from millpond.cluster.refresh import Refresher
from millpond.cluster.schedules import ScheduleKeeper
from millpond.control.world import World
from millpond.handlers.health import Health
from millpond.handlers.kinds import register
from millpond.handlers.kopf_settings import configure
from millpond.handlers.listening import Listening
from millpond.handlers.logs import set_up_logs
from millpond.settings import Settings

log = logging.getLogger(__name__)


def run() -> None:
    """Run the operator until it is told to stop (exit code 0) or leadership or a part of it is lost (exit code 1)."""
    settings = Settings()
    set_up_logs(settings.log_level)
    try:
        asyncio.run(operate(settings))
    except* LeadershipLostError as lost:
        log.error("leadership lost: %s", lost.exceptions[0])
        # Not a clean exit on purpose: no write of ours may follow.
        os._exit(1)


async def operate(settings: Settings) -> None:
    """Everything that runs while the process lives."""
    identity = settings.identity or f"{socket.gethostname()}-{os.getpid()}"
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        health = Health()
        await stack.enter_async_context(health.serving(settings.probe_port, settings.metrics_port))
        connection = connect(settings.kubeconfig)
        holder: list[LeaderLease] = []

        def fence() -> None:
            holder[0].fence()

        client = Client(
            connection,
            fence=fence,
            timeout=settings.request_timeout,
            concurrency=settings.request_concurrency,
            watch_silence=settings.watch_silence,
        )
        api = await stack.enter_async_context(client)
        times = LeaseTimes(settings.lease_duration, settings.lease_renew_deadline, settings.lease_retry)
        lease = LeaderLease(api, settings.namespace, settings.lease_name, identity, times)
        holder.append(lease)
        health.alive()
        await _until(stop, lease.acquire())
        if not stop.is_set():
            await _lead(settings, api, lease, identity, health, stop)
        await lease.release()


async def _lead(
    settings: Settings, api: Client, lease: LeaderLease, identity: str, health: Health, stop: asyncio.Event
) -> None:
    world = World()
    documents = Documents(api, world)
    events = EventRecorder(api, identity)
    actuator = Actuator(api, documents, events, settings)
    refresher = Refresher(api, world)
    cycles = Cycles(world, actuator, refresher, settings.limits(), time.time, settings.gather)
    schedules = ScheduleKeeper(api, time.time, lambda space, name: world.namespace(space).job(name).model)
    listening = Listening(api, world, cycles, schedules, settings)
    async with asyncio.TaskGroup() as group:
        parts = [
            group.create_task(lease.hold(), name="lease"),
            group.create_task(events.run(), name="events"),
            group.create_task(schedules.run(), name="schedules"),
            *listening.start(group),
        ]
        await _until(stop, listening.gathered())
        if not stop.is_set():
            cycles.start()
            health.ready()
            parts.append(group.create_task(_listen(listening, settings, stop), name="kopf"))
            await stop.wait()
        health.stopping()
        for part in parts:
            part.cancel()
        cycles.stop()


async def _listen(listening: Listening, settings: Settings, stop: asyncio.Event) -> None:
    """Run Kopf until told to stop."""
    registry = kopf.OperatorRegistry()
    register(registry, listening)
    own = kopf.OperatorSettings()
    configure(own)

    @kopf.on.login(registry=registry)
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        if settings.kubeconfig:
            os.environ["KUBECONFIG"] = settings.kubeconfig
        return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)

    flag = asyncio.Event()
    namespaces = [settings.watch_namespace] if settings.watch_namespace else []
    await kopf.operator(
        registry=registry,
        settings=own,
        standalone=True,
        clusterwide=not namespaces,
        namespaces=namespaces,
        stop_flag=flag,
    )
    if not stop.is_set():
        raise RuntimeError("Kopf ended by itself")


async def _until(stop: asyncio.Event, work: object) -> None:
    """Wait for the work or for the order to stop, whichever comes first."""
    doing = asyncio.ensure_future(work)  # type: ignore[call-overload]
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not doing.done():
            doing.cancel()
    if doing.done() and not doing.cancelled():
        doing.result()
