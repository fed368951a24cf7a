"""A random history of job schedules: users, clocks that are set, watches that lag, an operator that dies and sleeps.

One seed is one history. Each creation of a Job is held against the laws at once; the rest is looked at in the end.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from support.builders import SPACE
from support.faults import no_faults, storm
from support.model.store import Change
from support.schedule_laws import ScheduleLaws
from support.schedules import TASKS, Stage, tell
from support.virtual_time import run

NAMES = ("a", "b")
POOL = {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "debian"}}
HOLD = "example.com/slow"
PAUSES = (0.1, 1.0, 30.0, 130.0, 700.0)
DOWN = (1.0, 300.0, 6100.0)
CLOCK_STEPS = (-3600.0, -20.0, 20.0, 700.0, 3600.0)


class LaggingStage(Stage):
    """What the watches tell comes when `catch_up` lets it, in the server's order."""

    def __init__(self, seed: int) -> None:
        super().__init__(storm(seed, share=0.08, crashes=0.05))
        self._untold: list[Change] = []
        self.lags = False

    def _hear(self, change: Change) -> None:
        self._untold.append(change)
        if not self.lags:
            self.catch_up()

    def begin_life(self) -> None:
        """A life begins by listing: nothing of before is told to it."""
        self._untold.clear()

    def catch_up(self) -> None:
        untold, self._untold = self._untold, []
        for change in untold:
            if self.keeper is not None:
                tell(self.keeper, change.plural, change.after, gone=change.type == "DELETED")


