"""Cases of the failure table on a real kubelet: the same names, the same expectations (`support/failuretable`).

All tasks are handed in at once and run beside each other on one node of many slots; where a case needs somebody to act
on a running task, that is done as soon as it runs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from millpond.lifecycle.tasks import Ledger
from support import registry
from support.failuretable import BY_NAME, CATEGORIES, NEXT_STATE
from support.installation import Space, shell
from support.live import Document, condition

SLOTS = 16
PORT = 5999
SHARED = "/mnt/batch/tasks/shared"
PREPARE = (
    'cd $AZ_BATCH_NODE_SHARED_DIR; echo nothing >plain; echo "#!/no/such" >lost; echo junk >junk; chmod +x lost junk'
)
DEAF = 'trap "" TERM; sleep 300 & wait; wait; sleep 300'


def exits(code: int) -> Document:
    return {"commandLine": shell(f"exit {code}")}


def pulls(repository: str, port: int = PORT) -> Document:
    return {"commandLine": "true", "containerSettings": {"imageName": f"127.0.0.1:{port}/{repository}:1"}}


def secret(name: str, key: str) -> Document:
    return {
        "commandLine": "true",
        "environmentSettings": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}],
    }


def limited(kind: str, amount: str, command: str) -> Document:
    return {"commandLine": command, "resources": {"limits": {kind: amount}}}


SPECS: dict[str, Document] = {
    # What users hand in, by the name of the case.
    "exit 0": exits(0),
    "exit 1": exits(1),
    "exit 42": exits(42),
    "exit 124, as timeout(1) does": exits(124),
    "exit 125, the launcher's own code": exits(125),
    "exit 126 by the command itself": exits(126),
    "exit 127 by the command itself": exits(127),
    "exit 128": exits(128),
    "exit 193": exits(193),
    "exit 255": exits(255),
    **{f"signal {n}": {"commandLine": shell(f"kill -{n} $$; sleep 300")} for n in (1, 2, 6, 9, 11, 15, 31)},
    "out of memory": limited("memory", "32Mi", "tail /dev/zero"),
    "wall clock": {"commandLine": "sleep 300", "constraints": {"maxWallClockSeconds": 2}},
    "wall clock, deaf to TERM": {"commandLine": shell(DEAF), "constraints": {"maxWallClockSeconds": 2}},
    "program not found": {"commandLine": "no-such-program --fast"},
    "path not found": {"commandLine": "/no/such/program"},
    "not executable": {"commandLine": f"{SHARED}/plain"},
    "a directory": {"commandLine": SHARED},
    "bad interpreter": {"commandLine": f"{SHARED}/lost"},
    "wrong platform": {"commandLine": f"{SHARED}/junk"},
    "working directory is a file": {
        "commandLine": shell("cd ..; rm -rf wd; touch wd; exit 1"),
        "constraints": {"maxTaskRetryCount": 1},
    },
    "missing Secret": secret("absent", "token"),
    "missing key of a Secret": secret("present", "token"),
    "malformed image name": {"commandLine": "true", "containerSettings": {"imageName": "NOT/an:image:at:all"}},
    "missing image": pulls("missing"),
    "registry that wants a password": pulls("private"),
    "registry ill": pulls("ill"),
    "registry down": pulls("any", 9),
    "over its ephemeral limit": limited("ephemeral-storage", "1Mi", shell("head -c 30000000 /dev/zero; sleep 300")),
    "disk full at the start": {"commandLine": "true", "jobName": "full"},
    "disk full while it ran, the command fails": {
        "commandLine": shell("head -c 3000000 /dev/zero; exit 1"),
        "jobName": "filling",
    },
}
LAST_CODE = {
    # Where the kernel or the kubelet may end it in two ways: what the case says is one of them.
    "over its ephemeral limit": (137, 143),
}


def deletes(grace: int | None = None) -> Callable[[Space, str], None]:
    return lambda space, pod: space.live.delete("pods", space.name, pod, grace)


def evicts(space: Space, pod: str) -> None:
    document = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": space.name}}
    space.live.request("POST", f"/api/v1/namespaces/{space.name}/pods/{pod}/eviction", document)


def signals(number: int) -> Callable[[Space, str], None]:
    def send(space: Space, pod: str) -> None:
        """To the launcher of the task, from outside of its container."""
        own = f"/job-1/{pod.removesuffix('-1')}\0".encode()
        found = [
            int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and own in command_of(entry)
        ]
        assert len(found) == 1, found
        os.kill(found[0], number)

    return send


def command_of(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


ACTS: dict[str, Callable[[Space, str], None]] = {
    # What is done to tasks that run; the commands of "deaf" ones are deaf to TERM.
    "deleted by hand": deletes(),
    "deleted by hand, deaf to TERM": deletes(),
    "deleted by hand without grace": deletes(0),
    "eviction API": evicts,
    "TERM to the container from outside": signals(signal.SIGTERM),
    "the launcher killed from outside": signals(signal.SIGKILL),
}
NAMES = {case: f"case-{number}" for number, case in enumerate((*SPECS, *ACTS))}


@pytest.fixture(scope="module")
def space_of_cases(installation: Any) -> Iterator[Space]:
    """A pool of one node with many slots, and the files that the cases need on it."""
    space = Space.new(installation, "cases")
    space.pool("cases", 1, taskSlotsPerNode=SLOTS, startTask={"commandLine": shell(PREPARE)})
    space.nodes("cases", 1)
    yield space
    space.leave()


def beside(space: Space, *spaces: str) -> list[str]:
    """The beginning of a command that runs in the named namespaces of the host of the pool's only node."""
    (node,) = space.nodes("cases", 1)
    holder = space.installation.root / "processes" / f"{node['status']['hostName']}-holder"
    return [
        "nsenter",
        *(f"--{kind}=/proc/{holder.read_text().split()[0]}/ns/{'mnt' if kind == 'mount' else kind}" for kind in spaces),
    ]


