"""Environment settings of tasks: a value, or the key of a Secret. The service's own win over all of them."""

from typing import Annotated

from pydantic import ConfigDict, Field

from millpond.api.schema import Document, LongText, Name, keyed_by, rule, said, validations

SecretKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=253,
        pattern=r"^[-._a-zA-Z0-9]+$",
        description="The key in the Secret's data",
        json_schema_extra=said("a key of a Secret holds letters, digits, '-', '_' and '.' only"),
    ),
]
VariableName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$",
        description="The variable's name; under that of a service variable it has no effect",
        json_schema_extra=said(
            "a variable's name begins with a letter or '_' and holds letters, digits, '_', '.' and '-'"
        ),
    ),
]


class SecretKeyRef(Document):
    """A key of a Secret in the same namespace."""

    name: Annotated[Name, Field(description="The Secret's name")]
    key: SecretKey


class ValueFrom(Document):
    """Where a value comes from; the kubelet reads it, the operator never sees it."""

    secret_key_ref: SecretKeyRef


class EnvironmentSetting(Document):
    """A variable in the environment of a task. Without a value it is empty."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "!(has(self.value) && has(self.valueFrom))",
                "value and valueFrom exclude each other: give one of them",
                at=".valueFrom",
            )
        )
    )

    name: VariableName
    value: LongText | None = Field(default=None, description="The text as it arrives: nothing in it is expanded")
    value_from: ValueFrom | None = None


EnvironmentSettings = Annotated[
    tuple[EnvironmentSetting, ...],
    Field(max_length=256, json_schema_extra=keyed_by("name"), description="Variables of its environment"),
]
