"""Who makes room for the nodes of a pool."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from millpond.api.schema import DNS_SUBDOMAIN, Document, rule, validations


class ProviderType(StrEnum):
    """Who makes room for nodes."""

    SCHEDULER = "Scheduler"
    SCALE_SUBRESOURCE = "ScaleSubresource"
    KWOK = "Kwok"


class ScaledObject(Document):
    """An object with a scale subresource, in the pool's namespace unless its kind has none."""

    api_version: Annotated[
        str,
        Field(
            max_length=317,
            pattern=r"^([a-z0-9][a-z0-9.-]*/)?v[a-z0-9]+$",
            description="Group and version, as cluster.x-k8s.io/v1beta2",
        ),
    ]
    kind: Annotated[str, Field(max_length=63, pattern=r"^[A-Z][A-Za-z0-9]*$", description="Such as MachineDeployment")]
    name: Annotated[str, Field(min_length=1, max_length=253, pattern=DNS_SUBDOMAIN, description="The object's name")]


class ScaleSubresource(Document):
    """The objects whose replicas are hosts of the pool; hosts of no other object may match its hostSelector."""

    dedicated: Annotated[ScaledObject, Field(description="Its replicas become as many as the pool needs hosts")]


class Provider(Document):
    """Who makes room for nodes: whoever watches Pods without a host, a scaled object, or the operator by simulation."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "self.type != 'ScaleSubresource' || has(self.scaleSubresource)",
                "scaleSubresource is missing: name the object whose replicas are hosts of the pool",
                at=".scaleSubresource",
            ),
            rule(
                "self.type == 'ScaleSubresource' || !has(self.scaleSubresource)",
                "scaleSubresource is for type ScaleSubresource: set that type, or drop it",
                at=".scaleSubresource",
            ),
        )
    )

    type: ProviderType = ProviderType.SCHEDULER
    scale_subresource: ScaleSubresource | None = None