@pytest.fixture(scope="module")
def registry_beside(space_of_cases: Space) -> Iterator[None]:
    """A registry at 127.0.0.1 of the node's host, where containerd asks without TLS."""
    command = [*beside(space_of_cases, "net"), sys.executable, registry.__file__, str(PORT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"serving\n"
        yield
        server.kill()


@pytest.fixture(scope="module")
def small_disks(space_of_cases: Space) -> Iterator[None]:
    """Directories of two jobs on disks of their own: one without room for a single file, one of a mebibyte."""
    (node,) = space_of_cases.nodes("cases", 1)
    root = space_of_cases.installation.root / "batch" / f"cases.cases.{node['metadata']['name']}" / "workitems"
    sizes = {"full": "nr_inodes=1", "filling": "size=1m"}
    inside = beside(space_of_cases, "mount")
    for job, size in sizes.items():
        (root / job).mkdir()
        options = f"mode=1777,{size}"
        subprocess.run([*inside, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(root / job)], check=True)
    yield
    for job in sizes:
        subprocess.run([*inside, "umount", "--lazy", str(root / job)], check=True)


@pytest.fixture(scope="module")
def played(space_of_cases: Space, registry_beside: None, small_disks: None) -> Space:
    """All tasks are handed in, and what is to be done to running ones is done."""
    space = space_of_cases
    document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "present"}, "stringData": {"other": "x"}}
    space.live.apply(document, space.name)
    for job in ("cases", "full", "filling"):
        space.job(job, "cases")
    for case in ACTS:
        space.task(NAMES[case], "cases", DEAF if "deaf" in case else "sleep 300")
    for case, spec in SPECS.items():
        space.task(
            NAMES[case], **({"job": spec.get("jobName", "cases")} | {k: v for k, v in spec.items() if k != "jobName"})
        )
    for case, act in ACTS.items():
        pod = space.until_state("tasks", NAMES[case], "Running")["status"]["podName"]
        act(space, pod)
    return space


@pytest.mark.parametrize("name", [name for name in NAMES if BY_NAME[name].ledger is not Ledger.RECOVERY])
def test_a_real_end_comes_to_what_the_table_says(played: Space, name: str) -> None:
    case = BY_NAME[name]
    status = played.completed(NAMES[name])
    failure = status.get("failure", {})
    assert case.ledger is not None
    assert status["state"] == NEXT_STATE[case.ledger]
    assert status["result"] == case.ledger.value, failure
    assert failure.get("code") == (case.code.value if case.code else None), failure
    assert failure.get("category") == (CATEGORIES[case.code].value if case.code else None)
    assert status.get("exitCode") in LAST_CODE.get(name, (case.exit_code,))
    told = condition({"status": status}, "Succeeded")["message"]
    assert [words for words in case.says if words not in told] == [], told


@pytest.mark.parametrize("name", [name for name in NAMES if BY_NAME[name].ledger is Ledger.RECOVERY])
def test_a_real_interruption_runs_again_uncounted(played: Space, name: str) -> None:
    case, task = BY_NAME[name], NAMES[name]
    again = played.until("tasks", task, "runs again", lambda one: one["status"].get("attempt", 0) >= 2)["status"]
    assert (again["retryCount"], again["requeueCount"]) == (0, 0)
    told = played.until_event(task, "Requeued")
    assert [words for words in case.says if words not in told] == [], told
    played.live.delete("tasks", played.name, task)
