"""As whom tasks run on real kubelets, who reads whose files there, and that the command line reads all of them.

One node; every kind of user writes first, then every kind of user looks around.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from millpond.lifecycle.variables import Facts, Scope, service_variables
from millpond.settings import Settings
from support.installation import Installation, Space, shell
from support.live import Document

DEFAULTS = Settings()
IDENTITIES: dict[str, Document | None] = {
    "ordinary": None,
    "pooled": {"autoUser": {"scope": "Pool"}},
    "own": {"autoUser": {"scope": "Task"}},
    "other": {"autoUser": {"scope": "Task"}},
    "admin": {"autoUser": {"elevationLevel": "Admin"}},
    "alice": {"userName": "alice"},
    "bob": {"userName": "bob"},
}
FIXED = {"ordinary": (65_532, 65_532), "pooled": (65_532, 65_532), "admin": (0, 0), "alice": (2001, 2002)}

WRITES = (
    "id -u; id -g; id -G; echo mine >secret; mkdir -p inner/deep; echo mine >inner/deep/file; "
    "cat $AZ_BATCH_NODE_STARTUP_DIR/wd/prepared; echo $AZ_BATCH_TASK_ID >$AZ_BATCH_NODE_SHARED_DIR/$AZ_BATCH_TASK_ID"
)
LOOKS = (
    "cd $AZ_BATCH_NODE_ROOT_DIR/workitems/writes/job-1; for t in *; do "
    "if cat $t/wd/secret >/dev/null 2>&1; then echo reads $t; fi; if ls $t >/dev/null 2>&1; then echo lists $t; fi; "
    "if touch $t/wd/by-$AZ_BATCH_TASK_ID 2>/dev/null; then echo writes $t; fi; done; "
    "cd $AZ_BATCH_NODE_SHARED_DIR; for f in *; do if echo seen >>$f; then echo shares $f; fi; done; "
    "if touch $AZ_BATCH_NODE_STARTUP_DIR/wd/intruder 2>/dev/null; then echo writes startup; fi; "
    "if mkdir $AZ_BATCH_NODE_ROOT_DIR/intruder 2>/dev/null; then echo writes root; fi"
)


@pytest.fixture(scope="module")
def users(installation: Installation) -> Iterator[Space]:
    """A pool of one node, whose start task is an administrator's, with what every user has written and seen."""
    space = Space.new(installation, "users")
    start = {
        "commandLine": shell("env >environment; id -u >prepared"),
        "userIdentity": {"autoUser": {"elevationLevel": "Admin"}},
        "environmentSettings": [{"name": "AZ_BATCH_TASK_ID", "value": "mine"}, {"name": "OWN", "value": "yes"}],
    }
    accounts = [{"name": "alice", "uid": 2001, "gid": 2002}, {"name": "bob"}]
    space.pool("users", 1, startTask=start, userAccounts=accounts, taskSlotsPerNode=4)
    space.nodes("users", 1)
    for job, script in (("writes", WRITES), ("looks", LOOKS)):
        space.job(job, "users")
        for name, identity in IDENTITIES.items():
            more = {"userIdentity": identity} if identity else {}
            space.task(f"{job}-{name}", job, script, id=name, **more)
        for name in IDENTITIES:
            space.succeeded(f"{job}-{name}")
    yield space
    space.leave()


def stdout(space: Space, task: str) -> list[str]:
    """What `millpond task stdout` prints."""
    return space.millpond("task", "stdout", task).splitlines()


def ids(space: Space, name: str) -> tuple[int, int, set[int]]:
    """User, group and all groups of what wrote under that name."""
    uid, gid, groups, prepared = stdout(space, f"writes-{name}")
    assert prepared == "0", "the start task was root, and its file is read"
    return int(uid), int(gid), {int(group) for group in groups.split()}


def test_everybody_is_who_they_should_be(users: Space) -> None:
    found = {name: ids(users, name) for name in IDENTITIES}
    assert {name: found[name][:2] for name in FIXED} == FIXED
    derived = [found[name][0] for name in ("own", "other", "bob")]
    assert all(1_000_000_000 <= uid < 2_000_000_000 for uid in derived)
    assert len(set(derived)) == 3
    for uid, gid, groups in found.values():
        assert DEFAULTS.task_gid in groups
        assert DEFAULTS.agent_gid not in groups
        assert {uid and gid, DEFAULTS.task_gid} <= groups | {0}


@pytest.mark.parametrize(
    ("looker", "open_to"),
    [
        ("ordinary", {"ordinary", "pooled"}),
        ("pooled", {"ordinary", "pooled"}),
        ("own", set()),
        ("other", set()),
        ("admin", set(IDENTITIES)),
        ("alice", {"alice"}),
        ("bob", {"bob"}),
    ],
)
def test_who_enters_whose_directory(users: Space, looker: str, open_to: set[str]) -> None:
    said = stdout(users, f"looks-{looker}")
    for word in ("reads", "lists", "writes"):
        wanted = {f"{word} {name}" for name in open_to}
        assert {line for line in said if line.startswith(word)} - {"writes startup", "writes root"} == wanted
    assert {line for line in said if line.startswith("shares")} == {f"shares {name}" for name in IDENTITIES}
    assert ("writes startup" in said, "writes root" in said) == (looker == "admin",) * 2


def test_the_agent_lists_what_every_user_made(users: Space) -> None:
    for name in IDENTITIES:
        status = users.completed(f"writes-{name}")
        assert users.read(status["nodeName"], f"{status['directory']}/wd/inner/deep/file") == "mine\n"
        assert users.read(status["nodeName"], f"{status['directory']}/exit.json").startswith("{")


def test_the_agent_may_delete_what_every_user_made(users: Space) -> None:
    for name in IDENTITIES:
        status = users.completed(f"writes-{name}")
        path = f"/mnt/batch/tasks/{status['directory']}/wd/inner"
        users.installation.kubectl("exec", "-n", users.name, status["nodeName"], "-c", "agent", "--", "rm", "-r", path)


def test_a_start_task_has_the_variables_of_its_scope_and_no_others(users: Space) -> None:
    node = users.completed("writes-own")["nodeName"]
    told = dict(line.split("=", 1) for line in users.read(node, "startup/wd/environment").splitlines())
    facts = Facts(users.name, "users", node, "/mnt/batch/tasks", "startup")
    wanted = service_variables(Scope.START, facts)
    assert {name for name in told if name.startswith("AZ_BATCH_")} == set(wanted)
    assert {name: told[name] for name, value in wanted.items() if isinstance(value, str)} == {
        name: value for name, value in wanted.items() if isinstance(value, str)
    }
    assert int(told["AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES"]) > 0
    assert told["OWN"] == "yes"


def test_an_account_that_is_not_there_is_told_and_comes_later(users: Space) -> None:
    users.job("accounts", "users")
    users.task("stranger", "accounts", "id -u", userIdentity={"userName": "carol"})
    users.task("neighbour", "accounts", "true")
    told = users.until_told("tasks", "stranger", "Scheduled", "UserAccountNotFound")
    assert "Add it to spec.userAccounts" in told["message"]
    users.succeeded("neighbour")
    accounts = [
        {"name": "alice", "uid": 2001, "gid": 2002},
        {"name": "bob"},
        {"name": "carol", "uid": 3001, "gid": 3001},
    ]
    users.live.patch("pools", users.name, "users", {"spec": {"userAccounts": accounts}})
    users.succeeded("stranger")
    assert stdout(users, "stranger") == ["3001"]
