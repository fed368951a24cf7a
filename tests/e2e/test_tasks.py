"""What becomes of tasks on real kubelets: results, files, ends of every kind, and what is said about them.

All tasks are handed in at once and run beside each other on the shared pool: two nodes of two slots.
"""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

import pytest
from millpond.agent.report import take_reading
from millpond.api.labels import ERASE_ANNOTATION
from millpond.cluster.manifests.node_pod import METRICS_PORT
from millpond.lifecycle.held import Held, order_for
from millpond.scaling.reading import read_reading
from support.installation import IMAGE, Space, shell
from support.live import Document, condition

NOISE = "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; echo warning >&2"
TASKS: dict[str, Document] = {
    "noisy": {"commandLine": shell(NOISE)},
    "environment": {
        "commandLine": shell("env"),
        "environmentSettings": [
            {"name": "OWN", "value": "$(AZ_BATCH_POOL_ID) $$ $HOME"},
            {"name": "SHARED", "value": "task"},
            {"name": "AZ_BATCH_POOL_ID", "value": "mine"},
            {"name": "AZ_BATCH_JOB_PREP_DIR", "value": "mine"},
        ],
        "resources": {"limits": {"ephemeral-storage": "64Mi"}},
    },
    "leaves": {
        "commandLine": shell("mkdir -p out/deep closed; printf 0123456789 > out/deep/digits; chmod 700 closed out"),
        "userIdentity": {"autoUser": {"scope": "Task"}},
    },
    "words": {"commandLine": """printf '%s|' 'one word' $(AZ_BATCH_POOL_ID) $HOME "a\\"b" $$"""},
    "fails": {"commandLine": shell("echo bad luck >&2; exit 3")},
    "tries": {"commandLine": shell("exit 4"), "constraints": {"maxTaskRetryCount": 1}},
    "late": {"commandLine": shell("sleep 300"), "constraints": {"maxWallClockSeconds": 2, "maxTaskRetryCount": 5}},
    "no-program": {"commandLine": "no-such-program --fast", "constraints": {"maxTaskRetryCount": 5}},
    "not-a-program": {"commandLine": "/etc/passwd", "constraints": {"maxTaskRetryCount": 5}},
    "no-image": {
        "commandLine": "true",
        "containerSettings": {"imageName": "registry.invalid/no-such:1"},
        "constraints": {"maxTaskRetryCount": 5},
    },
    "bad-image": {"commandLine": "true", "containerSettings": {"imageName": "NOT/an:image:at:all"}},
    "greedy": {"commandLine": "tail /dev/zero", "resources": {"limits": {"memory": "32Mi"}}},
    "torn": {"commandLine": "sh -c 'echo"},
    "wide": {"commandLine": "true", "requiredSlots": 3},
    "whole": {"commandLine": "true", "requiredSlots": 2},
}


@pytest.fixture(scope="module")
def handed_in(shared: Space) -> Space:
    """All of them, and a job for them."""
    shared.job("kinds", "shared", commonEnvironmentSettings=[{"name": "SHARED", "value": "job"}])
    for name, spec in TASKS.items():
        shared.task(name, "kinds", **spec)
    shared.task("orphan", "no-such-job", "true")
    return shared


def failure(status: Document) -> tuple[Any, ...]:
    """Result, category, code and retries of a task that failed."""
    told = status["failure"]
    return status["result"], told["category"], told["code"], status["retryCount"]


def test_output_is_in_the_directory_and_in_the_log(handed_in: Space) -> None:
    status = handed_in.completed("noisy")
    assert (status["result"], status["exitCode"], status["retryCount"]) == ("Success", 0, 0)
    assert status["directory"] == "workitems/kinds/job-1/noisy"
    assert status["startTime"] <= status["endTime"]
    wanted = "".join(f"line {i}\n" for i in range(2000))
    assert handed_in.read(status["nodeName"], f"{status['directory']}/stdout.txt") == wanted
    assert handed_in.read(status["nodeName"], f"{status['directory']}/stderr.txt") == "warning\n"


