"""Every knob of the operator: typed, defaulted, documented here, read once at its start from MILLPOND_* variables."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from millpond.control.limits import Limits

PositiveSeconds = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """Durations are in seconds. A variable that does not parse stops the operator with a message that names it."""

    model_config = SettingsConfigDict(env_prefix="MILLPOND_", frozen=True, extra="ignore")

    image: str = "millpond.dev/millpond:0.1.0"
    """Image of node Pods' own containers: the one the operator runs from."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    watch_namespace: str | None = None
    """The one namespace to serve; all of them when absent."""

    lease_namespace: str = "millpond-system"
    """Where the leadership Lease lives: the operator's own namespace."""
    lease_name: str = "millpond-operator"
    identity: str = "millpond"
    """Who holds the Lease; must differ between replicas (the Pod's name)."""
    lease_seconds: Annotated[int, Field(ge=2)] = 15
    """How long a Lease that is not renewed keeps others from leading."""
    renew_deadline_seconds: PositiveSeconds = 10
    """How long the leader goes on without a successful renewal; must be below `lease_seconds`."""
    lease_retry_seconds: PositiveSeconds = 2

    node_root: Annotated[str, Field(pattern=r"^/.+")] = "/var/lib/millpond"
    """Directory on every host under which node directories live."""
    task_uid: Annotated[int, Field(ge=1)] = 65532
    """User of tasks, start tasks and the agent."""
    task_gid: Annotated[int, Field(ge=1)] = 65532
    task_grace_seconds: Annotated[int, Field(ge=0, le=3600)] = 30
    """Between SIGTERM and SIGKILL of a task that is stopped."""

    concurrency: Annotated[int, Field(ge=1, le=256)] = 32
    """API writes under way at once."""
    request_timeout_seconds: PositiveSeconds = 10
    resync_seconds: PositiveSeconds = 300
    """Between two full lists that heal what the watches may have missed."""
    gather_seconds: Annotated[float, Field(ge=0)] = 0.02
    """How long a cycle lets a burst of events gather before it plans."""

    http_port: Annotated[int, Field(ge=1, le=65535)] = 8080
    """Where /healthz, /readyz and /metrics are served."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    node_lost_seconds: PositiveSeconds = 300
    """Silence of a host after which its tasks run again elsewhere."""
    empty_job_grace_seconds: Annotated[float, Field(ge=0)] = 30
    """How long `TerminateJob` waits for a job's first task."""
    image_pull_seconds: PositiveSeconds = 120
    """How long an image may fail to be pulled before the task fails."""
    startup_seconds: PositiveSeconds = 600
    """How long a task's Pod may take to start."""

    def limits(self) -> Limits:
        """The numbers that judgement obeys."""
        return Limits(
            node_lost=self.node_lost_seconds,
            empty_job_grace=self.empty_job_grace_seconds,
            image_pull=self.image_pull_seconds,
            startup=self.startup_seconds,
        )
