"""Random lives of schedules and of jobs with pools of their own, through the whole operator, which dies and sleeps.

`WholeHistory(seed).run(steps)` raises AssertionError, with the seed, when a law is broken.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from millpond.api import labels

from support.faults import Request, no_faults
from support.model.failures import StatusError
from support.model.store import Change
from support.schedule_laws import ScheduleLaws
from support.scripts import Run
from support.virtual_time import run
from support.worlds import NAMESPACE, ModelWorld

HOSTS = 8
SCHEDULES, JOBS = ("s0", "s1"), ("j0", "j1")
REST = 3000.0
"""Seconds in which all that was asked for is done, and all that was deleted is gone."""
SETTLED = 1200.0
"""Seconds in which the operator has woken and has seen the last edits."""
DEATHS = 0.02
"""The share of writes before or after which the operator dies."""


class WholeHistory:
    """One random history."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.told: list[str] = []
        """What happened, for failures."""
        self._kept: set[str] = set()
        """Uids of pools that stay when what they were made for has ended or is gone."""

    def run(self, steps: int) -> None:
        """Take that many steps, then delete everything and see that nothing is left."""
        try:
            run(self._main(steps))
        except AssertionError as error:
            raise AssertionError(f"seed {self.seed}: {error}\n" + "\n".join(self.told[-40:])) from error

    def _fate(self, request: Request) -> str:
        if request.write and self.random.random() < DEATHS:
            self.told.append(f"the operator dies at {request}")
            return self.random.choice(("crash-before", "crash-after"))
        return ""

    async def _main(self, steps: int) -> None:
        async with ModelWorld(self.seed, self._fate) as world:
            self.world = world
            self.laws = ScheduleLaws(world)
            world.verbs.store.listeners.append(self._hear)
            world.scripts.otherwise = self._run
            for number in range(HOSTS):
                world.host(f"h{number}")
            world.pool("p", 1, 2)
            for _ in range(steps):
                self._user()
                await self._time()
                self._check()
            await self._end()

    def _hear(self, change: Change) -> None:
        """One pool for one job or schedule."""
        maker = _maker(change.after)
        if change.plural != "pools" or change.type != "ADDED" or not maker:
            return
        same = [p["metadata"]["name"] for p in self.world.verbs.list("pools") if _maker(p) == maker]
        if len(same) > 1:
            self.world.books.say(f"pools {same} are made for one job or schedule")
        if self._wants_it_kept(maker):
            self._kept.add(change.after["metadata"]["uid"])

    def _wants_it_kept(self, maker: str) -> bool:
        specs = [
            spec.get("jobTemplate", {}).get("spec", spec)
            for plural in ("jobs", "jobschedules")
            for spec in (found["spec"] for found in self.world.verbs.list(plural) if found["metadata"]["uid"] == maker)
        ]
        return any(spec["autoPool"]["keepAlive"] for spec in specs)

    def _check(self) -> None:
        self.world.check()
        assert not self.laws.broken, self.laws.broken

    def _run(self, task: str, attempt: int) -> Run:
        return Run(seconds=Random(f"{self.seed}/{task}/{attempt}").choice((5.0, 50.0, 400.0)))

    # What users do

    def _user(self) -> None:
        deed = self.random.choice((self._make_schedule, self._edit_schedule, self._make_job, self._edit_job, self._go))
        try:
            self.told.append(f"{self.world.now():.0f} {deed.__name__} {deed()}")
        except StatusError as failure:
            self.told.append(f"{deed.__name__}: {failure}")

    def _make_schedule(self) -> str:
        name = self.random.choice(SCHEDULES)
        tasks = ("a", "b")[: self.random.randint(1, 2)]
        auto = {"autoPool": self._auto_pool(("Job", "JobSchedule"))} if self.random.random() < 0.6 else {}
        self.world.schedule(name, self._plan(), *tasks, **auto)
        return name

    def _plan(self) -> dict[str, Any]:
        plan: dict[str, Any] = {}
        if self.random.random() < 0.9:
            plan["recurrenceIntervalSeconds"] = self.random.choice((60, 100, 300))
        if self.random.random() < 0.4:
            plan["startWindowSeconds"] = self.random.choice((60, 90))
        return plan

    def _auto_pool(self, lifetimes: tuple[str, ...]) -> dict[str, Any]:
        template = {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "docker.io/library/busybox:1.36"}}
        keep = self.random.random() < 0.2
        return {"lifetime": self.random.choice(lifetimes), "keepAlive": keep, "namePrefix": "own", "spec": template}

    def _edit_schedule(self) -> str:
        name = self.random.choice(SCHEDULES)
        wanted = self.random.choice(("Active", "Active", "Disabled", "Terminated", "plan", "tasks"))
        spec: dict[str, Any] = {"desiredState": wanted}
        if wanted == "plan":
            spec = {"schedule": {"recurrenceIntervalSeconds": None, "startWindowSeconds": None} | self._plan()}
        elif wanted == "tasks":
            task = {"metadata": {"name": self.random.choice("abc")}, "spec": {"commandLine": "work"}}
            spec = {"jobTemplate": {"tasks": [task]}}
        self.world.patch("jobschedules", name, **spec)
        return f"{name} {wanted}"

    def _make_job(self) -> str:
        name = self.random.choice(JOBS)
        self.world.job(name, autoPool=self._auto_pool(("Job",)), onAllTasksComplete="TerminateJob")
        self.world.task(name, f"{name}-t{self.world.verbs.store.revision}")
        return name

    def _edit_job(self) -> str:
        names = [job["metadata"]["name"] for job in self.world.verbs.list("jobs")]
        name, wanted = self.random.choice(names or ["none"]), self.random.choice(("Active", "Disabled", "Terminated"))
        self.world.patch("jobs", name, desiredState=wanted)
        return f"{name} {wanted}"

    def _go(self) -> str:
        plural = self.random.choice(("jobschedules", "jobs", "pools"))
        names = [found["metadata"]["name"] for found in self.world.verbs.list(plural)]
        name = self.random.choice([each for each in names if each != "p"] or ["none"])
        self.world.delete(plural, name)
        return f"{plural}/{name}"

    # Time: it passes, is set, and passes while the operator sleeps

    async def _time(self) -> None:
        chance = self.random.random()
        seconds = self.random.choice((0.0, 0.01, 1.0, 20.0, 100.0, 400.0))
        if chance < 0.1:
            self._set_clock(self.random.choice((-400.0, -30.0, 30.0, 1000.0)))
        elif chance < 0.2:
            self.told.append("the operator sleeps")
            self.world.sleep(self.random.choice((150.0, 1000.0)))
        await asyncio.sleep(seconds)

    def _set_clock(self, by: float) -> None:
        self.told.append(f"the clock is set by {by:.0f} s")
        self.world.skew += by

    # Rest

    async def _end(self) -> None:
        """Active schedules go on making jobs; what is deleted goes, with all that was made for it."""
        world = self.world
        world.choose = no_faults
        await asyncio.sleep(SETTLED)
        await self._all_go_on()
        await world.run_until(lambda: not self._outlived(), REST)
        for plural in ("jobschedules", "jobs", "tasks"):
            for found in world.verbs.list(plural, NAMESPACE):
                if "deletionTimestamp" not in found["metadata"]:
                    world.delete(plural, found["metadata"]["name"])
        await world.run_until(lambda: not any(map(world.verbs.list, ("jobschedules", "jobs", "tasks"))), REST)
        kept = [pool["metadata"] for pool in world.verbs.list("pools")]
        await world.run_until(lambda: all(map(self._is_kept, world.verbs.list("pools"))), REST)
        for meta in kept:
            if world.verbs.store.get("pools", (NAMESPACE, meta["name"])) is not None:
                world.delete("pools", meta["name"])
        await world.run_until(lambda: not any(map(world.verbs.list, ("pools", "computenodes", "pods"))), REST)
        left = world.outcome()
        assert not left["claims"], f"hosts are claimed still: {left['claims']}"
        assert not left["volumes"], "volumes are left"
        world.books.check_ledgers(in_flight=False)
        self._check()

    def _is_kept(self, pool: dict[str, Any]) -> bool:
        return not _maker(pool) or pool["metadata"]["uid"] in self._kept

    def _outlived(self) -> list[str]:
        """Pools that are there though the job that they were made for has ended."""
        ended = {job["metadata"]["uid"] for job in self.world.verbs.list("jobs") if _state(job) == "Completed"}
        pools = [pool for pool in self.world.verbs.list("pools") if not self._is_kept(pool)]
        return [pool["metadata"]["name"] for pool in pools if _maker(pool) in ended]

    async def _all_go_on(self) -> None:
        """Each schedule that recurs and is active makes jobs when no job of it is held up by its user."""
        world = self.world
        for job in world.verbs.list("jobs", NAMESPACE):
            if "deletionTimestamp" not in job["metadata"] and job["spec"].get("desiredState") != "Terminated":
                world.patch("jobs", job["metadata"]["name"], desiredState="Terminated")
        waiting = self.laws.that_must_go_on()
        await world.run_until(lambda: self._went_on(waiting), REST)

    def _went_on(self, waiting: dict[str, int]) -> bool:
        return all(self.world.status("jobschedules", name)["jobsCreated"] > made for name, made in waiting.items())


def _maker(document: dict[str, Any]) -> str:
    return str((document["metadata"].get("labels") or {}).get(labels.MADE_FOR, ""))


def _state(document: dict[str, Any]) -> str:
    return str((document.get("status") or {}).get("state"))
