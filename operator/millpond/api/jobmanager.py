"""The job manager: the task that Millpond makes for a job, before all others of it (azure-batch-semantics §2.11)."""

from typing import Annotated

from pydantic import Field

from millpond.api.schema import DNS_LABEL, Document, said
from millpond.api.task import TaskWork

ManagerId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        pattern=DNS_LABEL,
        description="Its id in the job; its Task is called by the job and this id",
        json_schema_extra=said(
            "its Task is called by the job and this id: use lower-case letters, digits and '-', "
            "and begin and end with a letter or digit"
        ),
    ),
]


TOO_LONG = "its Task, called by the job and this id, would have more than 63 characters: shorten the names"


class JobManagerTask(TaskWork):
    """The task that is made with the job and goes before its other tasks."""

    id: ManagerId
    kill_job_on_completion: Annotated[
        bool, Field(description="Its end, well or not, ends the job and the tasks that still run")
    ] = True
    run_exclusive: Annotated[bool, Field(description="No other task runs on its node while it does")] = True
    allow_low_priority_node: Annotated[
        bool, Field(description="Whether it may run on a node that may be taken away; else on a dedicated one alone")
    ] = True


class JobManagerStatus(Document):
    """The manager's Task. It is made once: deleted, it stays away, and the job goes on without a manager."""

    name: Annotated[str, Field(max_length=63)]
    uid: Annotated[str, Field(max_length=64)]
