"""Simulated kubelets: what real ones do to Pods that are bound to their host, step by step, by a script.

Synchronous: `advance` makes a Pod's next transition if it is due and tells when the one after that will be.
What is mimicked is what trials on real kubelets have shown: phases, container states, refusals, grace and records.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from millpond.api import labels
from millpond.api.resources import millicores

from support.chance import FOREVER
from support.claims import reaches
from support.gates import Gates, is_part
from support.inits import PACKAGES, not_installed
from support.model.failures import StatusError
from support.model.store import Document, Key
from support.model.verbs import Verbs
from support.scheduler import is_terminal, requested_cpu
from support.scripts import Run, Scripts

ADMIT_SECONDS = 0.05
RESIZE_SECONDS = 0.5
REMOVE_SECONDS = 0.05
BACK_OFF_SECONDS = 10.0
"""Between the runs of an init container of a node that fails."""
SIDECAR_SECONDS = 0.5
"""From the end of a Pod's containers to the SIGTERM of its sidecars."""


@dataclass
class Life:
    """What a kubelet knows of a Pod: its stage, when that began and when the next is due."""

    uid: str
    stage: str = "seen"
    due: float = 0.0
    began: float = 0.0
    stopped: bool = False
    installs: int = 0
    """How often the packages of its node could not be installed."""
    inits: int = 0
    """How many init containers have ended or, sidecars, have started."""
    cut: bool = False
    """Its sidecar does not come to its own end."""
    cpu: int = 0
    """Millicores that the kubelet has allocated to it."""
    resized_at: float | None = None


