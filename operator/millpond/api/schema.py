"""What every document is made of: the model class, the bounded types, and the marks a schema carries.

Marks are plain JSON that pydantic passes on into its schema (validation rules, list types); this file knows the words
Kubernetes gives them, and does not know how a CustomResourceDefinition is rendered.
"""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

JsonMark = dict[str, Any]

MAX_INT32 = 2_147_483_647
DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"

# Transition rules belong to an object, not to a template of one: a renderer leaves them out beneath this mark.
TEMPLATE: JsonMark = {"x-millpond-template": True}


class Document(BaseModel):
    """A part of an API document: immutable, camelCase outside and snake_case inside.

    Unknown fields are ignored, since the API server prunes or refuses them and a newer version may have written them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)

    def as_document(self) -> dict[str, Any]:
        """The JSON form, with the public field names and without fields that have no value."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def first_fault(error: ValidationError) -> str:
    """The first thing that is wrong with a document, and where: ``spec.jobName: Field required``."""
    found = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in found["loc"])
    return f"{place}: {found['msg']}" if place else found["msg"]


def rule(expression: str, message: str, at: str = "", reason: str = "FieldValueInvalid") -> JsonMark:
    """A validation rule in CEL. ``message`` names field and remedy; ``at`` is the field's path below the rule."""
    written: JsonMark = {"rule": expression, "message": message, "reason": reason}
    return written | ({"fieldPath": at} if at else {})


def same(field: str, optional: bool = False) -> str:
    """The CEL expression that holds while an update leaves ``field`` as it is."""
    equal = f"self.{field} == oldSelf.{field}"
    if optional:
        return f"(has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || {equal}))"
    return equal


def immutable(field: str, remedy: str, optional: bool = False) -> JsonMark:
    """A rule that refuses any change of ``field``, and says what to do instead."""
    return rule(
        same(field, optional), f"{field} cannot be changed: {remedy}", at=f".{field}", reason="FieldValueForbidden"
    )


def was(state: str) -> str:
    """The CEL expression for a whole object that holds when its ``status.state`` was ``state`` before."""
    return f"has(oldSelf.status) && has(oldSelf.status.state) && oldSelf.status.state == '{state}'"


def one_way(field: str, value: str, remedy: str) -> JsonMark:
    """A rule that lets ``field`` become ``value`` but never leave it again."""
    return rule(
        f"oldSelf.{field} != '{value}' || self.{field} == '{value}'",
        f"{field} {value} cannot be taken back: {remedy}",
        at=f".{field}",
        reason="FieldValueForbidden",
    )


def fits_a_label(kind: str) -> JsonMark:
    """A rule for a whole object: its name is short enough to be the value of a label."""
    return rule(
        "self.metadata.name.size() <= 63",
        f"metadata.name has more than 63 characters: give the {kind} a shorter name",
    )


def validations(*rules: JsonMark) -> JsonMark:
    """The mark that attaches rules to a field or a class."""
    return {"x-kubernetes-validations": list(rules)}


def keyed_by(*fields: str) -> JsonMark:
    """The mark of a list whose entries are told apart by these fields, so that several writers can own entries."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(fields)}


def said(message: str) -> JsonMark:
    """The mark that gives a pattern a sentence of its own: people are told ``message`` instead of the pattern."""
    return {"x-millpond-says": message}


ATOMIC: JsonMark = {"x-kubernetes-list-type": "atomic"}

Time = AwareDatetime
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=253,
        pattern=DNS_SUBDOMAIN,
        json_schema_extra=said(
            "not an object's name: use lower-case letters, digits, '-' and '.'; begin and end with a letter or digit"
        ),
    ),
]
Label = Annotated[str, Field(max_length=63)]
Text = Annotated[str, Field(max_length=1024)]
LongText = Annotated[str, Field(max_length=32_768)]
CommandLine = Annotated[str, Field(min_length=1, max_length=32_768)]
# Names of pools, jobs and tasks fit into a label, so that a label's value is the name.
LabelName = Annotated[Name, Field(max_length=63)]
TaskId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]+$",
        json_schema_extra=said("an id holds letters, digits, '-' and '_' only: leave out the rest"),
    ),
]
ImageName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=512,
        pattern=r"^[^\s]+$",
        json_schema_extra=said("an image has no spaces: write it as registry/name:tag"),
    ),
]
Count = Annotated[int, Field(ge=0, le=MAX_INT32)]
ExitCode = Annotated[int, Field(ge=-2_147_483_648, le=MAX_INT32)]
Slots = Annotated[int, Field(ge=1, le=256)]
Seconds = Annotated[int, Field(ge=1, le=MAX_INT32)]
Retention = Annotated[
    int,
    Field(
        ge=0,
        le=MAX_INT32,
        description="How long its directory stays on the node after its end; told when it starts; default: 7 days",
    ),
]
RetryCount = Annotated[int, Field(ge=-1, le=MAX_INT32)]
Labels = Annotated[dict[str, Label], Field(max_length=64)]
Annotations = Annotated[dict[str, LongText], Field(max_length=64)]
