"""The account of a job whose tasks ask for a token: made when the first of them starts, gone with the job."""

from __future__ import annotations

from millpond.api.job import Job
from millpond.cluster.api_server import ROLE_BINDINGS, SERVICE_ACCOUNTS, ApiServer, Resource
from millpond.cluster.manifests.job_token import account, binding
from millpond.cluster.manifests.layout import Manifest
from millpond.cluster.objects import create_or_find, is_owned
from millpond.control.outcomes import Missed

FORMER_PAUSE = 5.0
"""Seconds until a name that a former job's account still has is tried again."""


async def see_to_account(api: ApiServer, job: Job, role: str) -> Missed | None:
    """Make the job's ServiceAccount and its RoleBinding, if they are not there. Missed while another's are."""
    for resource, document in ((SERVICE_ACCOUNTS, account(job)), (ROLE_BINDINGS, binding(job, role))):
        missed = await _see_to(api, resource, job, document)
        if missed is not None:
            return missed
    return None


async def _see_to(api: ApiServer, resource: Resource, job: Job, document: Manifest) -> Missed | None:
    found = await create_or_find(api, resource, job.metadata.namespace, document)
    if found is None or is_owned(found, job.metadata.uid):
        return None
    return Missed(f"{resource.kind} {found.name} exists and is not this job's", again_in=FORMER_PAUSE)
