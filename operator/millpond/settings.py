"""Every knob of the operator: typed, defaulted, documented, read once from MILLPOND_* variables by whoever starts.

Nothing else reads the environment, except what Kubernetes itself puts there (`cluster/kubeconfig`).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from millpond.api.schema import DNS_LABEL, MAX_INT32, ImageName, Name
from millpond.api.users import UserId
from millpond.control.limits import Limits
from millpond.lifecycle.users import UserNumbers

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Pause = Annotated[float, Field(ge=0, le=86_400)]

_LIMITS = Limits()


PREFIX = "MILLPOND_"


class SettingsError(ValueError):
    """What is wrong with which variables, one a line."""


class Settings(BaseSettings):
    """Durations are in seconds. A value that does not fit ends the start with a message that names the variable."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    image: ImageName = Field(
        default="docker.io/millpond/millpond:0.1.0", description="The image of the operator itself, for node Pods"
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field(
        default="IfNotPresent", description="How the kubelet pulls `image`"
    )
    namespace: Annotated[str, Field(pattern=DNS_LABEL, max_length=63)] = Field(
        default="millpond", description="Where the operator runs and keeps its Lease"
    )
    watch_namespace: Annotated[str, Field(max_length=63)] = Field(
        default="", description="The only namespace to serve; empty: all"
    )
    kubeconfig: str = Field(
        default="", description="Path of a kubeconfig; empty: KUBECONFIG, then the Pod's own account"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least serious messages that are logged"
    )
    identity: Annotated[str, Field(max_length=253)] = Field(
        default="", description="Name of this process in the Lease; empty: host name and a random part"
    )
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = Field(default=8080, description="0: no metrics are served")
    probe_port: Annotated[int, Field(ge=0, le=65_535)] = Field(default=8081, description="0: no probes are served")

    node_root: Annotated[str, Field(pattern=r"^/[A-Za-z0-9._/-]+$", max_length=200)] = Field(
        default="/var/lib/millpond", description="Where node directories lie on hosts"
    )
    task_uid: UserId = Field(default=65_532, description="The user of agents, and of tasks that ask for no other")
    task_gid: UserId = Field(default=65_532, description="The group that all tasks of a node have in common")
    agent_gid: UserId = Field(default=65_533, description="The group of agents: it reads and deletes all tasks' files")
    derived_uid_first: UserId = Field(default=1_000_000_000, description="The first user made for a task or account")
    derived_uid_count: UserId = Field(default=1_000_000_000, description="How many such users there are")
    job_token_role: Annotated[str, Field(max_length=253)] = Field(
        default="", description="The ClusterRole of tasks that ask for a token; empty: tasks get no token"
    )
    task_grace: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=30, description="From SIGTERM to SIGKILL when a task is ended"
    )
    upload_limit: Annotated[int, Field(ge=1, le=86_400)] = Field(
        default=3600, description="From a task's end until its output files must be uploaded"
    )

    lease_name: Name = Field(default="millpond", description="Name of the Lease, in `namespace`")
    lease_duration: Seconds = Field(default=15.0, description="After so long without renewal another one may lead")
    lease_renew_deadline: Seconds = Field(default=10.0, description="After so long without renewal the leader stops")
    lease_retry: Seconds = Field(default=2.0, description="Pause between attempts to take or renew the Lease")

    request_timeout: Seconds = Field(default=10.0, description="For one request to the API server")
    request_concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=64, description="Requests to the API server at a time"
    )
    action_concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=32, description="Chains of actions of one pool performed at a time"
    )
    watch_silence: Seconds = Field(default=90.0, description="A watch that says nothing for so long is opened again")
    resync: Seconds = Field(default=900.0, description="Between two full lists that compare what watches told")
    gather: Pause = Field(default=0.02, description="How long a cycle lets a burst of events gather")

    node_lost: Seconds = Field(default=_LIMITS.node_lost, description="Silence of a host that gives its tasks up")
    empty_job_grace: Pause = Field(
        default=_LIMITS.empty_job_grace, description="How long a job that never had a task stays without one"
    )
    image_pull: Seconds = Field(default=_LIMITS.image_pull, description="How long a failing image pull may go on")
    startup: Seconds = Field(default=_LIMITS.startup, description="How long a task's Pod may take to start")
    node_refusals: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=_LIMITS.node_refusals, description="How often in a row nodes may turn a task away before it fails"
    )
    core_quota: Annotated[float, Field(ge=0, le=10_000_000)] = Field(
        default=_LIMITS.core_quota, description="Cores that a namespace's dedicated nodes may have in all; 0: no limit"
    )
    low_priority_core_quota: Annotated[float, Field(ge=0, le=10_000_000)] = Field(
        default=_LIMITS.low_priority_core_quota, description="The same of its low-priority nodes"
    )
    task_lifetime_days: Annotated[float, Field(gt=0, le=36_500)] = Field(
        default=_LIMITS.task_lifetime / 86_400, description="Days from a task's creation until it must be completed"
    )
    running_after: Pause = Field(default=_LIMITS.running_after, description="Tasks that end sooner skip Running")
    preparing_after: Pause = Field(default=_LIMITS.preparing_after, description="Tasks starting sooner skip Preparing")
    summary: Seconds = Field(default=_LIMITS.summary, description="Least time between two summaries of counts")
    sweep: Seconds = Field(default=_LIMITS.sweep, description="Least time between two sweeps of counted Pods")

    @model_validator(mode="after")
    def _lease_times_in_order(self) -> Self:
        if not self.lease_retry < self.lease_renew_deadline < self.lease_duration:
            raise ValueError(
                "MILLPOND_LEASE_RETRY must be below MILLPOND_LEASE_RENEW_DEADLINE, "
                "and MILLPOND_LEASE_RENEW_DEADLINE below MILLPOND_LEASE_DURATION"
            )
        return self

    @model_validator(mode="after")
    def _users_apart(self) -> Self:
        if self.agent_gid == self.task_gid:
            raise ValueError(
                "MILLPOND_AGENT_GID and MILLPOND_TASK_GID must differ: tasks would read each other's files"
            )
        last = self.derived_uid_first + self.derived_uid_count - 1
        if last > MAX_INT32 or any(
            self.derived_uid_first <= own <= last for own in (self.task_uid, self.task_gid, self.agent_gid)
        ):
            raise ValueError(
                f"MILLPOND_DERIVED_UID_FIRST and MILLPOND_DERIVED_UID_COUNT must end at {MAX_INT32} at most, and leave "
                "out MILLPOND_TASK_UID, MILLPOND_TASK_GID and MILLPOND_AGENT_GID"
            )
        return self

    def users(self) -> UserNumbers:
        """The numbers of users that judgement obeys."""
        return UserNumbers(self.task_uid, self.task_gid, self.agent_gid, self.derived_uid_first, self.derived_uid_count)

    def limits(self) -> Limits:
        """The numbers that judgement obeys."""
        return Limits(
            node_lost=self.node_lost,
            empty_job_grace=self.empty_job_grace,
            running_after=self.running_after,
            preparing_after=self.preparing_after,
            image_pull=self.image_pull,
            startup=self.startup,
            node_refusals=self.node_refusals,
            core_quota=self.core_quota,
            low_priority_core_quota=self.low_priority_core_quota,
            task_lifetime=self.task_lifetime_days * 86_400,
            summary=self.summary,
            sweep=self.sweep,
        )


def read_settings() -> Settings:
    """The settings by the environment. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        raise SettingsError("\n".join(_told(fault["loc"], fault["msg"], fault["input"]) for fault in faults)) from None


def _told(place: tuple[int | str, ...], message: str, value: object) -> str:
    if not place:
        # A rule between variables names them itself.
        return message.removeprefix("Value error, ")
    return f"{PREFIX}{str(place[0]).upper()} is {value!r}: {message}"
