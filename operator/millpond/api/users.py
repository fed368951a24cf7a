"""Users: which accounts the nodes of a pool have, and as which user a command runs (azure-batch-semantics §2.6)."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from millpond.api.schema import MAX_INT32, Document, keyed_by, rule, validations


class AutoUserScope(StrEnum):
    """Whether an auto user is shared by the tasks of a pool, or is a task's own."""

    POOL = "Pool"
    TASK = "Task"


class ElevationLevel(StrEnum):
    """Whether a user is an ordinary one, or the administrator: root in its container."""

    NON_ADMIN = "NonAdmin"
    ADMIN = "Admin"


AccountName = Annotated[str, Field(min_length=1, max_length=20)]
UserId = Annotated[int, Field(ge=1, le=MAX_INT32)]


class AutoUser(Document):
    """A user that need not be named."""

    scope: Annotated[
        AutoUserScope, Field(description="Pool: shared by the pool's tasks; Task: its files are closed to other tasks")
    ] = AutoUserScope.POOL
    elevation_level: Annotated[
        ElevationLevel, Field(description="Admin: root in its container, which reads every task's files on the node")
    ] = ElevationLevel.NON_ADMIN


class UserIdentity(Document):
    """The user that a command runs as: an account of the pool, or an auto user."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "has(self.userName) != has(self.autoUser)",
                "a user identity is either userName or autoUser: give exactly one of them",
                at=".userName",
            )
        )
    )

    user_name: AccountName | None = Field(default=None, description="One of the pool's userAccounts")
    auto_user: AutoUser | None = None


class UserAccount(Document):
    """A user that tasks may run as, by its name."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule("has(self.uid) == has(self.gid)", "uid and gid belong together: give both, or neither", at=".gid"),
            rule(
                "self.elevationLevel != 'Admin' || !has(self.uid)",
                "an Admin account is root, whose uid is 0: drop uid and gid, or use elevationLevel NonAdmin",
                at=".uid",
            ),
        )
    )

    name: Annotated[AccountName, Field(description="What userName refers to")]
    uid: UserId | None = Field(default=None, description="Its user number; default: one derived from its name")
    gid: UserId | None = Field(default=None, description="Its group number, given together with uid")
    elevation_level: Annotated[ElevationLevel, Field(description="Admin: root in its container")] = (
        ElevationLevel.NON_ADMIN
    )


UserAccounts = Annotated[
    tuple[UserAccount, ...],
    Field(max_length=64, json_schema_extra=keyed_by("name"), description="Users that its tasks may run as"),
]
