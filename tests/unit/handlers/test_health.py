"""What probes are answered, from the process's first moment to its last."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.test_utils import TestClient, TestServer
from millpond.handlers.health import BEAT, LONGEST_LAG, Health
from support.virtual_time import run


async def asked(health: Health, path: str) -> tuple[int, str]:
    async with TestClient(TestServer(health.application())) as client, client.get(path) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize(
    ("steps", "alive", "ready"),
    [
        ((), (200, "ok"), (503, "not ready")),
        (("alive",), (200, "ok"), (200, "following")),
        (("alive", "ready"), (200, "ok"), (200, "leading")),
        (("alive", "ready", "stopping"), (200, "stopping"), (503, "not ready")),
    ],
    ids=lambda steps: "-".join(map(str, steps)) if isinstance(steps, tuple) else None,
)
async def test_a_process_tells_how_far_it_has_come(
    steps: tuple[str, ...], alive: tuple[int, str], ready: tuple[int, str]
) -> None:
    health = Health()
    for step in steps:
        getattr(health, step)()
    assert await asked(health, "/healthz") == alive
    assert await asked(health, "/readyz") == ready


async def test_a_complaint_is_the_answer_of_the_liveness_probe_and_of_no_other() -> None:
    health = Health()
    health.alive()
    wrong = ""
    health.listen_to(lambda: wrong)
    assert (await asked(health, "/healthz"))[0] == 200
    wrong = "nothing was heard of tasks for 271 s"
    assert await asked(health, "/healthz") == (503, wrong)
    assert (await asked(health, "/readyz"))[0] == 200


async def test_a_process_on_its_way_out_is_not_judged_any_more() -> None:
    health = Health()
    health.listen_to(lambda: "the watches are closed")
    health.stopping()
    assert await asked(health, "/healthz") == (200, "stopping")


def test_a_loop_that_turns_in_time_gives_no_reason_to_complain() -> None:
    async def live() -> str:
        health = Health()
        beating = asyncio.create_task(health.beat())
        await asyncio.sleep(100 * BEAT)
        said = health.complaint()
        beating.cancel()
        return said

    assert run(live()) == ""


class Clock(asyncio.SelectorEventLoop):
    """A loop whose clock a test can push on, as a callback does that blocks."""

    pushed = 0.0

    def time(self) -> float:
        return super().time() + self.pushed


def late_by(seconds: float) -> tuple[str, str]:
    """What is complained of while the loop has not turned for so long, and after it has turned again once."""

    async def live() -> tuple[str, str]:
        health = Health()
        beating = asyncio.create_task(health.beat())
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Clock)
        loop.pushed = seconds + BEAT
        during = health.complaint()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        after = health.complaint()
        beating.cancel()
        return during, after

    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(live())


def test_a_loop_that_is_too_late_is_complained_of_during_and_after() -> None:
    assert late_by(LONGEST_LAG - 1) == ("", "")
    said = f"the event loop is {LONGEST_LAG + 5:.0f} s late"
    assert late_by(LONGEST_LAG + 5) == (said, said)


async def test_port_0_serves_nothing() -> None:
    health = Health()
    before = len(asyncio.all_tasks())
    await health.serve(0, 0)
    assert len(asyncio.all_tasks()) == before + 1, "only the heart beats"