def test_files_are_fetched_read_in_part_and_deleted_and_all_of_them_by_order(handed_in: Space, tmp_path: Path) -> None:
    """One task has a user of its own, and has closed directories to the agent: the sweeper deletes them anyway."""
    status = handed_in.completed("leaves")
    handed_in.millpond("task", "files", "get", "noisy", "std*.txt", "-o", str(tmp_path))
    assert (tmp_path / "stderr.txt").read_text() == "warning\n"
    part = ("--offset", "5", "--length", "1")
    assert handed_in.millpond("task", "files", "read", "noisy", "stdout.txt", *part) == "0"
    handed_in.millpond("task", "files", "delete", "leaves", "--recursive", "wd/closed")
    place = f"/mnt/batch/tasks/{status['directory']}"
    assert "closed" not in on_node(handed_in, status["nodeName"], "ls", f"{place}/wd").split()
    uid = handed_in.live.get("tasks", handed_in.name, "leaves")["metadata"]["uid"]
    order = order_for(Held("kinds", "leaves", "leaves", uid))
    annotations = {"metadata": {"annotations": {ERASE_ANNOTATION: order}}}
    handed_in.live.patch("pods", handed_in.name, status["nodeName"], annotations)
    gone = ["timeout", "60", "sh", "-c", f"while [ -e {place} ]; do sleep 0.1; done; echo gone"]
    assert on_node(handed_in, status["nodeName"], *gone) == "gone\n"


def on_node(space: Space, node: str, *command: str) -> str:
    """What a command prints in the node's agent."""
    return space.installation.kubectl("exec", "-n", space.name, node, "-c", "agent", "--", *command)


def test_the_container_log_has_both_streams_whole(handed_in: Space) -> None:
    """A Pod is gone soon after its end, so its log is read while the task stays."""
    handed_in.task("stays", "kinds", f"{NOISE}; echo ready; sleep 300")
    pod = handed_in.until_state("tasks", "stays", "Running")["status"]["podName"]
    node = handed_in.live.get("tasks", handed_in.name, "stays")["status"]["nodeName"]
    out = on_node(handed_in, node, *until_last_line("stays"))
    log = handed_in.log(pod)
    assert sorted(log.splitlines()) == sorted([*out.splitlines(), "warning"])
    assert [line for line in log.splitlines() if line != "warning"] == out.splitlines()
    handed_in.live.delete("tasks", handed_in.name, "stays")
    handed_in.until_gone("pods", pod)


def until_last_line(task: str) -> list[str]:
    """A command that prints a task's output when its last line is there."""
    path = f"/mnt/batch/tasks/workitems/kinds/job-1/{task}/stdout.txt"
    return ["timeout", "30", "sh", "-c", f"tail -n +1 -f {path} | sed '/^ready$/q'"]


def test_variables_arrive_as_azure_batch_names_them_and_as_written(handed_in: Space) -> None:
    status = handed_in.completed("environment")
    node, root = status["nodeName"], "/mnt/batch/tasks"
    told = handed_in.read(node, f"{status['directory']}/stdout.txt").splitlines()
    variables = dict(line.split("=", 1) for line in told)
    wanted = {
        "AZ_BATCH_ACCOUNT_NAME": handed_in.name,
        "AZ_BATCH_ACCOUNT_URL": "https://kubernetes.default.svc/apis/millpond.dev/v1alpha1/namespaces/shared",
        "AZ_BATCH_POOL_ID": "shared",
        "AZ_BATCH_NODE_ID": node,
        "AZ_BATCH_JOB_ID": "kinds",
        "AZ_BATCH_TASK_ID": "environment",
        "AZ_BATCH_NODE_IS_DEDICATED": "true",
        "AZ_BATCH_NODE_ROOT_DIR": root,
        "AZ_BATCH_NODE_SHARED_DIR": f"{root}/shared",
        "AZ_BATCH_NODE_STARTUP_DIR": f"{root}/startup",
        "AZ_BATCH_NODE_MOUNTS_DIR": f"{root}/fsmounts",
        "AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES": str(64 * 2**20),
        "AZ_BATCH_TASK_DIR": f"{root}/{status['directory']}",
        "AZ_BATCH_TASK_WORKING_DIR": f"{root}/{status['directory']}/wd",
        "PWD": f"{root}/{status['directory']}/wd",
        "OWN": "$(AZ_BATCH_POOL_ID) $$ $HOME",
        "SHARED": "task",
    }
    assert {name: variables.get(name) for name in wanted} == wanted
    assert {name for name in variables if name.startswith("AZ_BATCH_")} <= set(wanted)


