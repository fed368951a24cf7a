"""What went wrong, whose fault it was and in which words: the shape of failures in every status."""

from typing import Annotated

from pydantic import Field

from millpond.api.reasons import FailureCategory, FailureCode, NodeErrorCode, ResizeErrorCode
from millpond.api.schema import ATOMIC, Document, LongText


class NameValue(Document):
    """A named detail of a failure."""

    name: Annotated[str, Field(max_length=256)]
    value: LongText


Details = Annotated[tuple[NameValue, ...], Field(max_length=32, json_schema_extra=ATOMIC)]


class Failure(Document):
    """Why a task or a start task failed: the category says who can mend it."""

    category: FailureCategory
    code: FailureCode
    message: LongText = ""
    details: Details = ()


class NodeError(Document):
    """Why a compute node is unusable."""

    code: NodeErrorCode
    message: LongText = ""
    values: Details = ()


class ResizeError(Document):
    """Why a pool did not get the nodes it wants."""

    code: ResizeErrorCode
    message: LongText = ""
    values: Details = ()
