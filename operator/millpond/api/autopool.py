"""The autopool: a Pool made for a job or a schedule, and deleted with it (azure-batch-semantics §2.9.1)."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from millpond.api.pool import PoolSpec
from millpond.api.reasons import FailureCategory, JobSchedulingErrorCode
from millpond.api.schema import DNS_LABEL, TEMPLATE, Document, LongText, said


class PoolLifetime(StrEnum):
    """With what an autopool comes and goes."""

    JOB = "Job"
    JOB_SCHEDULE = "JobSchedule"


class AutoPool(Document):
    """The Pool to make. Who deletes it while it is needed has it made anew."""

    lifetime: Annotated[
        PoolLifetime, Field(description="A pool for each job, or one for all jobs of a schedule, one after another")
    ]
    keep_alive: Annotated[bool, Field(description="It is not deleted when the job, or the schedule, has ended")] = False
    name_prefix: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=20,
                pattern=DNS_LABEL,
                json_schema_extra=said(
                    "the pool's name begins with it: use lower-case letters, digits and '-', "
                    "and begin and end with a letter or digit"
                ),
            ),
        ]
        | None
    ) = Field(default=None, description="How the pool's name begins; default: with the job's or schedule's")
    spec: Annotated[PoolSpec, Field(json_schema_extra=TEMPLATE)]


class SchedulingError(Document):
    """Why a job could not be scheduled at all (azure-batch-semantics §8.4)."""

    category: FailureCategory
    code: JobSchedulingErrorCode
    message: LongText = ""