class ScheduleHistory:
    """`run` raises AssertionError, with the seed and the last deeds, where a law is broken."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.deeds: list[str] = []

    def run(self, steps: int) -> int:
        """Take so many steps, then come to rest; how many jobs were made."""
        try:
            return run(self._play(steps))
        except AssertionError as error:
            raise AssertionError(f"seed {self.seed}: {error}\n" + "\n".join(self.deeds[-25:])) from error

    async def _play(self, steps: int) -> int:
        stage = self.stage = LaggingStage(self.seed)
        laws = ScheduleLaws(stage)
        while steps:
            async with stage.running():
                for _ in range(self.random.randint(1, min(steps, 30))):
                    steps -= 1
                    self._act()
                    stage.lags = self.random.random() < 0.3
                    await asyncio.sleep(self.random.choice(PAUSES))
                    stage.catch_up()
                    assert not laws.broken, laws.broken
            asleep = self.random.choice(DOWN)
            self._note(f"the operator sleeps {asleep} s")
            await asyncio.sleep(asleep)
        await self._rest(laws)
        return len(laws.made)

    async def _rest(self, laws: ScheduleLaws) -> None:
        """Without faults what is active goes on, and what is deleted leaves nothing."""
        stage = self.stage
        stage.choose, stage.lags, stage.skew = no_faults, False, 0.0
        async with stage.running():
            await self._quiet(60)
            waiting = laws.that_must_go_on()
            await self._quiet(1300)
            laws.have_gone_on(waiting)
            laws.no_pool_outlives_its_schedule()
            for name in stage.names("jobschedules"):
                stage.verbs.delete("jobschedules", SPACE, name)
            await self._quiet(200)
        laws.nothing_is_left()
        assert not laws.broken, laws.broken

    async def _quiet(self, seconds: float) -> None:
        for _ in range(int(seconds // 10)):
            for job in self.stage.verbs.list("jobs"):
                self._let_go(job["metadata"]["name"])
            self.stage.end_jobs()
            self.stage.garbage.sweep()
            await asyncio.sleep(10)

    # What users do

    def _note(self, deed: str) -> None:
        self.deeds.append(f"{asyncio.get_running_loop().time():.1f} {deed}")

    def _act(self) -> None:
        deeds = (self._make, self._make, self._edit, self._edit, self._end_jobs, self._end_jobs, self._end_jobs)
        others = (self._delete, self._delete_job, self._delete_pool, self._set_clock, self._sweep)
        self._note(self.random.choice((*deeds, *others))())

    def _some(self, plural: str) -> str:
        names = self.stage.names(plural)
        return self.random.choice(names) if names else ""

    def _plan(self) -> dict[str, Any]:
        times = {"recurrenceIntervalSeconds": None, "cron": None, "startWindowSeconds": None}
        kind = self.random.random()
        if kind < 0.7:
            times["recurrenceIntervalSeconds"] = self.random.choice((60, 600))
        elif kind < 0.9:
            times["cron"] = "*/5 * * * *"
        if self.random.random() < 0.3:
            times["startWindowSeconds"] = self.random.choice((60, 120))
        return times

    def _template(self) -> dict[str, Any]:
        tasks = [task for task in TASKS if self.random.random() < 0.7]
        spec: dict[str, Any] = {"poolName": "farm", "autoPool": None}
        if self.random.random() < 0.6:
            lifetime = self.random.choice(("Job", "JobSchedule"))
            auto = {"lifetime": lifetime, "keepAlive": self.random.random() < 0.3, "namePrefix": "tmp", "spec": POOL}
            spec = {"poolName": None, "autoPool": auto}
        return {"metadata": {}, "spec": spec, "tasks": tasks}

    def _make(self) -> str:
        name = self.random.choice(NAMES)
        if name in self.stage.names("jobschedules"):
            return "nothing"
        template = self._template()
        template["spec"] = {key: value for key, value in template["spec"].items() if value is not None}
        plan = {key: value for key, value in self._plan().items() if value is not None}
        spec = {"schedule": plan, "desiredState": self.random.choice(("Active", "Active", "Disabled"))}
        spec["jobTemplate"] = template
        self.stage.verbs.create("jobschedules", SPACE, {"metadata": {"name": name}, "spec": spec})
        return f"make {name} {spec}"

    def _edit(self) -> str:
        name = self._some("jobschedules")
        if not name:
            return "nothing"
        now = self.stage.verbs.get("jobschedules", SPACE, name)["spec"]["desiredState"]
        states = ["Terminated"] if now == "Terminated" else ["Active"] * 6 + ["Disabled"] * 3 + ["Terminated"]
        edits = {
            "desiredState": self.random.choice(states),
            "schedule": self._plan(),
            "jobTemplate": self._template(),
            "force": True,
        }
        chosen = self.random.choice(sorted(edits))
        self.stage.verbs.merge_patch("jobschedules", SPACE, name, {"spec": {chosen: edits[chosen]}})
        return f"edit {name} {chosen}={edits[chosen]}"

    def _delete(self) -> str:
        name = self._some("jobschedules")
        if name and self.random.random() < 0.4:
            self.stage.verbs.delete("jobschedules", SPACE, name)
        return f"delete schedule {name}"

    def _end_jobs(self) -> str:
        self.stage.end_jobs()
        return "end jobs"

    def _delete_job(self) -> str:
        """Sometimes one that takes its time to go."""
        name = self._some("jobs")
        if name:
            if self.random.random() < 0.5:
                self.stage.verbs.merge_patch("jobs", SPACE, name, {"metadata": {"finalizers": [HOLD]}})
            self.stage.verbs.delete("jobs", SPACE, name)
        return f"delete job {name}"

    def _let_go(self, name: str) -> None:
        self.stage.verbs.merge_patch("jobs", SPACE, name, {"metadata": {"finalizers": None}})

    def _delete_pool(self) -> str:
        name = self._some("pools")
        if name:
            self.stage.verbs.delete("pools", SPACE, name)
        return f"delete pool {name}"

    def _set_clock(self) -> str:
        self.stage.skew = 0.0 if self.stage.skew else self.random.choice(CLOCK_STEPS)
        return f"the clock is set to {self.stage.skew} s off"

    def _sweep(self) -> str:
        for name in self.stage.names():
            self._let_go(name)
        return f"garbage {self.stage.garbage.sweep()}"
