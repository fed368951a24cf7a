"""What nodes are made from: which hosts they may stand on, and what they give their tasks."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from millpond.api.containers import ImagePullPolicy, ImagePullSecrets
from millpond.api.mounts import NodeVolumes
from millpond.api.resources import Quantity
from millpond.api.schema import ATOMIC, MAX_INT32, Document, ImageName, Labels, Name, rule, same, validations


class NodeClass(StrEnum):
    """Whether a node is kept or may be taken away."""

    DEDICATED = "Dedicated"
    LOW_PRIORITY = "LowPriority"


class StorageType(StrEnum):
    """Where node directories lie: on the hosts' own disks, or on a volume of each node's own."""

    HOST_PATH = "HostPath"
    PERSISTENT_VOLUME_CLAIM = "PersistentVolumeClaim"


class TolerationOperator(StrEnum):
    """How a toleration compares a taint's value."""

    EXISTS = "Exists"
    EQUAL = "Equal"


class TaintEffect(StrEnum):
    """What a taint does to Pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class HostSelector(Document):
    """Which hosts may carry nodes of the pool."""

    match_labels: Labels = Field(default_factory=dict, description="Labels that a host must have, all of them")


class Toleration(Document):
    """A taint of hosts that the pool's nodes bear, as in a Pod."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "has(self.key) || self.operator == 'Exists'",
                "key is missing: give one, or use operator Exists to tolerate every taint",
                at=".operator",
            ),
            rule(
                "self.operator != 'Exists' || !has(self.value)",
                "value is not compared by operator Exists: drop value, or use operator Equal",
                at=".value",
            ),
            rule(
                "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
                "tolerationSeconds needs effect NoExecute: set that effect, or drop tolerationSeconds",
                at=".tolerationSeconds",
            ),
        )
    )

    key: Annotated[str, Field(min_length=1, max_length=317)] | None = Field(
        default=None, description="The taint's key; default: every taint, with operator Exists"
    )
    operator: TolerationOperator = TolerationOperator.EQUAL
    value: Annotated[str, Field(max_length=63)] | None = Field(default=None, description="The taint's value")
    effect: TaintEffect | None = None
    toleration_seconds: Annotated[int, Field(ge=0, le=MAX_INT32)] | None = Field(
        default=None, description="How long a NoExecute taint is borne; default: for ever"
    )


Tolerations = Annotated[
    tuple[Toleration, ...],
    Field(max_length=32, json_schema_extra=ATOMIC, description="Taints that hosts of the pool may have"),
]


Offer = Annotated[
    dict[str, Quantity],
    Field(
        max_length=2,
        description="What the node offers its tasks, split by slots; default: what the host has left",
        json_schema_extra=validations(
            rule(
                "self.all(name, name in ['cpu', 'memory'])",
                "a node offers cpu and memory: drop other resources; tasks may still ask for them in limits",
            )
        ),
    ),
]


ON_CLAIMS = "self.type == 'PersistentVolumeClaim'"


class Storage(Document):
    """Where the node directory lies."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                f"!({ON_CLAIMS}) || has(self.size)",
                "a claim asks for so much room: give size, as 20Gi",
                at=".size",
            ),
            rule(
                f"{ON_CLAIMS} || !has(self.size)",
                "type HostPath has the room of the host's disk: drop size, or use type PersistentVolumeClaim",
                at=".size",
            ),
            rule(
                f"{ON_CLAIMS} || !has(self.storageClassName)",
                "type HostPath has no storage class: drop storageClassName, or use type PersistentVolumeClaim",
                at=".storageClassName",
            ),
        )
    )

    type: Annotated[
        StorageType, Field(description="PersistentVolumeClaim: for namespaces that do not admit hostPath volumes")
    ] = StorageType.HOST_PATH
    storage_class_name: Name | None = Field(
        default=None, description="The class of the nodes' claims; default: the cluster's default class"
    )
    size: Quantity | None = Field(default=None, description="How much room each node's claim asks for")
    evict_retained_files: Annotated[
        bool,
        Field(
            description="While the disk is full, delete directories of ended tasks before their time: those first "
            "whose retention ends first"
        ),
    ] = False

    @property
    def on_claims(self) -> bool:
        return self.type is StorageType.PERSISTENT_VOLUME_CLAIM


class NodeTemplate(Document):
    """Which hosts may be nodes, and what a node gives its tasks."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "self.storage.type != 'PersistentVolumeClaim' || !has(self.volumes) "
                "|| self.volumes.all(one, !has(one.nfs))",
                "the restricted standard, which nodes on claims keep, admits no nfs volume: "
                "use a PersistentVolumeClaim of an NFS volume, or storage of type HostPath",
                at=".volumes",
            )
        )
    )

    image: Annotated[ImageName, Field(description="What tasks and start tasks without an own image run in")]
    image_pull_policy: ImagePullPolicy = ImagePullPolicy.IF_NOT_PRESENT
    image_pull_secrets: ImagePullSecrets = ()
    host_selector: HostSelector = HostSelector()
    tolerations: Tolerations = ()
    resources: Offer = Field(default_factory=dict)
    storage: Annotated[
        Storage,
        Field(
            json_schema_extra=validations(
                rule(
                    f"{same('type')} && {same('size', optional=True)} && {same('storageClassName', optional=True)}",
                    "type, size and storageClassName cannot be changed: delete the pool and create it again "
                    "with the new ones",
                    reason="FieldValueForbidden",
                )
            )
        ),
    ] = Storage()
    volumes: NodeVolumes = ()


class LowPriorityNodeTemplate(Document):
    """What is different for low-priority nodes; what is left out is as in nodeTemplate."""

    host_selector: HostSelector | None = None
    tolerations: Tolerations | None = None
    resources: Offer | None = None
