"""A task that runs on several nodes at once: what a user asks of it, and what its instances are told of."""

from typing import Annotated

from pydantic import Field

from millpond.api.failure import Failure
from millpond.api.reasons import TaskResult, TaskState
from millpond.api.resourcefile import ResourceFiles
from millpond.api.schema import CommandLine, Count, Document, ExitCode, Time, keyed_by

MOST_INSTANCES = 500


class MultiInstanceSettings(Document):
    """Several nodes for one task, of a pool with `enableInterNodeCommunication` and one slot per node."""

    number_of_instances: Annotated[
        int, Field(ge=1, le=MOST_INSTANCES, description="Nodes that it takes, all at once; the first is the primary's")
    ] = 1
    coordination_command_line: Annotated[
        CommandLine,
        Field(description="Run by every instance, before the primary runs commandLine; it has to come to its end"),
    ]
    common_resource_files: Annotated[
        ResourceFiles, Field(description="Downloaded by every instance into its AZ_BATCH_TASK_SHARED_DIR")
    ] = ()


class Subtask(Document):
    """An instance of a multi-instance task that is not the primary."""

    id: Annotated[int, Field(ge=1, le=MOST_INSTANCES)]
    node_name: Annotated[str, Field(max_length=253)]
    state: TaskState
    start_time: Time | None = None
    end_time: Time | None = None
    exit_code: Annotated[ExitCode, Field(description="Of its coordination command")] | None = None
    result: TaskResult | None = None
    failure: Failure | None = None
    node_end: Annotated[
        Count, Field(description="The number of its end among those on its node; the node's totals count by it")
    ] = 0


Subtasks = Annotated[
    tuple[Subtask, ...],
    Field(max_length=MOST_INSTANCES, json_schema_extra=keyed_by("id"), description="Of the last attempt"),
]
