"""A Task as the fold sees it: what decides order, place and fate, but not the command (that is read when it starts)."""

from __future__ import annotations

import msgspec

from millpond.api.views.meta import Condition, Meta, View


class TaskResources(View, frozen=True):
    """Quantities as the user wrote them: whole numbers may come without quotes."""

    requests: dict[str, str | int] = msgspec.field(default_factory=dict)
    limits: dict[str, str | int] = msgspec.field(default_factory=dict)


class TaskConstraints(View, frozen=True):
    max_wall_clock_seconds: int | None = None
    max_task_retry_count: int | None = None
    retention_seconds: int | None = None


class Affinity(View, frozen=True):
    """The hint where a task would best run: a node's name, or that of a task of the same job."""

    node_name: str | None = None
    task_name: str | None = None


class TaskIdRange(View, frozen=True):
    start: int
    end: int


class TaskDependencies(View, frozen=True):
    task_ids: tuple[str, ...] = ()
    task_id_ranges: tuple[TaskIdRange, ...] = ()


class ExitOptions(View, frozen=True):
    job_action: str | None = None
    dependency_action: str | None = None


class ExitCodeMapping(View, frozen=True):
    code: int
    exit_options: ExitOptions


class ExitCodeRangeMapping(View, frozen=True):
    start: int
    end: int
    exit_options: ExitOptions


class ExitConditions(View, frozen=True):
    exit_codes: tuple[ExitCodeMapping, ...] = ()
    exit_code_ranges: tuple[ExitCodeRangeMapping, ...] = ()
    pre_processing_error: ExitOptions | None = None
    file_upload_error: ExitOptions | None = None
    default: ExitOptions | None = None


class MultiInstanceSettings(View, frozen=True):
    number_of_instances: int = 1


class TaskFailure(View, frozen=True):
    code: str


class TaskSpec(View, frozen=True):
    job_name: str
    id: str | None = None
    command_line: str = ""
    required_slots: int = 1
    resources: TaskResources | None = None
    constraints: TaskConstraints | None = None
    affinity: Affinity | None = None
    depends_on: TaskDependencies | None = None
    exit_conditions: ExitConditions | None = None
    multi_instance_settings: MultiInstanceSettings | None = None
    desired_state: str = "Active"
    reactivated_at: str | None = None


class TaskServed(View, frozen=True):
    reactivated_at: str | None = None


class SubtaskView(View, frozen=True):
    """An instance of a multi-instance task that is not the primary."""

    id: int
    node_name: str
    node_end: int = 0
    result: str | None = None
    exit_code: int | None = None


class TaskStatus(View, frozen=True):
    state: str = "Active"
    attempt: int = 0
    node_name: str | None = None
    node_end: int = 0
    pod_name: str | None = None
    result: str | None = None
    exit_code: int | None = None
    failure: TaskFailure | None = None
    subtasks: tuple[SubtaskView, ...] = ()
    retry_count: int = 0
    requeue_count: int = 0
    start_time: str | None = None
    end_time: str | None = None
    served: TaskServed = TaskServed()
    conditions: tuple[Condition, ...] = ()


class TaskView(View, frozen=True):
    metadata: Meta
    spec: TaskSpec
    status: TaskStatus = TaskStatus()
