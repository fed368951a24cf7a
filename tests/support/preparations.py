"""Preparation before a job's tasks on a node, release after them, each once: what must hold at every moment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from millpond.api import labels

from support.model.store import Change, Document

if TYPE_CHECKING:
    from support.books import Books


class Preparations:
    """Listens beside the books, and tells them what is violated."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._prepared: set[tuple[str, str]] = set()
        """Job uid and node of each preparation that succeeded."""
        self._run: set[str] = set()
        """Pods of preparation and release tasks whose command came to its end."""
        books.verbs.store.listeners.append(self._hear)

    def _hear(self, change: Change) -> None:
        if change.plural != "pods":
            return
        if role_of(change.after) in (labels.Role.PREPARATION, labels.Role.RELEASE):
            self._job_task(change)
        elif change.type == "MODIFIED" and role_of(change.after) in (labels.Role.TASK, labels.Role.MEMBER):
            self._command_begun(change.before or {}, change.after)

    def _job_task(self, change: Change) -> None:
        meta, tags = change.after["metadata"], change.after["metadata"]["labels"]
        if change.type == "ADDED":
            if meta["name"] in self._run:
                self._books.say(f"Pod {meta['name']} is made again though it has run to its end")
            if tags[labels.ROLE] == labels.Role.RELEASE:
                self._release_begun(change.after)
            self._alone(change.after)
            return
        state = _state_of_command(change.after).get("terminated") or {}
        if json.loads(state.get("message") or "{}").get("cause") == "Exited":
            self._run.add(meta["name"])
            if tags[labels.ROLE] == labels.Role.PREPARATION and state["exitCode"] == 0:
                self._prepared.add((meta["ownerReferences"][0]["uid"], tags[labels.NODE]))

    def _alone(self, pod: Document) -> None:
        """No two Pods for jobs of one name live in one node directory."""
        jobs = (labels.Role.PREPARATION, labels.Role.RELEASE)
        living = [p for p in self._books.verbs.list("pods") if role_of(p) in jobs and self._books.holds(p)]
        name = pod["metadata"]["name"]
        others = [p["metadata"]["name"] for p in living if _place(p) == _place(pod) and p["metadata"]["name"] != name]
        if others:
            self._books.say(f"Pod {name} begins in the directory of {others}")

    def _release_begun(self, pod: Document) -> None:
        tags, space = pod["metadata"]["labels"], pod["metadata"]["namespace"]
        for other in self._books.verbs.list("pods", space):
            theirs = other["metadata"]["labels"]
            if (
                role_of(other) == labels.Role.TASK
                and self._books.holds(other)
                and theirs[labels.JOB] == tags[labels.JOB]
            ):
                uid = other["metadata"]["ownerReferences"][0]["uid"]
                if int(theirs[labels.ATTEMPT]) not in self._books.counted[uid]:
                    self._books.say(
                        f"Pod {pod['metadata']['name']} begins while {other['metadata']['name']} is under way"
                    )

    def _command_begun(self, before: Document, pod: Document) -> None:
        if "running" not in _state_of_command(pod) or "running" in _state_of_command(before):
            return
        tags, space = pod["metadata"]["labels"], pod["metadata"]["namespace"]
        job = self._books.verbs.store.get("jobs", (space, tags[labels.JOB]))
        task = (job or {"spec": {}})["spec"].get("jobPreparationTask")
        if job is None or task is None or not task.get("waitForSuccess", True):
            return
        made_for = self._books.verbs.store.get("tasks", (space, tags[labels.TASK]))
        if made_for is None or made_for["metadata"]["uid"] != pod["metadata"]["ownerReferences"][0]["uid"]:
            return
        if (job["metadata"]["uid"], tags[labels.NODE]) not in self._prepared:
            self._books.say(f"Pod {pod['metadata']['name']} runs on node {tags[labels.NODE]}, which is not prepared")


def _place(pod: Document) -> tuple[str, ...]:
    tags = pod["metadata"]["labels"]
    return pod["spec"]["nodeName"], tags[labels.NODE], tags[labels.JOB]


def role_of(pod: Document) -> str | None:
    """What a Pod of ours is for."""
    role: str | None = (pod["metadata"].get("labels") or {}).get(labels.ROLE)
    return role


def _state_of_command(pod: Document) -> Document:
    statuses = (pod.get("status") or {}).get("containerStatuses") or [{}]
    state: Document = statuses[0].get("state") or {}
    return state
