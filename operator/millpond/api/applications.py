"""Application packages: which applications in which versions there are on a node (azure-batch-semantics §2.2, §6.3)."""

from typing import Annotated

from pydantic import Field

from millpond.api.schema import ATOMIC, Document, rule, said, validations

MOST_PACKAGES = 10
ID = r"^[A-Za-z0-9_-]{1,64}$"
VERSION = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$"

_VARIABLE = (
    "(a.applicationId + (has(a.version) ? '_' + a.version : '')).lowerAscii().replace('.', '_').replace('-', '_')"
)

ApplicationId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=ID,
        description="As it was pushed; the case of letters counts",
        json_schema_extra=said("an application's id has letters, digits, '_' and '-' only"),
    ),
]
Version = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=VERSION,
        json_schema_extra=said("a version has letters, digits, '_', '-' and '.' only, and does not begin with '.'"),
    ),
]


class ApplicationPackageReference(Document):
    """A version of an application, from the namespace's default store."""

    application_id: ApplicationId
    version: Version | None = Field(default=None, description="Default: the application's default version")

    @property
    def text(self) -> str:
        """As in messages: `ID:VERSION`, or `ID` where the default version is meant."""
        return f"{self.application_id}:{self.version}" if self.version else self.application_id


ApplicationPackageReferences = Annotated[
    tuple[ApplicationPackageReference, ...],
    Field(
        max_length=MOST_PACKAGES,
        json_schema_extra=ATOMIC
        | validations(
            rule(
                f"self.map(a, {_VARIABLE}).all(name, self.map(a, {_VARIABLE}).exists_one(other, other == name))",
                "two packages would have the same variable AZ_BATCH_APP_PACKAGE_…: give each application and version "
                "once, and ids that differ in more than case, '-', '_' and '.'",
            )
        ),
    ),
]
