"""Counts on Jobs and Pools (azure-batch-semantics §2.20): exact at rest, and never far behind under load."""

from __future__ import annotations

import asyncio
from collections import Counter, deque

from support.model.store import Document
from support.scripts import Run
from support.virtual_time import in_virtual_time
from support.worlds import ModelWorld

LIMIT = 3000.0
TASKS = 100
BEHIND = 2.0
"""Seconds that a count may be behind; `limits.summary` is where it comes from."""
CYCLE = 0.5
"""What gathering a burst and writing many objects adds at most, seconds."""


def truth(world: ModelWorld) -> Counter[str]:
    """What the Tasks themselves say, in the words of the counts."""
    found: Counter[str] = Counter()
    for task in world.verbs.list("tasks"):
        status = task.get("status") or {}
        match status.get("state", "Active"):
            case "Completed":
                found["succeeded" if status["result"] == "Success" else "failed"] += 1
                found["completed"] += 1
            case "Active":
                found["active"] += 1
            case _:
                found["running"] += 1
    return found


def told(status: Document, name: str = "taskCounts") -> Counter[str]:
    return Counter({word: amount for word, amount in (status.get(name) or {}).items() if amount})


@in_virtual_time
async def test_a_burst_is_counted_within_seconds_and_exactly_at_rest() -> None:
    async with ModelWorld() as world:
        world.host("h1", cpu="4").host("h2", cpu="4").pool("p", nodes=2, slots=4).job("j").job("k")
        await world.run_until(lambda: world.nodes_in("Idle") == 2, LIMIT)
        for number in range(TASKS):
            run = Run(seconds=0.2 + number % 3, exit_code=int(number % 7 == 0))
            world.task("jk"[number % 2], f"t{number:03}", run, requiredSlots=1 + number % 3)
        past: deque[tuple[float, Counter[str]]] = deque(maxlen=100)
        worst = 0.0
        end = world.now() + LIMIT
        while not world.all_tasks_completed():
            now = world.now()
            assert now < end, world.describe()
            past.append((now, truth(world)))
            jobs = told(world.status("jobs", "j")) + told(world.status("jobs", "k"))
            pool = told(world.status("pools", "p"))
            # What is completed only grows, and what waits only shrinks: how old a count is can be read from the past.
            for completed in (jobs["completed"], TASKS - pool["active"] - pool["running"] if pool else 0):
                behind = [moment for moment, then in past if then["completed"] > completed]
                worst = max(worst, now - behind[0] if behind else 0.0)
            await asyncio.sleep(0.2)
        assert 0 < worst <= BEHIND + CYCLE, f"{worst:.1f} s behind"
        await world.run_quiet(60, LIMIT)
        assert told(world.status("jobs", "j")) + told(world.status("jobs", "k")) == truth(world)
        slots = told(world.status("jobs", "j"), "taskSlotCounts") + told(world.status("jobs", "k"), "taskSlotCounts")
        assert slots["completed"] == slots["succeeded"] + slots["failed"] == sum(1 + n % 3 for n in range(TASKS))
        assert told(world.status("pools", "p")) == Counter()
        assert world.status("pools", "p")["taskSlotCounts"] == {"total": 8, "used": 0}


@in_virtual_time
async def test_what_waits_and_what_runs_is_counted_in_tasks_and_in_slots() -> None:
    async with ModelWorld() as world:
        world.host("h1", cpu="4").pool("p", nodes=1, slots=4).job("j")
        world.task("j", "first", Run(seconds=900), requiredSlots=3).task("j", "waits", requiredSlots=2)
        world.task("j", "fails", Run(seconds=1, exit_code=1))
        await world.run_until(lambda: world.state("tasks", "fails") == "Completed", LIMIT)
        await world.run_quiet(60, LIMIT)
        job, pool = world.status("jobs", "j"), world.status("pools", "p")
        assert told(job) == Counter(active=1, running=1, failed=1, completed=1) == truth(world)
        assert told(job, "taskSlotCounts") == Counter(active=2, running=3, failed=1, completed=1)
        assert told(pool) == Counter(active=1, running=1)
        assert pool["taskSlotCounts"] == {"total": 4, "used": 3}
