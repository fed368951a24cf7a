"""The operator process: who starts what, in which order, and what ends it. Crash-only: trouble ends the process.

1. serve probes and metrics   2. wait to lead   3. gather: list everything   4. judge and act, while Kopf listens
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import kopf

from millpond.cluster.actuator import Actuator
from millpond.cluster.clearance import Clearance
from millpond.cluster.client import Client
from millpond.cluster.cycle import Cycles
from millpond.cluster.documents import Documents
from millpond.cluster.events import EventRecorder
from millpond.cluster.hindrances import Hindrances
from millpond.cluster.kubeconfig import connect, from_pod
from millpond.cluster.lease import LeaderLease, LeaseTimes
from millpond.cluster.measurements import Measurements
from millpond.cluster.refresh import Refresher
from millpond.cluster.schedules import ScheduleKeeper
from millpond.cluster.set_aside import SetAside
from millpond.control.world import World
from millpond.handlers.health import Health
from millpond.handlers.kinds import Ears, register
from millpond.handlers.kopf_settings import configure
from millpond.handlers.listening import Listening
from millpond.handlers.logs import set_up_logs
from millpond.settings import Settings, SettingsError, read_settings

log = logging.getLogger(__name__)


def run() -> None:
    """Run the operator until it is told to stop (exit code 0), or leadership or a part of it is lost (exit code 1)."""
    try:
        settings = read_settings()
    except SettingsError as error:
        sys.exit(str(error))
    set_up_logs(settings.log_level)
    code = asyncio.run(operate(settings))
    # Without ceremony: daemons and watches have nothing to say goodbye to, and no write may follow.
    logging.shutdown()
    os._exit(code)


async def operate(settings: Settings) -> int:
    """Everything that runs while the process lives; the exit code."""
    identity = settings.identity or f"{socket.gethostname()}-{os.getpid()}"
    stop = asyncio.Event()
    obey_signals(stop)
    health = Health()
    await health.serve(settings.probe_port, settings.metrics_port)
    async with _connected(settings, identity) as (api, lease):
        health.alive()
        await _first(stop.wait(), lease.acquire())
        if stop.is_set():
            # It may have been taken in the same moment.
            await lease.release()
            return 0
        code = await _lead(settings, api, lease, health, stop)
        await lease.release()
        # Left by the shortest way: closing what Kopf still holds open could take longer than the Pod's grace.
        logging.shutdown()
        os._exit(code)


def obey_signals(stop: asyncio.Event) -> None:
    """Let SIGTERM and SIGINT set the event. To be called again when Kopf has taken them for itself."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)


@asynccontextmanager
async def _connected(settings: Settings, identity: str) -> AsyncIterator[tuple[Client, LeaderLease]]:
    """A client whose writes are fenced by the lease that it keeps."""
    holder: list[LeaderLease] = []

    def fence() -> float:
        return holder[0].fence()

    client = Client(
        connect(settings.kubeconfig),
        fence=fence,
        timeout=settings.request_timeout,
        concurrency=settings.request_concurrency,
        watch_silence=settings.watch_silence,
    )
    async with client as api:
        times = LeaseTimes(settings.lease_duration, settings.lease_renew_deadline, settings.lease_retry)
        holder.append(LeaderLease(api, settings.namespace, settings.lease_name, identity, times))
        yield api, holder[0]


async def _lead(settings: Settings, api: Client, lease: LeaderLease, health: Health, stop: asyncio.Event) -> int:
    """Gather, then judge and act until told to stop (0) or a part ends (1): no part ends by itself in good order."""
    world = World()
    events = EventRecorder(api, lease.identity)
    actuator = Actuator(api, Documents(api, world), events, settings)
    cycles = Cycles(world, actuator, Refresher(api, world), settings.limits(), time.time, settings.gather)
    schedules = ScheduleKeeper(api, time.time)
    aside = SetAside(api, events, time.time)
    listening = Listening(api, world, cycles, schedules, aside, settings)
    health.listen_to(listening.silence)
    parts = [lease.hold(), events.run(), *listening.parts()]
    running = [asyncio.create_task(part) for part in parts]
    stopping = asyncio.create_task(stop.wait())
    gathering = asyncio.create_task(listening.gathered())
    await asyncio.wait({stopping, gathering, *running}, return_when=asyncio.FIRST_COMPLETED)
    if gathering.done():
        # What was listed stays for long: full collections need not look through it and stop all else meanwhile.
        gc.freeze()
        cycles.start()
        health.ready()
        measurements = Measurements(world, cycles.wake, time.time)
        hindrances = Hindrances(api, world, cycles.wake, time.time)
        clearance = Clearance(api, world, time.time)
        begun = (
            schedules.run(),
            measurements.run(),
            hindrances.run(),
            clearance.run(),
            listen(listening, settings, stop),
        )
        running += [asyncio.create_task(part) for part in begun]
        await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
    health.stopping()
    return 0 if stop.is_set() else _report(running)


def _report(running: list[asyncio.Task[None]]) -> int:
    """Say which part ended, and why; the exit code."""
    for part in running:
        if part.done() and not part.cancelled():
            log.error("a part of the operator ended", exc_info=part.exception())
    return 1


async def listen(ears: Ears, settings: Settings, stop: asyncio.Event) -> None:
    """Run Kopf; it ends only with the process."""
    registry = kopf.OperatorRegistry()
    register(registry, ears)
    own = kopf.OperatorSettings()
    configure(own)

    @kopf.on.login(registry=registry)
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        if settings.kubeconfig:
            os.environ["KUBECONFIG"] = settings.kubeconfig
        account = kopf.login_with_service_account(**kwargs)
        if account is not None:
            # By address, as every other client does: Kopf would ask the cluster's name service, which may be away.
            return dataclasses.replace(account, server=from_pod().server)
        return kopf.login_with_kubeconfig(**kwargs)

    namespaces = [settings.watch_namespace] if settings.watch_namespace else []
    # Told, because Kopf would ask for the user's name, and a Pod's numeric user has none.
    identity: Any = "millpond"
    ours = asyncio.all_tasks()
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=own,
        identity=identity,
        standalone=True,
        clusterwide=not namespaces,
        namespaces=namespaces,
    )
    obey_signals(stop)
    await kopf.run_tasks(tasks, ignored=ours)


async def _first(*works: Coroutine[Any, Any, Any]) -> None:
    """Return when one of them has ended; the others are cancelled. What it raised is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()
