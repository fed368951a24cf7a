"""What is written of a Task: the parts of its status that change, as they go to the API server."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from millpond.lifecycle.failure import Failure
from millpond.lifecycle.groups import Subtask


class ConditionPatch(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A condition to set. `last_transition_time` is an RFC 3339 time."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str
    last_transition_time: str


class TaskStatusPatch(msgspec.Struct, frozen=True, rename="camel", gc=False, omit_defaults=True):
    """A merge patch of a Task's status: unset fields stay, None removes."""

    conditions: tuple[ConditionPatch, ...] | UnsetType = UNSET
    state: str | UnsetType = UNSET
    attempt: int | UnsetType = UNSET
    node_name: str | UnsetType | None = UNSET
    node_end: int | UnsetType | None = UNSET
    pod_name: str | UnsetType | None = UNSET
    start_time: str | UnsetType | None = UNSET
    end_time: str | UnsetType | None = UNSET
    exit_code: int | UnsetType | None = UNSET
    result: str | UnsetType | None = UNSET
    failure: Failure | UnsetType | None = UNSET
    retry_count: int | UnsetType = UNSET
    requeue_count: int | UnsetType = UNSET
    last_retry_time: str | UnsetType | None = UNSET
    directory: str | UnsetType | None = UNSET
    served: dict[str, str] | UnsetType = UNSET
    subtasks: tuple[Subtask, ...] | UnsetType = UNSET