def test_a_command_is_split_into_words_and_nothing_in_it_is_expanded(handed_in: Space) -> None:
    status = handed_in.completed("words")
    out = handed_in.read(status["nodeName"], f"{status['directory']}/stdout.txt")
    assert out == 'one word|$(AZ_BATCH_POOL_ID)|$HOME|a"b|$$|'


FAILURES = [
    # task, exit code, category, code, retries, words of the message
    ("fails", 3, "UserError", "FailureExitCode", 0, "exit code 3"),
    ("tries", 4, "UserError", "FailureExitCode", 1, "exit code 4"),
    ("late", 143, "UserError", "TaskEnded", 0, "maxWallClockSeconds"),
    ("no-program", None, "UserError", "CommandProgramNotFound", 0, "no-such-program"),
    ("not-a-program", None, "UserError", "CommandLaunchFailed", 0, "/etc/passwd"),
    ("bad-image", None, "UserError", "ContainerInvalidImage", 0, "InvalidImageName"),
    ("no-image", None, "UserError", "ContainerInvalidRegistry", 0, "registry.invalid/no-such:1"),
    ("greedy", 137, "UserError", "FailureExitCode", 0, "resources.limits.memory"),
]


@pytest.mark.parametrize(("name", "code", "category", "failed", "retries", "words"), FAILURES)
def test_failures(
    handed_in: Space, name: str, code: int | None, category: str, failed: str, retries: int, words: str
) -> None:
    status = handed_in.completed(name)
    assert failure(status) == ("Failure", category, failed, retries)
    assert words in status["failure"]["message"]
    if code is not None:
        assert status["exitCode"] == code
    found = condition({"status": status}, "Succeeded")
    assert (found["status"], found["reason"], found["message"]) == ("False", failed, status["failure"]["message"])
    assert handed_in.until_event(name, "TaskFailed") == status["failure"]["message"]


def test_an_image_that_does_not_come_is_seen_while_it_is_awaited(shared: Space) -> None:
    shared.job("waiting", "shared")
    shared.task("pulling", "waiting", "true", containerSettings={"imageName": "registry.invalid/other:1"})
    seen = shared.until_state("tasks", "pulling", "Preparing")
    pod = seen["status"]["podName"]
    reasons = ("ErrImagePull", "ImagePullBackOff")
    shared.until("pods", pod, "says why it waits", lambda one: waiting_reason(one) in reasons)
    message = shared.completed("pulling")["failure"]["message"]
    assert "Correct the registry in the image's name" in message


def waiting_reason(pod: Document) -> str:
    states = [one["state"] for one in pod["status"].get("containerStatuses", ())]
    return next((state["waiting"]["reason"] for state in states if "waiting" in state), "")


def test_what_cannot_run_says_so_and_harms_nobody(handed_in: Space) -> None:
    torn = handed_in.until_told("tasks", "torn", "Scheduled", "InvalidCommandLine")
    assert torn["status"] == "False"
    assert "quot" in torn["message"]
    assert handed_in.until_event("torn", "InvalidCommandLine") == torn["message"]
    wide = handed_in.until_told("tasks", "wide", "Scheduled", "TooManySlots")
    assert "requiredSlots is 3" in wide["message"]
    assert "have 2" in wide["message"]
    orphan = handed_in.until_told("tasks", "orphan", "Scheduled", "JobNotFound")
    assert "no-such-job" in orphan["message"]
    handed_in.succeeded("whole")
    for name in ("torn", "wide", "orphan"):
        task = handed_in.live.get("tasks", handed_in.name, name)
        assert task["status"].get("state", "Active") == "Active"
        assert "podName" not in task["status"]


