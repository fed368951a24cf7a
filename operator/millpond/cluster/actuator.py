"""Performing the plan's actions: chains one after another inside, side by side outside, every answer judged here.

The only place that turns an API error into an outcome. Events are published, and metrics counted, after success only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from millpond import metrics
from millpond.cluster.act_job_tasks import JobTaskActions
from millpond.cluster.act_jobs import JobActions
from millpond.cluster.act_nodes import NodeActions
from millpond.cluster.act_supply import SupplyActions
from millpond.cluster.act_tasks import TaskActions
from millpond.cluster.api_server import ApiServer
from millpond.cluster.auto_pools import AutoPoolActions
from millpond.cluster.documents import Documents
from millpond.cluster.errors import ApiError, LeadershipLostError, RejectedError, StaleError, TooManyRequestsError
from millpond.cluster.events import EventRecorder
from millpond.cluster.sample_maps import SampleMaps
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed, Outcome, Refused, Skipped
from millpond.settings import Settings

log = logging.getLogger(__name__)

UNAVAILABLE_PAUSE = 1.0
BROKEN_PAUSE = 5.0
"""Seconds until an action that failed by a fault of our own is tried again."""

BULK = (act.SweepPods, act.ReleaseJob, act.SupplyHosts)
"""What takes many requests, such as deletions page by page."""

Report = Callable[[act.AnyAction, Outcome], None]


class Actuator:
    """Performs actions against an API server."""

    def __init__(self, api: ApiServer, documents: Documents, events: EventRecorder, settings: Settings) -> None:
        self._events = events
        self._background: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(settings.action_concurrency)
        tasks, nodes = TaskActions(api, documents, settings), NodeActions(api, documents, settings)
        job_tasks = JobTaskActions(api, documents, settings)
        jobs, samples = JobActions(api, documents), SampleMaps(api)
        supply, pools = SupplyActions(api, documents), AutoPoolActions(api, documents)
        self._doers: dict[type, Callable[[Any], Awaitable[Outcome]]] = {
            act.StartAttempt: tasks.start,
            act.StartJobTask: job_tasks.start,
            act.StopAttempt: tasks.stop,
            act.DisplaceAttempt: tasks.displace,
            act.ReleaseEvidence: tasks.release,
            act.SweepPods: tasks.sweep,
            act.WriteTask: tasks.write_task,
            act.HoldJob: jobs.hold,
            act.CreateManager: jobs.create_manager,
            act.ReleaseJob: jobs.release,
            act.WriteJob: jobs.write,
            act.CreatePool: pools.create,
            act.DeletePool: pools.delete,
            act.CreateNode: nodes.create,
            act.RemoveNode: nodes.remove,
            act.ReleaseNode: nodes.release,
            act.CreateNodePod: nodes.create_pod,
            act.CreateEraser: nodes.create_eraser,
            act.DeleteClaim: nodes.delete_claim,
            act.DeleteNodePod: nodes.delete_pod,
            act.ShrinkNodePod: nodes.shrink,
            act.ClaimHost: nodes.claim,
            act.ReleaseHost: nodes.release_host,
            act.SupplyHosts: supply.supply,
            act.WriteNode: nodes.write_node,
            act.WritePool: nodes.write_pool,
            act.LoadSamples: samples.load,
            act.KeepSamples: samples.keep,
            act.CloseNetwork: nodes.close_network,
            act.Announce: self._announce,
        }

    async def perform(self, actions: Sequence[act.AnyAction], report: Report) -> None:
        """Perform all; `report` is called once for each action, as soon as its outcome is known.

        What may take long and holds nothing up goes on in the background after this has returned.
        """
        chains: dict[str, list[act.AnyAction]] = {}
        for action in actions:
            if isinstance(action, BULK):
                self._in_background(action, report)
            else:
                chains.setdefault(act.chain_of(action), []).append(action)
        async with asyncio.TaskGroup() as group:
            for chain in chains.values():
                group.create_task(self._perform_chain(chain, report))

    def _in_background(self, action: act.AnyAction, report: Report) -> None:
        task = asyncio.create_task(self._perform_chain([action], report))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _perform_chain(self, chain: list[act.AnyAction], report: Report) -> None:
        async with self._gate:
            broken = False
            for action in chain:
                outcome = Skipped() if broken else await self.perform_one(action)
                broken = not isinstance(outcome, Done)
                report(action, outcome)

    async def perform_one(self, action: act.AnyAction) -> Outcome:
        """Perform one action and judge the answer."""
        name = type(action).__name__
        try:
            outcome = await self._doers[type(action)](action)
        except TooManyRequestsError as error:
            outcome = Missed(error.message, again_in=error.retry_after)
        except StaleError as error:
            outcome = Missed(error.message)
        except RejectedError as error:
            outcome = Refused(error.reason or "Refused", error.message)
        except ApiError as error:
            outcome = Missed(error.message, again_in=UNAVAILABLE_PAUSE)
        except LeadershipLostError as error:
            outcome = Missed(str(error), again_in=UNAVAILABLE_PAUSE)
        except Exception as error:
            # A fault of ours in one action is no reason to leave its neighbours undone.
            log.exception("action failed by a fault of the operator", extra={"action": name})
            outcome = Missed(f"{type(error).__name__}: {error}", again_in=BROKEN_PAUSE)
        metrics.action_ended(name, type(outcome).__name__)
        if isinstance(outcome, Done):
            self._events.publish(action, outcome.uid)
        else:
            log.info(
                "action not performed", extra={"action": name, "outcome": repr(outcome), "what": repr(action)[:400]}
            )
        return outcome

    async def _announce(self, action: act.Announce) -> Outcome:  # noqa: ARG002 - its events are published after it
        return Done()
