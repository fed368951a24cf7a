"""What users do, as chance has it: make, change, end and delete pools, jobs and tasks, in any order."""

from __future__ import annotations

from random import Random
from typing import Any

from millpond.api.times import format_time

from support.model.failures import StatusError
from support.model.verbs import Verbs

NAMESPACE = "default"
POOLS = ("p0", "p1")
JOBS = ("j0", "j1", "j2")
MOST_TASKS = 25
OPTIONS = ("Requeue", "Terminate", "TaskCompletion", "RetainedData")
"""What becomes of the tasks of a node."""
RETENTIONS = (0, 60, 600)
"""How long tasks' files are kept: not so long that the quiet at the end of a history is too short for it."""
STORAGES = ({"type": "HostPath"}, {"type": "PersistentVolumeClaim", "size": "1Gi"})
PACKAGES = [{"applicationId": "tool", "version": "1"}]
FORMULAS = (
    "$TargetDedicatedNodes = min(3, $PendingTasks.GetSample(1));",
    "$TargetDedicatedNodes = rand() * 4; $NodeDeallocationOption = taskcompletion;",
    "$TargetDedicatedNodes = min(2, avg($ActiveTasks.GetSample(10 * TimeInterval_Minute, 80)));",
    "$TargetDedicatedNodes = 3; nonsense",
    "$TargetDedicatedNodes = (",
)


