"""Performing what concerns tasks: Pods of attempts, their end and release, and the statuses of Tasks."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import ValidationError

from millpond.api import labels
from millpond.api.commandline import CommandLineError
from millpond.api.filepattern import FilePatternError
from millpond.api.reasons import TaskReason
from millpond.api.schema import first_fault
from millpond.api.views.pod import PodView
from millpond.cluster.api_server import PAGE, PODS, TASKS, ApiServer, Selection
from millpond.cluster.documents import Documents
from millpond.cluster.errors import (
    AlreadyExistsError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RejectedError,
)
from millpond.cluster.group_tokens import GroupTokens
from millpond.cluster.job_tokens import see_to_account
from millpond.cluster.manifests.group import gathering
from millpond.cluster.manifests.layout import Manifest
from millpond.cluster.manifests.security import runs_as_root
from millpond.cluster.manifests.task_pod import task_pod
from millpond.control.actions import (
    DisplaceAttempt,
    ReleaseEvidence,
    StartAttempt,
    StopAttempt,
    SweepPods,
    WriteTask,
)
from millpond.control.outcomes import Done, Missed, Outcome, Refused
from millpond.lifecycle.users import UserRefusedError
from millpond.settings import Settings

NAMESAKE_PAUSE = 5.0
"""Seconds until a name that another Pod still has is tried again."""
NO_TOKENS = (
    "The task asks for a token, and tasks get none in this cluster. Leave out authenticationTokenSettings, "
    "or have jobTokens.enabled set in Millpond's chart."
)
AS_ROOT = " The task is an Admin's and runs as root: where root is not admitted, use a NonAdmin user."
ROUNDS = 400
"""Most pages that one action deletes; what is left is for the next one."""

_pod = msgspec.json.Decoder(PodView).decode


class TaskActions:
    """One method for each action of tasks; each may raise an `ApiError`, which the actuator judges."""

    def __init__(self, api: ApiServer, documents: Documents, settings: Settings) -> None:
        self._api = api
        self._documents = documents
        self._settings = settings
        self._tokens = GroupTokens()

    async def start(self, action: StartAttempt) -> Outcome:
        """Create the attempt's Pod. One that exists is as good if it is this very attempt, where it is to be."""
        space = action.namespace
        try:
            task = await self._documents.task(space, action.task)
        except ValidationError as error:
            return Refused(
                TaskReason.INVALID_DOCUMENT, f"The task cannot be read: {first_fault(error)}. Apply it corrected."
            )
        if task.metadata.uid != action.task_uid:
            return Missed("the task was deleted and created again")
        if not task.spec.command_line:
            text = "commandLine is empty: an image's own entry point cannot be started. Write the command out."
            return Refused(TaskReason.INVALID_COMMAND_LINE, text)
        job, pool = await self._documents.job(space, action.job), await self._documents.pool(space, action.pool)
        if task.spec.authentication_token_settings is not None:
            if not self._settings.job_token_role:
                return Refused(TaskReason.NO_TOKENS, NO_TOKENS)
            missed = await see_to_account(self._api, job, self._settings.job_token_role)
            if missed is not None:
                return missed
        try:
            manifest = task_pod(action, task, job, pool, self._settings, self._tokens.of(action))
        except CommandLineError as error:
            return Refused(TaskReason.INVALID_COMMAND_LINE, str(error))
        except FilePatternError as error:
            return Refused(TaskReason.INVALID_FILE_PATTERN, f"An output file: {error}.")
        except UserRefusedError as error:
            return Refused(error.reason, str(error))
        try:
            meta = await self._api.create(PODS, space, manifest)
        except AlreadyExistsError:
            return await self._found(action)
        except RejectedError as error:
            return _refused(error, manifest)
        return Done(meta.resource_version, meta.uid)

    async def _found(self, action: StartAttempt) -> Outcome:
        pod = _pod(await self._api.get(PODS, action.namespace, action.pod))
        tags = pod.metadata.labels
        if all(owner.uid != action.task_uid for owner in pod.metadata.owner_references):
            return Missed(f"another Pod has the name {action.pod}", again_in=NAMESAKE_PAUSE)
        if tags.get(labels.GATHERING, "") != gathering(self._tokens.of(action)):
            return Missed("an instance of the attempt was made by another operator, and finds none of these")
        if pod.spec.node_name != action.host or tags.get(labels.NODE) != action.node:
            # Slots are booked by what is seen: the Pod has to be folded as it is.
            return Missed(f"the attempt was started on host {pod.spec.node_name} before")
        return Done(pod.metadata.resource_version, pod.metadata.uid)

    async def stop(self, action: StopAttempt) -> Outcome:
        """Delete the Pod with the grace that it was made with. One that is gone is as good."""
        try:
            await self._api.delete(PODS, action.namespace, action.pod, uid=action.uid)
        except (NotFoundError, ConflictError):
            return Done()
        return Done()

    async def displace(self, action: DisplaceAttempt) -> Outcome:
        """Mark the Pod as displaced. One that is gone needs no mark."""
        operations: list[dict[str, Any]] = [
            {"op": "test", "path": "/metadata/uid", "value": action.uid},
            {"op": "add", "path": "/metadata/labels/" + labels.DISPLACED.replace("/", "~1"), "value": action.to_job},
        ]
        try:
            await self._api.json_patch(PODS, action.namespace, action.pod, operations)
        except NotFoundError:
            return Done()
        return Done()

    async def release(self, action: ReleaseEvidence) -> Outcome:
        """Drop our finalizer, and only ours, and mark the Pod as counted."""
        try:
            await self._release(action)
        except NotFoundError:
            return Done()
        return Done()

    async def _release(self, action: ReleaseEvidence) -> None:
        space, name = action.namespace, action.pod
        counted = "/metadata/labels/" + labels.COUNTED.replace("/", "~1")
        operations: list[dict[str, Any]] = [
            {"op": "test", "path": "/metadata/uid", "value": action.uid},
            {"op": "test", "path": "/metadata/finalizers", "value": [labels.EVIDENCE_FINALIZER]},
            {"op": "remove", "path": "/metadata/finalizers"},
            {"op": "add", "path": counted, "value": "true"},
        ]
        try:
            await self._api.json_patch(PODS, space, name, operations)
        except (InvalidError, ConflictError):
            pod = _pod(await self._api.get(PODS, space, name))
            if pod.metadata.uid != action.uid or labels.EVIDENCE_FINALIZER not in pod.metadata.finalizers:
                return
            others = [name for name in pod.metadata.finalizers if name != labels.EVIDENCE_FINALIZER]
            version = pod.metadata.resource_version
            patch = {"metadata": {"finalizers": others, "labels": {labels.COUNTED: "true"}, "resourceVersion": version}}
            await self._api.merge_patch(PODS, space, name, patch)

    async def sweep(self, action: SweepPods) -> Outcome:
        """Delete the pool's counted Pods, page by page."""
        chosen = Selection(labels=f"{labels.COUNTED}=true,{labels.POOL}={action.pool}")
        for _ in range(ROUNDS):
            if await self._api.delete_collection(PODS, action.namespace, chosen, limit=PAGE) < PAGE:
                break
        return Done()

    async def write_task(self, action: WriteTask) -> Outcome:
        """Write what is news of a Task's status, if it is as it was seen."""
        patch = {"metadata": {"resourceVersion": action.version}, "status": action.status}
        meta = await self._api.merge_patch(TASKS, action.namespace, action.task, patch, "status")
        return Done(meta.resource_version, meta.uid)


def root_hint(pod: Manifest) -> str:
    """What to try where a Pod that runs as root was refused; "" for any other."""
    return AS_ROOT if runs_as_root(pod) else ""


def _refused(error: RejectedError, pod: Manifest) -> Refused:
    root = root_hint(pod)
    if isinstance(error, ForbiddenError):
        text = (
            f"The namespace does not admit the task's Pod: {error.message} Raise its quota, or admit such Pods.{root}"
        )
        return Refused(TaskReason.POD_FORBIDDEN, text)
    return Refused(
        TaskReason.POD_INVALID, f"The API server refuses the task's Pod: {error.message} Correct the task.{root}"
    )
