"""Leadership: one leader at a time, whatever the server and the clock of the other one do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import LEASES, Resource
from millpond.cluster.errors import LeadershipLostError, UnavailableError
from millpond.cluster.lease import LeaderLease, LeaseTimes
from support.model.server import ModelServer
from support.model.verbs import Verbs

pytestmark = pytest.mark.looptime


class Server(ModelServer):
    """A model that can fall silent for writes of one holder, or lose the answers to them."""

    def __init__(self) -> None:
        super().__init__(Verbs(lambda: asyncio.get_running_loop().time()))
        self.silent_for: set[str] = set()
        self.loses_answers_to: set[str] = set()

    async def merge_patch(
        self, resource: Resource, namespace: str | None, name: str, patch: Mapping[str, Any], subresource: str = ""
    ) -> Meta:
        holder = patch["spec"]["holderIdentity"]
        if holder in self.silent_for:
            raise UnavailableError("no answer")
        meta = await super().merge_patch(resource, namespace, name, patch, subresource)
        if holder in self.loses_answers_to:
            self.loses_answers_to.discard(holder)
            raise UnavailableError("the answer was lost")
        return meta


def _candidate(server: Server, name: str) -> LeaderLease:
    return LeaderLease(server, "operator", "leader", name, LeaseTimes())


def _now() -> float:
    return asyncio.get_running_loop().time()


@contextmanager
def _beside(*works: Any) -> Iterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()


async def test_first_candidate_leads_at_once_and_fences_until_then() -> None:
    lease = _candidate(Server(), "one")
    with pytest.raises(LeadershipLostError):
        lease.fence()
    await lease.acquire()
    assert lease.held_safely()
    times = LeaseTimes()
    assert lease.fence() == pytest.approx(times.duration, abs=0.1)
    await asyncio.sleep(times.renew_deadline - 0.1)
    assert lease.fence() == pytest.approx(times.duration - times.renew_deadline, abs=0.2), (
        "a write may go on until then"
    )


async def test_leader_that_renews_keeps_others_waiting() -> None:
    server = Server()
    one, two = _candidate(server, "one"), _candidate(server, "two")
    await one.acquire()
    with _beside(one.hold(), two.acquire()) as (_, waiting):
        await asyncio.sleep(300)
        assert one.held_safely()
        assert not waiting.done()


async def test_silence_ends_leadership_before_another_one_begins() -> None:
    server = Server()
    one, two = _candidate(server, "one"), _candidate(server, "two")
    await one.acquire()
    with _beside(one.hold(), two.acquire()) as (holding, waiting):
        await asyncio.sleep(20)
        server.silent_for.add("one")
        silent_from = _now()
        with pytest.raises(LeadershipLostError):
            await holding
        assert _now() - silent_from <= 10 + 2 + 0.1
        assert not waiting.done()
        assert not one.held_safely()
        await waiting
        assert two.held_safely()
        assert _now() - silent_from < 15 + 2 * 2.4 + 2


async def test_renewal_that_hangs_ends_leadership_in_time() -> None:
    server = Server()
    lease = _candidate(server, "one")
    await lease.acquire()
    began = _now()
    server.latency = 1000
    with pytest.raises(LeadershipLostError):
        await lease.hold()
    assert _now() - began == pytest.approx(10, abs=0.5)


async def test_one_request_that_hangs_is_no_loss() -> None:
    server = Server()
    lease = _candidate(server, "one")
    await lease.acquire()
    with _beside(lease.hold()) as (holding,):
        server.latency = 1000
        await asyncio.sleep(3)
        server.latency = 0.002
        await asyncio.sleep(60)
        assert lease.held_safely()
        assert not holding.done()


async def test_lost_answer_to_a_renewal_is_no_loss() -> None:
    server = Server()
    lease = _candidate(server, "one")
    await lease.acquire()
    server.loses_answers_to.add("one")
    with _beside(lease.hold()) as (holding,):
        await asyncio.sleep(60)
        assert lease.held_safely()
        assert not holding.done()


async def test_lease_taken_by_force_is_lost_at_the_next_renewal() -> None:
    server = Server()
    lease = _candidate(server, "one")
    await lease.acquire()
    taken = {"spec": {"holderIdentity": "two", "leaseDurationSeconds": 15}}
    await server.merge_patch(LEASES, "operator", "leader", taken)
    with pytest.raises(LeadershipLostError):
        await lease.hold()
    assert _now() < 3


async def test_release_lets_the_next_lead_at_once() -> None:
    server = Server()
    one, two = _candidate(server, "one"), _candidate(server, "two")
    await one.acquire()
    with _beside(two.acquire()) as (waiting,):
        await asyncio.sleep(5)
        await one.release()
        assert not one.held_safely()
        released = _now()
        await waiting
    assert _now() - released < 3
    assert two.held_safely()


async def test_two_that_start_together_agree() -> None:
    server = Server()
    candidates = [_candidate(server, name) for name in ("one", "two", "three")]
    with _beside(*(candidate.acquire() for candidate in candidates)):
        await asyncio.sleep(5)
        assert sum(candidate.held_safely() for candidate in candidates) == 1
