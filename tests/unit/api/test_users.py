"""User identities and accounts as users write them; rules between fields are tried on a real API server."""

from typing import Any

import pytest
from millpond.api.users import AutoUser, AutoUserScope, ElevationLevel, UserAccount, UserIdentity
from pydantic import ValidationError


def test_defaults_are_an_ordinary_user_of_the_pool() -> None:
    assert UserIdentity.model_validate({"autoUser": {}}).auto_user == AutoUser(
        scope=AutoUserScope.POOL, elevation_level=ElevationLevel.NON_ADMIN
    )
    account = UserAccount.model_validate({"name": "alice"})
    assert (account.uid, account.gid, account.elevation_level) == (None, None, ElevationLevel.NON_ADMIN)


@pytest.mark.parametrize(
    "fault", [{"name": ""}, {"name": "x" * 21}, {"uid": 0}, {"gid": 2_147_483_648}, {"elevationLevel": "Root"}]
)
def test_faults(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UserAccount.model_validate({"name": "alice", "uid": 1, "gid": 1} | fault)
