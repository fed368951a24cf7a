"""The service's own variables: which there are, in whose environment, with what value (azure-batch-semantics §6.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum

from millpond.api.kind import API_VERSION

API_SERVER = "https://kubernetes.default.svc"
"""Where every Pod of a cluster finds the API server."""


class Scope(StrEnum):
    """Whose environment. A job manager is a task."""

    TASK = "Task"
    PREPARATION = "JobPreparation"
    RELEASE = "JobRelease"
    START = "Start"
    PRIMARY = "MultiInstancePrimary"
    SUBTASK = "MultiInstanceSubtask"


@dataclass(frozen=True, slots=True)
class Facts:
    """What values are made of. Directories but `root` are below it; `preparation` is the job's preparation task's."""

    namespace: str
    pool: str
    node: str
    root: str
    directory: str
    _: KW_ONLY
    dedicated: bool = True
    job: str = ""
    id: str = ""
    preparation: str = ""
    token: str = ""
    """The file that holds its token; a path of the container."""
    shared: str = ""
    """What the instances of a multi-instance task have as their common directory, each on its own node."""
    certificates: str = ""
    """The directory with certificates that it sees; a path of the container."""

    def below(self, directory: str) -> str:
        """The path of a directory as the command sees it; empty where there is none."""
        return f"{self.root}/{directory}" if directory else ""


@dataclass(frozen=True, slots=True)
class ContainerLimit:
    """A limit of the container itself, in whole units. The kubelet fills it in: without one, what the host has."""

    resource: str


Value = str | ContainerLimit


@dataclass(frozen=True, slots=True)
class Variable:
    """A name, whose environment has it, and its value, empty where there is none to tell."""

    name: str
    scopes: frozenset[Scope]
    value: Callable[[Facts], Value]


ALL = frozenset(Scope)
IN_JOB = ALL - {Scope.START}
IN_GROUP = frozenset({Scope.PRIMARY, Scope.SUBTASK})
PREPARED = IN_JOB - {Scope.PREPARATION}

VARIABLES = (
    Variable("AZ_BATCH_ACCOUNT_NAME", ALL, lambda of: of.namespace),
    Variable("AZ_BATCH_ACCOUNT_URL", ALL, lambda of: f"{API_SERVER}/apis/{API_VERSION}/namespaces/{of.namespace}"),
    Variable("AZ_BATCH_POOL_ID", ALL, lambda of: of.pool),
    Variable("AZ_BATCH_NODE_ID", ALL, lambda of: of.node),
    Variable("AZ_BATCH_NODE_IS_DEDICATED", ALL, lambda of: "true" if of.dedicated else "false"),
    Variable("AZ_BATCH_NODE_ROOT_DIR", ALL, lambda of: of.root),
    Variable("AZ_BATCH_NODE_SHARED_DIR", ALL, lambda of: of.below("shared")),
    Variable("AZ_BATCH_NODE_STARTUP_DIR", ALL, lambda of: of.below("startup")),
    Variable("AZ_BATCH_NODE_MOUNTS_DIR", ALL, lambda of: of.below("fsmounts")),
    Variable("AZ_BATCH_CERTIFICATES_DIR", ALL, lambda of: of.certificates),
    Variable("AZ_BATCH_JOB_ID", IN_JOB, lambda of: of.job),
    Variable("AZ_BATCH_TASK_ID", IN_JOB, lambda of: of.id),
    Variable("AZ_BATCH_TASK_DIR", ALL, lambda of: of.below(of.directory)),
    Variable("AZ_BATCH_TASK_WORKING_DIR", ALL, lambda of: of.below(f"{of.directory}/wd")),
    Variable("AZ_BATCH_JOB_PREP_DIR", PREPARED, lambda of: of.below(of.preparation)),
    Variable("AZ_BATCH_JOB_PREP_WORKING_DIR", PREPARED, lambda of: of.below(of.preparation and f"{of.preparation}/wd")),
    Variable("AZ_BATCH_AUTHENTICATION_TOKEN_FILE", frozenset({Scope.TASK, Scope.PRIMARY}), lambda of: of.token),
    Variable("AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES", ALL, lambda _: ContainerLimit("ephemeral-storage")),
    Variable("AZ_BATCH_TASK_SHARED_DIR", IN_GROUP, lambda of: of.below(of.shared)),
    Variable("AZ_BATCH_IS_CURRENT_NODE_MASTER", frozenset({Scope.PRIMARY}), lambda _: "true"),
    Variable("AZ_BATCH_IS_CURRENT_NODE_MASTER", frozenset({Scope.SUBTASK}), lambda _: "false"),
)

FROM_RENDEZVOUS = frozenset({"AZ_BATCH_HOST_LIST", "AZ_BATCH_NODE_LIST", "AZ_BATCH_MASTER_NODE", "CCP_NODES"})
"""What the launcher of an instance sets, once it has heard from the agent who the others are."""

NAMES = frozenset(variable.name for variable in VARIABLES) | FROM_RENDEZVOUS
"""Names that no user's setting can have an effect under, also where the variable itself is absent."""


def service_variables(scope: Scope, facts: Facts) -> dict[str, Value]:
    """The variables of one environment, in the table's order."""
    return dict(_told(scope, facts))


def _told(scope: Scope, facts: Facts) -> Iterator[tuple[str, Value]]:
    for variable in VARIABLES:
        if scope in variable.scopes and (value := variable.value(facts)):
            yield variable.name, value