class Kubelets:
    """The kubelets of all hosts. `silent` are the hosts whose kubelet is down; their Pods stand still."""

    def __init__(self, verbs: Verbs, scripts: Scripts) -> None:
        self.verbs = verbs
        self.scripts = scripts
        self.silent: set[str] = set()
        self.lives: dict[Key, Life] = {}
        self.gates = Gates(verbs, self.lives)
        self.records: dict[tuple[str, str], Document] = {}
        """What launchers left in node directories, by host and name of the run."""

    # Time

    def due(self, key: Key) -> float:
        """When the Pod's next transition is due; very late when nothing will happen by itself."""
        pod = self.verbs.store.get("pods", key)
        if pod is None or not self._works(pod):
            return FOREVER
        life = self._life(key, pod)
        if "deletionTimestamp" in pod["metadata"] and not life.stopped and life.stage != "ended":
            return self.verbs.clock()
        if life.stage == "ended":
            return life.due if self._to_remove(pod) else FOREVER
        due = self.verbs.clock() if life.stage == "init" and self._awaited(pod) is not None else life.due
        if life.stage == "running" and is_part(pod):
            due = self.gates.due(pod, self._script(pod))
        return min(due, self._resize_due(pod, life))

    def advance(self, key: Key) -> bool:
        """Make the transition that is due; False when there was none."""
        now = self.verbs.clock()
        if self.due(key) > now:
            return False
        pod = self.verbs.store.get("pods", key)
        assert pod is not None
        life = self._life(key, pod)
        if "deletionTimestamp" in pod["metadata"] and not life.stopped and life.stage != "ended":
            self._stop(pod, life, now)
        elif self._resize_due(pod, life) <= now:
            life.cpu, life.resized_at = requested_cpu(pod), None
        else:
            getattr(self, "_on_" + life.stage)(pod, life, now)
        return True

    def _works(self, pod: Document) -> bool:
        host = pod["spec"].get("nodeName")
        return bool(host) and host not in self.silent and self.verbs.store.get("nodes", ("", host)) is not None

    def _life(self, key: Key, pod: Document) -> Life:
        life = self.lives.get(key)
        if life is None or life.uid != pod["metadata"]["uid"]:
            life = self.lives[key] = Life(pod["metadata"]["uid"], due=self.verbs.clock() + ADMIT_SECONDS)
            if is_terminal(pod):
                life.stage, life.due = "ended", self.verbs.clock() + REMOVE_SECONDS
        return life

    def _resize_due(self, pod: Document, life: Life) -> float:
        if life.stage in ("seen", "ended") or requested_cpu(pod) == life.cpu:
            return FOREVER
        if life.resized_at is None:
            life.resized_at = self.verbs.clock() + RESIZE_SECONDS
        return life.resized_at

    def _to_remove(self, pod: Document) -> bool:
        meta = pod["metadata"]
        if "deletionTimestamp" not in meta:
            return False
        return not (meta.get("deletionGracePeriodSeconds") == 0 and meta.get("finalizers"))

    # Stages: seen, creating, init, running, stopping, sidecar, ended

    def _on_seen(self, pod: Document, life: Life, now: float) -> None:
        refusal = self._refusal(pod)
        if refusal is not None:
            life.stage, life.due = "ended", now + REMOVE_SECONDS
            self._patch(pod, {"phase": "Failed", "reason": refusal, "message": f"Pod was rejected: {refusal}"})
            return
        assert reaches(self.verbs, pod), f"Pod {pod['metadata']['name']} cannot have its claim on this host"
        life.cpu = requested_cpu(pod)
        run = self._script(pod)
        waiting = {"state": {"waiting": {"reason": "ContainerCreating"}}, "ready": False, "restartCount": 0}
        life.stage, life.due = "creating", now + run.start_seconds
        self._patch(
            pod,
            {
                "phase": "Pending",
                "startTime": _time(now),
                "containerStatuses": [{"name": c["name"]} | waiting for c in pod["spec"]["containers"]],
                "initContainerStatuses": [
                    {"name": c["name"]} | waiting for c in pod["spec"].get("initContainers") or ()
                ],
            },
        )

    def _refusal(self, pod: Document) -> str | None:
        host = self.verbs.store.get("nodes", ("", pod["spec"]["nodeName"]))
        assert host is not None
        wanted = pod["spec"].get("nodeSelector") or {}
        if any((host["metadata"].get("labels") or {}).get(key) != value for key, value in wanted.items()):
            return "NodeAffinity"
        here = [(key, other) for key, other in self.verbs.store.all("pods").items() if other is not pod]
        held = sum(self._allocated(key, o) for key, o in here if o["spec"].get("nodeName") == pod["spec"]["nodeName"])
        return "OutOfcpu" if held + requested_cpu(pod) > millicores(host["status"]["allocatable"]["cpu"]) else None

    def _allocated(self, key: Key, pod: Document) -> int:
        life = self.lives.get(key)
        if life is None or life.uid != pod["metadata"]["uid"] or is_terminal(pod):
            return 0
        return life.cpu

    def _on_creating(self, pod: Document, life: Life, now: float) -> None:
        if self._script(pod).image_missing:
            waiting = {"reason": "ErrImagePull", "message": "the registry does not have the image"}
            life.due = FOREVER
            statuses = [{"name": c["name"], "state": {"waiting": waiting}} for c in pod["spec"]["containers"]]
            self._patch(pod, {"containerStatuses": statuses})
            return
        if pod["spec"].get("initContainers"):
            life.stage, life.began, life.inits = "init", now, 0
            self._begin_init(pod, life, now, [])
        else:
            self._begin(pod, life, now)

    def _begin_init(
        self, pod: Document, life: Life, now: float, done: list[Document], last: Document | None = None
    ) -> None:
        """Begin the next init container; `last` is how its last run ended."""
        containers = pod["spec"]["initContainers"]
        current = containers[len(done)]
        start = self.scripts.start_task(pod["metadata"].get("labels", {}).get(labels.NODE, ""))
        run = self._script(pod)
        spans = {"start-task": start.seconds, "await-preparation": FOREVER, "fetch-files": run.fetch_seconds}
        spans |= {PACKAGES: run.install_seconds}
        life.due = now + spans.get(current["name"], 0.1)
        running = {"name": current["name"], "state": {"running": {"startedAt": _time(now)}}, "lastState": last or {}}
        waiting = [
            {"name": c["name"], "state": {"waiting": {"reason": "PodInitializing"}}}
            for c in containers[len(done) + 1 :]
        ]
        self._patch(pod, {"initContainerStatuses": [*done, running, *waiting]})

    def _on_init(self, pod: Document, life: Life, now: float) -> None:
        statuses = pod["status"]["initContainerStatuses"]
        done, current = statuses[: life.inits], statuses[life.inits]
        if "waiting" in current["state"]:
            self._begin_init(pod, life, now, done, current["lastState"])
            return
        if current["name"] == PACKAGES and self._lacks_package(pod, life):
            self._install_again(pod, life, now)
            return
        done.append(current if current["name"] in _sidecars(pod) else self._init_ended(pod, current, now))
        life.inits += 1
        if done[-1]["state"].get("terminated", {}).get("exitCode"):
            life.stage, life.due = "ended", now + REMOVE_SECONDS
            waiting = {"state": {"waiting": {"reason": "PodInitializing"}}}
            mains = [{"name": c["name"]} | waiting for c in pod["spec"]["containers"]]
            self._patch(pod, {"phase": "Failed", "initContainerStatuses": done, "containerStatuses": mains})
        elif len(done) < len(statuses):
            self._begin_init(pod, life, now, done)
        else:
            self._begin(pod, life, now, done)

    def _lacks_package(self, pod: Document, life: Life) -> bool:
        """True on a node whose packages cannot be installed this time."""
        node = pod["metadata"]["labels"].get(labels.NODE, "")
        return _role(pod) == labels.Role.NODE and life.installs < self.scripts.failing_installs(node)

    def _install_again(self, pod: Document, life: Life, now: float) -> None:
        """The container is run again after a pause; one that will never succeed is let alone, so that there is rest."""
        life.installs += 1
        node = pod["metadata"]["labels"].get(labels.NODE, "")
        life.due = FOREVER if self.scripts.failing_installs(node) >= FOREVER else now + BACK_OFF_SECONDS
        ended = {"terminated": not_installed("ApplicationPackageError") | {"finishedAt": _time(now)}}
        again = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
        statuses = list(pod["status"]["initContainerStatuses"])
        statuses[life.inits] = {"name": PACKAGES, "state": again, "lastState": ended, "restartCount": life.installs}
        self._patch(pod, {"initContainerStatuses": statuses})

    def _init_ended(self, pod: Document, status: Document, now: float) -> Document:
        started = status["state"]["running"]["startedAt"]
        ended = {"exitCode": 0, "reason": "Completed", "startedAt": started, "finishedAt": _time(now)}
        if status["name"] == "start-task":
            run = self.scripts.start_task(pod["metadata"].get("labels", {}).get(labels.NODE, ""))
            record = {"cause": "Exited", "exitCode": run.exit_code, "retries": run.retries}
            ended["message"] = json.dumps(record | {"startTime": started, "endTime": _time(now)})
        if status["name"] == "fetch-files" and (code := self._script(pod).not_fetched):
            ended |= {"exitCode": 1, "reason": "Error"}
            ended["message"] = json.dumps({"fetch": {"code": code, "message": "It cannot be had.", "file": "a"}})
        if status["name"] == PACKAGES and (code := self._script(pod).not_installed):
            ended |= not_installed(code)
        if status["name"] == "await-preparation":
            record = self._awaited(pod) or {}
            ended["exitCode"] = int(record.get("cause") != "Exited" or record.get("exitCode") != 0)
            ended["message"] = f"It failed ({record})." if ended["exitCode"] else ""
        return {"name": status["name"], "state": {"terminated": ended}, "restartCount": 0}

    def _awaited(self, pod: Document) -> Document | None:
        """The record that ends the Pod's wait for its job's preparation, once it is there."""
        run = (pod["metadata"].get("labels") or {}).get(labels.PREPARATION, "")
        record = self.records.get((pod["spec"]["nodeName"], run))
        return record if record is not None and record["cause"] != "Terminated" else None

    def _begin(self, pod: Document, life: Life, now: float, inits: list[Document] | None = None) -> None:
        life.stage, life.began = "running", now
        life.due = FOREVER if _role(pod) == labels.Role.NODE else now + self._script(pod).seconds
        self.records.pop((pod["spec"]["nodeName"], pod["metadata"]["name"]), None)
        statuses = [
            {"name": c["name"], "state": {"running": {"startedAt": _time(now)}}, "ready": True, "restartCount": 0}
            for c in pod["spec"]["containers"]
        ]
        status: Document = {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": statuses}
        if inits is not None:
            status["initContainerStatuses"] = inits
        self._patch(pod, status)

    def _on_running(self, pod: Document, life: Life, now: float) -> None:
        run = self._script(pod)
        if is_part(pod):
            code, cause = self.gates.end(pod, run)
            self._end(pod, life, now, code, "Completed" if code == 0 else "Error", {"cause": cause, "exitCode": code})
        elif run.oom:
            self._end(pod, life, now, 137, "OOMKilled", {"cause": "Exited", "exitCode": 137, "signal": 9})
        else:
            record = {"cause": run.cause, "exitCode": run.exit_code}
            self._end(pod, life, now, run.exit_code, "Completed" if run.exit_code == 0 else "Error", record)

    def _on_stopping(self, pod: Document, life: Life, now: float) -> None:
        if self._grace(pod) <= self._script(pod).term_seconds:
            self._end(pod, life, now, 137, "Error", None)
        else:
            self._end(pod, life, now, 143, "Error", {"cause": "Terminated", "exitCode": 143, "signal": 15})

    def _on_ended(self, pod: Document, life: Life, now: float) -> None:
        """The kubelet's last word on a deleted Pod: it may go."""
        meta = pod["metadata"]
        try:
            self.verbs.delete("pods", meta["namespace"], meta["name"], uid=meta["uid"], grace=0)
        except StatusError as failure:
            if failure.status != 404:
                raise

    # Ends

    def _stop(self, pod: Document, life: Life, now: float) -> None:
        """A delete arrived: TERM what runs, end what does not."""
        life.stopped = True
        if life.stage == "running":
            life.stage = "stopping"
            life.due = now + min(self._script(pod).term_seconds, self._grace(pod))
            return
        if life.stage == "sidecar":
            life.cut = now + self._grace(pod) < life.due
            life.due = min(life.due, now + self._grace(pod))
            return
        life.stage, life.due = "ended", now + REMOVE_SECONDS
        self._patch(pod, {"phase": "Failed", "containerStatuses": [], "initContainerStatuses": []})

    def _grace(self, pod: Document) -> float:
        return float(pod["metadata"].get("deletionGracePeriodSeconds", 30))

    def _end(self, pod: Document, life: Life, now: float, code: int, reason: str, record: Document | None) -> None:
        life.stage, life.due = "ended", now + REMOVE_SECONDS
        ended: dict[str, Any] = {"exitCode": code, "reason": reason}
        ended |= {"startedAt": _time(life.began), "finishedAt": _time(now)}
        if record is not None:
            self.records[pod["spec"]["nodeName"], pod["metadata"]["name"]] = record
            ended["message"] = json.dumps(record | {"startTime": _time(life.began), "endTime": _time(now)})
        statuses = [{"name": c["name"], "state": {"terminated": ended}} for c in pod["spec"]["containers"]]
        phase = "Succeeded" if code == 0 else "Failed"
        if not _sidecars(pod):
            self._patch(pod, {"phase": phase, "containerStatuses": statuses})
            return
        # The phase is that of the task, told when nothing of the Pod runs any more.
        works = record is not None and record["cause"] in ("Exited", "WallClock")
        life.stage = "sidecar"
        life.due = now + SIDECAR_SECONDS + (self._script(pod).upload_seconds if works else 0.0)
        self._patch(pod, {"containerStatuses": statuses})

    def _on_sidecar(self, pod: Document, life: Life, now: float) -> None:
        """The sidecar, told to end when the task had, has ended or is cut short."""
        life.stage, life.due = "ended", now + REMOVE_SECONDS
        (main,) = pod["status"]["containerStatuses"]
        task, run = main["state"]["terminated"], self._script(pod)
        cause = json.loads(task.get("message") or "{}").get("cause")
        code = run.upload_code if cause in ("Exited", "WallClock") else 0
        if life.cut:
            code = 137
        ended = {"exitCode": code, "reason": "Error" if code else "Completed", "finishedAt": _time(now)}
        if code and not life.cut:
            ended["message"] = run.upload_says
        statuses = pod["status"]["initContainerStatuses"]
        told = [s if s["name"] not in _sidecars(pod) else s | {"state": {"terminated": ended}} for s in statuses]
        phase = "Succeeded" if task["exitCode"] == 0 else "Failed"
        self._patch(pod, {"phase": phase, "initContainerStatuses": told})

    def _script(self, pod: Document) -> Run:
        tags = pod["metadata"].get("labels") or {}
        if _role(pod) in (labels.Role.PREPARATION, labels.Role.RELEASE):
            return self.scripts.job_task(tags[labels.ROLE], tags[labels.JOB], tags[labels.NODE])
        if _role(pod) not in labels.TASK_ROLES:
            return self.scripts.eraser if _role(pod) == labels.Role.ERASER else Run()
        return self.scripts.run(tags.get(labels.TASK, ""), int(tags.get(labels.ATTEMPT, "1")))

    def _patch(self, pod: Document, status: Document) -> None:
        meta = pod["metadata"]
        self.verbs.merge_patch("pods", meta["namespace"], meta["name"], {"status": status}, "status")


def _sidecars(pod: Document) -> list[str]:
    """Names of its init containers that stay beside the others."""
    return [c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"]


def _role(pod: Document) -> str | None:
    role: str | None = (pod["metadata"].get("labels") or {}).get(labels.ROLE)
    return role


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