def test_a_job_that_comes_late_gives_its_tasks_their_place(handed_in: Space) -> None:
    handed_in.until_told("tasks", "orphan", "Scheduled", "JobNotFound")
    handed_in.job("no-such-job", "shared")
    handed_in.succeeded("orphan")


def test_a_deleted_running_task_leaves_nothing(shared: Space) -> None:
    shared.job("deletions", "shared")
    shared.task("unwanted", "deletions", "sleep 300")
    pod = shared.until_state("tasks", "unwanted", "Running")["status"]["podName"]
    shared.live.delete("tasks", shared.name, "unwanted")
    shared.until_gone("tasks", "unwanted")
    shared.until_gone("pods", pod)


def test_a_task_is_ended_by_its_desired_state(shared: Space) -> None:
    shared.job("endings", "shared")
    shared.task("ended", "endings", "sleep 300", constraints={"maxTaskRetryCount": 5})
    shared.until_state("tasks", "ended", "Running")
    shared.live.patch("tasks", shared.name, "ended", {"spec": {"desiredState": "Terminated"}})
    assert failure(shared.completed("ended")) == ("Failure", "UserError", "TaskEnded", 0)


def test_a_pod_deleted_by_hand_is_an_uncounted_requeue(shared: Space) -> None:
    shared.job("accidents", "shared")
    name = "bumped"
    shared.task(name, "accidents", "sleep 300")
    first = shared.until_state("tasks", name, "Running")["status"]
    shared.live.delete("pods", shared.name, first["podName"])

    def second(one: Document) -> bool:
        return bool(one["status"].get("attempt") == 2 and one["status"]["state"] == "Running")

    again = shared.until("tasks", name, "runs again", second)["status"]
    assert again["podName"] != first["podName"]
    assert (again["retryCount"], again["requeueCount"]) == (0, 0)
    shared.live.delete("tasks", shared.name, name)


def test_a_node_reports_what_its_host_does(shared: Space) -> None:
    """All hosts are this machine, so what an agent sees from its container is what is seen from here."""
    address = shared.nodes("shared", 2)[0]["status"]["ipAddress"]
    before = reading(address)
    shared.job("load", "shared")
    shared.task("spins", "load", "end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do :; done")
    shared.succeeded("spins")
    after, own = reading(address), take_reading(str(shared.installation.node_root), "/proc/1/net")
    assert after.cpu_busy_seconds - before.cpu_busy_seconds > 1.5
    told = {field for field, value in after._asdict().items() if value is not None}
    assert told == {field for field, value in own._asdict().items() if value is not None}
    assert after.disk_available_bytes == pytest.approx(own.disk_available_bytes, rel=0.05)


def reading(address: str) -> Any:
    with urllib.request.urlopen(f"http://{address}:{METRICS_PORT}/metrics", timeout=5) as answer:
        return read_reading(answer.read().decode())


def test_a_container_sees_what_its_settings_name_and_its_output_arrives(shared: Space) -> None:
    shared.job("bound", "shared")
    nothing = {"imageName": IMAGE, "workingDirectory": "ContainerImageDefault", "containerHostBatchBindMounts": []}
    parts = {
        "imageName": IMAGE,
        "containerHostBatchBindMounts": [{"source": "Task"}, {"source": "Shared", "isReadOnly": True}],
    }
    looks = "ls $AZ_BATCH_NODE_ROOT_DIR; echo mine >file; touch $AZ_BATCH_NODE_SHARED_DIR/intruder || echo refused"
    shared.task("bound-nothing", "bound", "ls $AZ_BATCH_NODE_ROOT_DIR || echo nothing", containerSettings=nothing)
    shared.task("bound-parts", "bound", looks, containerSettings=parts)
    for name, said in (("bound-nothing", ["nothing"]), ("bound-parts", ["shared", "workitems", "refused"])):
        shared.succeeded(name)
        assert shared.millpond("task", "stdout", name).split() == said
    node = shared.completed("bound-parts")["nodeName"]
    assert shared.read(node, "workitems/bound/job-1/bound-parts/wd/file") == "mine\n"
