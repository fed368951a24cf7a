"""Which user a command runs as."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.api.reasons import TaskReason
from millpond.api.users import UserAccount, UserIdentity
from millpond.lifecycle.users import ADMIN, Owner, User, UserNumbers, UserRefusedError, user_of, user_on_claim

NUMBERS = UserNumbers(uid=65_532, gid=65_532, agent_gid=65_533, first=1_000_000, count=500_000)
OWNER = Owner("studio", "farm", "workitems/frames/job-1/042")
ACCOUNTS: list[dict[str, Any]] = [
    {"name": "alice", "uid": 2001, "gid": 2002},
    {"name": "bob"},
    {"name": "root", "elevationLevel": "Admin"},
]


def decided(identity: dict[str, Any] | None, owner: Owner = OWNER, *more: dict[str, Any]) -> User:
    accounts = [UserAccount.model_validate(account) for account in (*ACCOUNTS, *more)]
    return user_of(UserIdentity.model_validate(identity) if identity else None, owner, accounts, NUMBERS)


ORDINARY = User(65_532, 65_532)


@pytest.mark.parametrize(
    ("identity", "user"),
    [
        (None, ORDINARY),
        ({"autoUser": {}}, ORDINARY),
        ({"autoUser": {"scope": "Pool", "elevationLevel": "NonAdmin"}}, ORDINARY),
        ({"autoUser": {"elevationLevel": "Admin"}}, ADMIN),
        ({"autoUser": {"scope": "Task", "elevationLevel": "Admin"}}, ADMIN),
        ({"userName": "alice"}, User(2001, 2002)),
        ({"userName": "root"}, ADMIN),
    ],
)
def test_fixed_users(identity: dict[str, Any] | None, user: User) -> None:
    assert decided(identity) == user
    assert user.admin == (user == ADMIN)


OWN = {"autoUser": {"scope": "Task"}}
OTHERS = [
    Owner("other", "farm", OWNER.directory),
    Owner("studio", "other", OWNER.directory),
    Owner("studio", "farm", "workitems/frames/job-1/043"),
]


def test_a_tasks_own_user_is_the_same_at_each_attempt_and_nobody_elses() -> None:
    users = [decided(OWN), decided({"userName": "bob"}), *(decided(OWN, owner) for owner in OTHERS)]
    assert decided(OWN) == users[0]
    assert len(set(users)) == len(users)


def test_an_account_without_numbers_is_one_user_for_all_tasks_of_its_pool() -> None:
    bob = decided({"userName": "bob"})
    assert decided({"userName": "bob"}, OTHERS[2]) == bob
    assert decided({"userName": "bob"}, OTHERS[1]) != bob


@given(st.text(max_size=20))
def test_derived_users_are_in_their_range(directory: str) -> None:
    user = decided(OWN, Owner("studio", "farm", directory))
    assert user.uid == user.gid
    assert 1_000_000 <= user.uid < 1_500_000


def test_a_thousand_tasks_on_a_node_hardly_ever_share_a_user() -> None:
    numbers = UserNumbers(uid=1, gid=1, agent_gid=2, first=1_000_000_000, count=1_000_000_000)
    own = UserIdentity.model_validate(OWN)
    users = {user_of(own, Owner("studio", "farm", f"workitems/frames/job-1/{n}"), (), numbers) for n in range(1000)}
    assert len(users) == 1000


@pytest.mark.parametrize(
    ("account", "reason", "words"),
    [
        (None, TaskReason.USER_ACCOUNT_NOT_FOUND, "Pool farm has no user account eve. Add it to spec.userAccounts"),
        ({"uid": 65_532, "gid": 1}, TaskReason.USER_ACCOUNT_INVALID, "uid 65532 is the user of the nodes' agents"),
        ({"uid": 1, "gid": 65_533}, TaskReason.USER_ACCOUNT_INVALID, "gid 65533 is the group of the nodes' agents"),
        ({"uid": 1_000_000, "gid": 1}, TaskReason.USER_ACCOUNT_INVALID, "derived, 1000000 to 1499999"),
        ({"uid": 1_499_999, "gid": 1}, TaskReason.USER_ACCOUNT_INVALID, "Give it another number"),
    ],
)
def test_accounts_that_nothing_can_run_as(account: dict[str, int] | None, reason: TaskReason, words: str) -> None:
    with pytest.raises(UserRefusedError, match=words) as refused:
        decided({"userName": "eve"}, OWNER, *([{"name": "eve"} | account] if account else []))
    assert refused.value.reason is reason


@pytest.mark.parametrize("uid", [999_999, 1_500_000])
def test_beside_the_range_is_free(uid: int) -> None:
    assert decided({"userName": "eve"}, OWNER, {"name": "eve", "uid": uid, "gid": 65_532}) == User(uid, 65_532)


@pytest.mark.parametrize("identity", [None, {"autoUser": {}}, {"autoUser": {"scope": "Pool"}}])
def test_on_a_claim_there_is_one_user(identity: dict[str, Any] | None) -> None:
    asked = UserIdentity.model_validate(identity) if identity else None
    assert user_on_claim(asked, OWNER, NUMBERS) == ORDINARY


@pytest.mark.parametrize(
    "identity", [{"userName": "alice"}, {"autoUser": {"scope": "Task"}}, {"autoUser": {"elevationLevel": "Admin"}}]
)
def test_on_a_claim_others_are_refused(identity: dict[str, Any]) -> None:
    with pytest.raises(UserRefusedError, match="pool farm keep their directories on claims") as refused:
        user_on_claim(UserIdentity.model_validate(identity), OWNER, NUMBERS)
    assert refused.value.reason is TaskReason.USER_NOT_ALLOWED
