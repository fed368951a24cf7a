"""Performing what concerns jobs' preparation and release tasks: the creation of their Pods."""

from __future__ import annotations

import msgspec

from millpond.api import labels
from millpond.api.commandline import CommandLineError
from millpond.api.reasons import TaskReason
from millpond.api.views.pod import PodView
from millpond.cluster.act_tasks import root_hint
from millpond.cluster.api_server import PODS, ApiServer
from millpond.cluster.documents import Documents
from millpond.cluster.errors import AlreadyExistsError, RejectedError
from millpond.cluster.manifests.job_pod import job_pod
from millpond.control.actions import StartJobTask
from millpond.control.outcomes import Done, Missed, Outcome, Refused
from millpond.lifecycle.users import UserRefusedError
from millpond.settings import Settings

NAMESAKE_PAUSE = 5.0
"""Seconds until a name that another Pod still has is tried again."""

_pod = msgspec.json.Decoder(PodView).decode


class JobTaskActions:
    """Each action may raise an `ApiError`, which the actuator judges."""

    def __init__(self, api: ApiServer, documents: Documents, settings: Settings) -> None:
        self._api = api
        self._documents = documents
        self._settings = settings

    async def start(self, action: StartJobTask) -> Outcome:
        """Create the Pod. One that exists is as good if it is of this job, on this host."""
        space = action.namespace
        job, pool = await self._documents.job(space, action.job), await self._documents.pool(space, action.pool)
        spec = job.spec
        task = spec.job_preparation_task if action.role is labels.Role.PREPARATION else spec.job_release_task
        if job.metadata.uid != action.job_uid or task is None:
            return Missed("the job was deleted and created again")
        try:
            manifest = job_pod(action, task, job, pool, self._settings)
        except CommandLineError as error:
            return Refused(TaskReason.INVALID_COMMAND_LINE, f"Task {task.id} of job {action.job}: {error}")
        except UserRefusedError as error:
            return Refused(error.reason, f"Task {task.id} of job {action.job}: {error}")
        try:
            meta = await self._api.create(PODS, space, manifest)
        except AlreadyExistsError:
            return await self._found(action)
        except RejectedError as error:
            text = f"The API server refuses the Pod of task {task.id}: {error.message} Correct the task in a new job."
            return Refused(TaskReason.POD_INVALID, text + root_hint(manifest))
        return Done(meta.resource_version, meta.uid)

    async def _found(self, action: StartJobTask) -> Outcome:
        pod = _pod(await self._api.get(PODS, action.namespace, action.pod))
        if all(owner.uid != action.job_uid for owner in pod.metadata.owner_references):
            return Missed(f"another Pod has the name {action.pod}", again_in=NAMESAKE_PAUSE)
        if labels.EVIDENCE_FINALIZER not in pod.metadata.finalizers or pod.spec.node_name != action.host:
            return Missed(f"an earlier Pod {action.pod} is still there", again_in=1.0)
        return Done(pod.metadata.resource_version, pod.metadata.uid)
