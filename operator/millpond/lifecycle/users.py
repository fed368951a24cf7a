"""As which user a command runs: by the identity it asks for and its pool's accounts (azure-batch-semantics §2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from millpond.api.naming import number
from millpond.api.reasons import TaskReason
from millpond.api.users import AutoUser, AutoUserScope, ElevationLevel, UserAccount, UserIdentity

ROOT_ID = 0


class UserRefusedError(ValueError):
    """An identity that nothing can run as, and what to do; `reason` is a condition's."""

    def __init__(self, reason: TaskReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class User:
    """User and group number of a command; 0 is the administrator."""

    uid: int
    gid: int

    @property
    def admin(self) -> bool:
        return self.uid == ROOT_ID


ADMIN = User(ROOT_ID, ROOT_ID)


@dataclass(frozen=True, slots=True)
class UserNumbers:
    """The operator's own numbers: the pools' ordinary user, the agents' group, and the range of derived users."""

    uid: int
    gid: int
    agent_gid: int
    first: int
    count: int

    def derived(self, *origin: str) -> User:
        """The user that belongs to `origin` alone: the same each time, and hardly ever that of another."""
        own = self.first + number(self.count, *origin)
        return User(own, own)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose command it is: the pool, and what has the directory in which it runs, by its path on the node."""

    namespace: str
    pool: str
    directory: str


def user_of(identity: UserIdentity | None, owner: Owner, accounts: Iterable[UserAccount], numbers: UserNumbers) -> User:
    """The user. Raises UserRefusedError for an account that is not there, or whose numbers are the operator's own."""
    if identity is None or identity.user_name is None:
        return _auto(identity.auto_user if identity else None, owner, numbers)
    for account in accounts:
        if account.name == identity.user_name:
            return _of_account(account, owner, numbers)
    raise UserRefusedError(
        TaskReason.USER_ACCOUNT_NOT_FOUND,
        f"Pool {owner.pool} has no user account {identity.user_name}. Add it to spec.userAccounts of the pool, or "
        "use one that is there.",
    )


def user_on_claim(identity: UserIdentity | None, owner: Owner, numbers: UserNumbers) -> User:
    """The one user of a node whose directory is on a claim. Raises UserRefusedError where another one is asked for.

    Without rights over others' files, which restricted namespaces do not give, the agent could not read or delete them.
    """
    auto = identity.auto_user if identity is not None else None
    ordinary = (
        auto is not None and auto.scope is AutoUserScope.POOL and auto.elevation_level is ElevationLevel.NON_ADMIN
    )
    if identity is None or ordinary:
        return User(numbers.uid, numbers.gid)
    raise UserRefusedError(
        TaskReason.USER_NOT_ALLOWED,
        f"The nodes of pool {owner.pool} keep their directories on claims, where all tasks run as one user. Drop "
        "userIdentity, or use a pool with nodeTemplate.storage of type HostPath.",
    )


def _auto(auto: AutoUser | None, owner: Owner, numbers: UserNumbers) -> User:
    """A task's own user goes with its directory, which all attempts at the task have in common."""
    if auto is not None and auto.elevation_level is ElevationLevel.ADMIN:
        return ADMIN
    if auto is not None and auto.scope is AutoUserScope.TASK:
        return numbers.derived("directory", owner.namespace, owner.pool, owner.directory)
    return User(numbers.uid, numbers.gid)


def _of_account(account: UserAccount, owner: Owner, numbers: UserNumbers) -> User:
    if account.elevation_level is ElevationLevel.ADMIN:
        return ADMIN
    if account.uid is None or account.gid is None:
        return numbers.derived("account", owner.namespace, owner.pool, account.name)
    last = numbers.first + numbers.count - 1
    if account.gid == numbers.agent_gid:
        fault = f"gid {account.gid} is the group of the nodes' agents, which reads every task's files"
    elif account.uid == numbers.uid:
        fault = f"uid {account.uid} is the user of the nodes' agents"
    elif numbers.first <= account.uid <= last:
        fault = f"uid {account.uid} is kept for users that are derived, {numbers.first} to {last}"
    else:
        return User(account.uid, account.gid)
    raise UserRefusedError(
        TaskReason.USER_ACCOUNT_INVALID,
        f"The user account {account.name} of pool {owner.pool} cannot be used: {fault}. Give it another number.",
    )