class Users:
    """`act` does one thing and says what, for the trace."""

    def __init__(self, verbs: Verbs, random: Random) -> None:
        self.verbs = verbs
        self.random = random
        self._tasks = 0
        self.deleted_from: set[str] = set()
        """Jobs of which a task was deleted."""
        self._times = 0

    def act(self) -> str:
        """One act of some user; what the API server refuses is no act."""
        acts = (
            (30, self._submit),
            (8, self._make_job),
            (8, self._make_pool),
            (6, self._resize),
            (2, self._delete_node),
            (2, self._remove_node),
            (2, self._stop_resize),
            (4, self._disable_node),
            (6, self._enable_node),
            (4, self._restart_node),
            (3, self._change_pool),
            (4, self._end_task),
            (3, self._delete_task),
            (4, self._reactivate_task),
            (2, self._end_job),
            (4, self._disable_job),
            (5, self._enable_job),
            (3, self._edit_job),
            (2, self._delete_job),
            (2, self._force_job),
            (2, self._delete_pool),
        )
        chosen = self.random.choices([a for _, a in acts], [w for w, _ in acts])[0]
        try:
            return chosen()
        except StatusError as refusal:
            return f"refused: {refusal.message}"

    def _create(self, plural: str, name: str, spec: dict[str, Any], finalizers: tuple[str, ...] = ()) -> str:
        metadata = {"name": name, "finalizers": list(finalizers)} if finalizers else {"name": name}
        self.verbs.create(plural, NAMESPACE, {"metadata": metadata, "spec": spec})
        return f"create {plural}/{name} {spec}"

    def _make_pool(self) -> str:
        spec: dict[str, Any] = {
            **self._size(),
            "taskSlotsPerNode": self.random.choice((1, 1, 1, 2, 4)),
            "enableInterNodeCommunication": self.random.random() < 0.9,
            "nodeTemplate": {"image": "busybox", "storage": self.random.choice(STORAGES)},
            "taskSchedulingPolicy": {"nodeFillType": self.random.choice(("Spread", "Pack"))},
        }
        if self.random.random() < 0.3:
            spec["startTask"] = {"commandLine": "prepare"}
        if self.random.random() < 0.2:
            spec["applicationPackageReferences"] = PACKAGES
        return self._create("pools", self.random.choice(POOLS), spec)

    def _make_job(self) -> str:
        spec: dict[str, Any] = {"poolName": self.random.choice(POOLS), "priority": self.random.choice((0, 0, 5))}
        if self.random.random() < 0.4:
            spec["allowTaskPreemption"] = True
        if self.random.random() < 0.3:
            spec["maxParallelTasks"] = self.random.choice((1, 2))
        if self.random.random() < 0.3:
            spec["onAllTasksComplete"] = "TerminateJob"
        if self.random.random() < 0.4:
            spec["constraints"] = {"maxTaskRetryCount": self.random.choice((0, 1, 3))}
        if self.random.random() < 0.3:
            spec["jobManagerTask"] = self._manager()
        if self.random.random() < 0.5:
            spec["jobPreparationTask"] = {
                "commandLine": "prepare",
                "waitForSuccess": self.random.random() < 0.7,
                "rerunOnNodeRebootAfterSuccess": self.random.random() < 0.5,
            }
            if self.random.random() < 0.7:
                spec["jobReleaseTask"] = {"commandLine": "clean"}
        if self.random.random() < 0.7:
            spec["usesTaskDependencies"] = True
        if self.random.random() < 0.3:
            spec["onTaskFailure"] = "PerformExitOptionsJobAction"
        return self._create("jobs", self.random.choice(JOBS), spec)

    def _manager(self) -> dict[str, Any]:
        return {
            "id": "m",
            "commandLine": "manage",
            "killJobOnCompletion": self.random.random() < 0.4,
            "runExclusive": self.random.random() < 0.6,
            "allowLowPriorityNode": self.random.random() < 0.8,
            "requiredSlots": self.random.choice((1, 1, 2)),
            "constraints": {
                "maxTaskRetryCount": self.random.choice((0, 1, 3)),
                "retentionSeconds": self.random.choice(RETENTIONS),
            },
        }

    def _submit(self) -> str:
        if len(self.verbs.store.all("tasks")) >= MOST_TASKS:
            return self._delete_task()
        there = [key[1] for key in sorted(self.verbs.store.all("jobs"))]
        name = self.random.choice(there if there and self.random.random() < 0.8 else JOBS)
        spec: dict[str, Any] = {"jobName": name, "commandLine": "work"}
        kind = self.random.random()
        if kind < 0.2:
            spec["requiredSlots"] = self.random.choice((2, 3))
        elif kind < 0.5:
            instances = self.random.choice((1, 2, 2, 3))
            spec["multiInstanceSettings"] = {"numberOfInstances": instances, "coordinationCommandLine": "meet"}
        spec["constraints"] = {"retentionSeconds": self.random.choice(RETENTIONS)}
        if self.random.random() < 0.3:
            spec["constraints"]["maxTaskRetryCount"] = self.random.choice((0, 1, 2))
        if self.random.random() < 0.3:
            spec["constraints"]["maxWallClockSeconds"] = self.random.choice((60, 600))
        job = (self.verbs.store.get("jobs", (NAMESPACE, spec["jobName"])) or {}).get("spec", {})
        # Words that the job does not allow are rare: such a task never runs.
        if self.random.random() < (0.6 if job.get("usesTaskDependencies") else 0.05):
            spec["dependsOn"] = self._dependencies(spec["jobName"])
        if self.random.random() < 0.3:
            spec["exitConditions"] = self._exit_conditions(job)
        if self.random.random() < 0.2:
            spec["resourceFiles"] = [{"storageContainerUrl": "s3://inputs"}]
        if self.random.random() < 0.2:
            spec["applicationPackageReferences"] = PACKAGES
        if self.random.random() < 0.3:
            spec["outputFiles"] = [{"filePattern": "*", "destination": {"containerUrl": "s3://results"}}]
        self._tasks += 1
        if self.random.random() < 0.3:
            spec["id"] = f"{self._tasks % 8:0{self.random.choice((1, 3))}}"
        # A name is used again now and then, after its task was deleted.
        name = f"t{self._tasks % 40}"
        return self._create("tasks", name, spec)

    def _dependencies(self, job: str) -> dict[str, Any]:
        """Tasks that are there, by id in any case or by number; now and then such as are to come, and itself."""
        there = [task for task in self.verbs.list("tasks") if task["spec"]["jobName"] == job]
        ids = [str(task["spec"].get("id") or task["metadata"]["name"]).upper() for task in there]
        some = self.random.sample(ids, min(len(ids), self.random.choice((0, 1, 1, 2))))
        if self.random.random() < 0.15 or not some:
            some.append(f"T{(self._tasks + self.random.randint(-1, 3)) % 40}")
        ranges = []
        numbers = [int(task_id) for task_id in ids if task_id.isdigit()]
        if numbers and self.random.random() < 0.5:
            start = self.random.choice(numbers)
            ranges = [{"start": start, "end": start + self.random.choice((0, 0, 1))}]
        return {"taskIds": some, "taskIdRanges": ranges}

    def _exit_conditions(self, job: dict[str, Any]) -> dict[str, Any]:
        words = {}
        if self.random.random() < (0.5 if job.get("onTaskFailure", "NoAction") != "NoAction" else 0.05):
            words["jobAction"] = ("None", "Disable", "Terminate")
        if self.random.random() < (0.8 if job.get("usesTaskDependencies") else 0.05):
            words["dependencyAction"] = ("Satisfy", "Satisfy", "Block")

        def options() -> dict[str, Any]:
            return {word: self.random.choice(kinds) for word, kinds in words.items() if self.random.random() < 0.6}

        return {
            "exitCodes": [{"code": self.random.choice((0, 1, 2)), "exitOptions": options()}],
            "exitCodeRanges": [{"start": 2, "end": 200, "exitOptions": options()}],
            "preProcessingError": options(),
            "fileUploadError": options(),
            "default": options(),
        }

    def _some(self, plural: str) -> str:
        names = sorted(key[1] for key in self.verbs.store.all(plural))
        return self.random.choice(names) if names else "none"

    def _patch(self, plural: str, name: str, spec: dict[str, Any]) -> str:
        self.verbs.merge_patch(plural, NAMESPACE, name, {"spec": spec})
        return f"patch {plural}/{name} {spec}"

    def _resize(self) -> str:
        nothing: dict[str, Any] = {"autoScale": None, "targetDedicatedNodes": None, "targetLowPriorityNodes": None}
        spec = nothing | self._size()
        if self.random.random() < 0.7:
            spec["nodeDeallocationOption"] = self.random.choice(OPTIONS)
        if self.random.random() < 0.3:
            spec["resizedAt"] = self._new_time()
        return self._patch("pools", self._some("pools"), spec)

    def _stop_resize(self) -> str:
        return self._patch("pools", self._some("pools"), {"resizeStoppedAt": self._new_time()})

    def _remove_node(self) -> str:
        option = self.random.choice(OPTIONS)
        spec = {"removedAt": self._new_time(), "removalOption": option}
        return self._patch("computenodes", self._some("computenodes"), spec)

    def _disable_node(self) -> str:
        option = self.random.choice(OPTIONS[:3])
        wanted = {"schedulable": False, "disableSchedulingOption": option}
        return self._patch("computenodes", self._some("computenodes"), wanted)

    def _enable_node(self) -> str:
        return self._patch("computenodes", self._some("computenodes"), {"schedulable": True})

    def _change_pool(self) -> str:
        wanted = {
            "startTask": {"commandLine": f"prepare {self.random.choice((1, 2))}"},
            "upgradePolicy": {"mode": self.random.choice(("Manual", "Automatic", "Automatic"))},
            "applicationPackageReferences": self.random.choice(([], [], PACKAGES)),
        }
        return self._patch("pools", self._some("pools"), wanted)

    def _restart_node(self) -> str:
        at, option = self.random.choice((("restartedAt", "rebootOption"), ("reimagedAt", "reimageOption")))
        wanted = {at: self._new_time(), option: self.random.choice(OPTIONS)}
        return self._patch("computenodes", self._some("computenodes"), wanted)

    def _size(self) -> dict[str, Any]:
        """A target or, now and then, a formula."""
        if self.random.random() < 0.7:
            low = {"targetLowPriorityNodes": self.random.choice((0, 1, 2))} if self.random.random() < 0.4 else {}
            return {"targetDedicatedNodes": self.random.choice((0, 1, 2, 3, 3)), **low}
        return {"autoScale": {"formula": self.random.choice(FORMULAS), "evaluationIntervalSeconds": 300}}

    def drop_formulas(self) -> None:
        """All pools keep the size that they have."""
        for space, name in sorted(self.verbs.store.all("pools")):
            self.verbs.merge_patch("pools", space, name, {"spec": {"autoScale": None}})

    def _end_task(self) -> str:
        return self._patch("tasks", self._some("tasks"), {"desiredState": "Terminated"})

    def _reactivate_task(self) -> str:
        return self._patch("tasks", self._some("tasks"), {"desiredState": "Active", "reactivatedAt": self._new_time()})

    def _new_time(self) -> str:
        """A time that nobody has asked for yet."""
        self._times += 1
        return f"2030-01-01T{self._times // 3600:02}:{self._times // 60 % 60:02}:{self._times % 60:02}Z"

    def _end_job(self) -> str:
        return self._patch("jobs", self._some("jobs"), {"desiredState": "Terminated"})

    def _force_job(self) -> str:
        return self._patch("jobs", self._some("jobs"), {"force": self.random.random() < 0.8})

    def _disable_job(self) -> str:
        option = self.random.choice(("Requeue", "Terminate", "Wait"))
        return self._patch("jobs", self._some("jobs"), {"desiredState": "Disabled", "disableTasks": option})

    def _enable_job(self) -> str:
        lifts = {"enabledAt": format_time(self.verbs.clock())} if self.random.random() < 0.5 else {}
        return self._patch("jobs", self._some("jobs"), {"desiredState": "Active"} | lifts)

    def _edit_job(self) -> str:
        """Another priority or bound; another pool where the job is disabled, as the API server allows."""
        name = self._some("jobs")
        job = self.verbs.store.get("jobs", (NAMESPACE, name)) or {}
        if (job.get("status") or {}).get("state") == "Disabled":
            return self._patch("jobs", name, {"poolName": self.random.choice(POOLS)})
        wanted = {
            "priority": self.random.choice((-5, 0, 5)),
            "maxParallelTasks": self.random.choice((-1, 1, 2)),
            "allowTaskPreemption": self.random.random() < 0.5,
        }
        return self._patch("jobs", name, dict([self.random.choice(sorted(wanted.items()))]))

    def _delete(self, plural: str) -> str:
        name = self._some(plural)
        self.verbs.delete(plural, NAMESPACE, name)
        return f"delete {plural}/{name}"

    def _delete_node(self) -> str:
        return self._delete("computenodes")

    def _delete_task(self) -> str:
        self.deleted_from |= {task["spec"]["jobName"] for task in self.verbs.list("tasks")}
        return self._delete("tasks")

    def _delete_job(self) -> str:
        return self._delete("jobs")

    def _delete_pool(self) -> str:
        return self._delete("pools")
