"""Conditions: Kubernetes' standard way to say how an object is doing. When each is true is judged elsewhere."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from millpond.api.reasons import ConditionType
from millpond.api.schema import Document, LongText, Time, keyed_by


class ConditionStatus(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Document):
    """One aspect of an object's state, for people and for ``kubectl wait``."""

    type: Annotated[str, Field(min_length=1, max_length=316, pattern=r"^[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")]
    status: ConditionStatus
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    last_transition_time: Time
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    message: LongText = Field(default="", json_schema_extra={"x-millpond-required": True})


Conditions = Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=keyed_by("type"))]


def find(conditions: Conditions, wanted: ConditionType) -> Condition | None:
    """The condition of this type, if it is there."""
    return next((condition for condition in conditions if condition.type == wanted), None)


def put(conditions: Conditions, new: Condition) -> Conditions:
    """The conditions with ``new`` in place of its type; the transition time moves only when the status does."""
    old = find(conditions, ConditionType(new.type))
    if old is None:
        return (*conditions, new)
    if old.status is new.status:
        new = new.model_copy(update={"last_transition_time": old.last_transition_time})
    return tuple(new if condition.type == new.type else condition for condition in conditions)
