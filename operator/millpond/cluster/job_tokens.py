"""The account of a job whose tasks ask for a token: made when the first of them starts, gone with the job."""

from __future__ import annotations

from millpond.api import naming
from millpond.api.job import Job
from millpond.cluster.api_server import ROLE_BINDINGS, SERVICE_ACCOUNTS, ApiServer, Resource
from millpond.cluster.errors import AlreadyExistsError
from millpond.cluster.manifests.job_token import account, binding
from millpond.cluster.manifests.layout import Manifest
from millpond.cluster.objects import read_meta
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
    space, name = job.metadata.namespace, naming.job_account(job.metadata.name)
    try:
        await api.create(resource, space, document)
    except AlreadyExistsError:
        found = await read_meta(api, resource, space, name)
        if all(owner.uid != job.metadata.uid for owner in found.owner_references):
            return Missed(f"{resource.kind} {name} exists and is not this job's", again_in=FORMER_PAUSE)
    return None
