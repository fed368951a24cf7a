"""What makes a document a Kubernetes kind: group and version, names, columns, selectable fields, object metadata."""

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from millpond.api.schema import Document, Time

GROUP = "millpond.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
CATEGORY = "millpond"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of ``kubectl get``. ``wide`` ones appear with ``-o wide`` only."""

    name: str
    path: str
    type: str = "string"
    description: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the scale subresource finds the wanted size, the present size and the selector."""

    spec_path: str
    status_path: str
    selector_path: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Names of a kind, and what the API server offers for it beyond plain storage."""

    name: str
    plural: str
    short_name: str
    columns: tuple[Column, ...]
    selectable: tuple[str, ...] = ()
    scale: Scale | None = None

    @property
    def singular(self) -> str:
        return self.name.lower()

    @property
    def crd_name(self) -> str:
        """The name of its CustomResourceDefinition."""
        return f"{self.plural}.{GROUP}"


AGE = Column("Age", ".metadata.creationTimestamp", "date", "Time since creation")


class OwnerReference(Document):
    """The object that this one goes away with."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ObjectMeta(Document):
    """The part of Kubernetes' object metadata that Millpond reads and writes."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()


class Resource(Document):
    """An object of one of Millpond's kinds. Each kind adds ``spec`` and ``status``, and describes itself in KIND."""

    KIND: ClassVar[Kind]

    api_version: str = API_VERSION
    metadata: ObjectMeta

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.metadata.namespace, self.metadata.name

    def as_document(self) -> dict[str, Any]:
        """The JSON form for the API server; metadata carries only what was given."""
        metadata = self.metadata.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
        document = super().as_document()
        return {"apiVersion": document["apiVersion"], "kind": document["kind"]} | document | {"metadata": metadata}
