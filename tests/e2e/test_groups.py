"""Multi-instance tasks on three real kubelets: they meet, coordinate, run one command, and end together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from support.binaries import ROOT
from support.installation import Installation, Space, shell, tool
from support.live import Document
from support.stores import ObjectStores

ENVIRONMENT = "env | grep -E '^(AZ_BATCH_(HOST|NODE)_LIST|AZ_BATCH_(MASTER|IS|TASK)|CCP|MILLPOND)' | sort"


@pytest.fixture(scope="module")
def trio(installation: Installation) -> Iterator[Space]:
    """A namespace with the pool `trio`: a node on each of three hosts, which reach each other."""
    (third,) = installation.cluster("add-node", "--node-cpu", "4", "--node-memory", "4Gi").split()
    space = Space.new(installation, "trio")
    space.pool("trio", 3, taskSlotsPerNode=1, enableInterNodeCommunication=True)
    space.nodes("trio", 3)
    space.job("groups", "trio")
    yield space
    space.leave()
    installation.cluster("remove-node", third)


def group(
    space: Space,
    name: str,
    coordination: str,
    application: str,
    instances: int = 3,
    common: list[Document] | None = None,
    **spec: object,
) -> None:
    settings: Document = {"numberOfInstances": instances, "coordinationCommandLine": shell(coordination)}
    settings |= {"commonResourceFiles": common} if common else {}
    space.task(name, "groups", application, multiInstanceSettings=settings, **spec)


def said(space: Space, status: Document, instance: int = 0) -> dict[str, str]:
    """What an instance wrote as NAME=value."""
    node, directory = status["nodeName"], status["directory"]
    if instance:
        (node,) = [one["nodeName"] for one in status["subtasks"] if one["id"] == instance]
        directory += f"/{instance}"
    lines = space.read(node, f"{directory}/stdout.txt").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_all_instances_coordinate_and_the_primary_alone_runs_the_application(trio: Space, stores: ObjectStores) -> None:
    read = "wc -c <$AZ_BATCH_TASK_SHARED_DIR/in/common | sed s/^/COMMON=/"
    common_files = [{"httpUrl": f"{stores.faults}/web/none/3.bin", "filePath": "in/common"}]
    group(trio, "meet", f"{ENVIRONMENT}; {read}", f"{ENVIRONMENT}; echo APPLICATION=ran", common=common_files)
    status = trio.completed("meet")
    assert (status["result"], status["exitCode"]) == ("Success", 0)
    assert [(one["id"], one["state"], one["exitCode"], one["result"]) for one in status["subtasks"]] == [
        (1, "Completed", 0, "Success"),
        (2, "Completed", 0, "Success"),
    ]
    assert len({status["nodeName"], *(one["nodeName"] for one in status["subtasks"])}) == 3
    root = "/mnt/batch/tasks"
    primary, *members = (said(trio, status, instance) for instance in range(3))
    hosts = primary["AZ_BATCH_HOST_LIST"].split(",")
    assert len(set(hosts)) == 3
    common = {
        "AZ_BATCH_HOST_LIST": ",".join(hosts),
        "AZ_BATCH_NODE_LIST": ";".join(hosts),
        "AZ_BATCH_MASTER_NODE": f"{hosts[0]}:6000",
        "CCP_NODES": " ".join(["3", *(f"{host} {primary['CCP_NODES'].split()[2]}" for host in hosts)]),
        "AZ_BATCH_TASK_ID": "meet",
        "COMMON": "3",
        "AZ_BATCH_TASK_SHARED_DIR": f"{root}/{status['directory']}",
        "AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES": primary[
            "AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES"
        ],
    }
    for instance, told in enumerate((primary, *members)):
        own = f"{root}/{status['directory']}" + (f"/{instance}" if instance else "")
        wanted = common | {
            "AZ_BATCH_TASK_DIR": own,
            "AZ_BATCH_TASK_WORKING_DIR": f"{own}/wd",
            "AZ_BATCH_IS_CURRENT_NODE_MASTER": "false" if instance else "true",
        }
        assert told == (wanted if instance else wanted | {"APPLICATION": "ran"})


def test_a_coordination_that_fails_once_is_tried_again_by_all(trio: Space) -> None:
    mark = "$AZ_BATCH_NODE_SHARED_DIR/failed"
    fails = f"if [ $AZ_BATCH_IS_CURRENT_NODE_MASTER = false ] && mkdir {mark}; then exit 3; fi"
    group(trio, "again", fails, "echo done", constraints={"maxTaskRetryCount": 3})
    status = trio.completed("again")
    assert (status["result"], status["retryCount"] > 0, status["requeueCount"]) == ("Success", True, 0)


def test_the_mpi_example_runs_on_three_nodes(installation: Installation, trio: Space) -> None:
    """The example's own task, in the pool of these tests: Open MPI over SSH, as a user would write it."""
    installation.cluster("load-image", tool(str(ROOT / "hack" / "images"), "mpi").strip())
    example = yaml.safe_load((ROOT / "examples" / "mpi" / "task.yaml").read_text())
    image = yaml.safe_load((ROOT / "examples" / "mpi" / "pool.yaml").read_text())["spec"]["nodeTemplate"]["image"]
    spec = example["spec"] | {"jobName": "groups", "containerSettings": {"imageName": image}}
    trio.task("heat", **{name: value for name, value in spec.items() if name != "jobName"}, job="groups")
    status = trio.completed("heat")
    told = trio.read(status["nodeName"], f"{status['directory']}/stdout.txt")
    assert (status["result"], status["retryCount"]) == ("Success", 0), told
    assert told.startswith("3 processes on 3 hosts: the largest error is ")


@pytest.mark.parametrize(
    ("name", "spec", "reason"),
    [("too-many", {"instances": 4}, "TooManyInstances"), ("wide", {}, "PoolFormsNoGroups")],
)
def test_a_group_that_the_pool_cannot_form_says_so(trio: Space, name: str, spec: Document, reason: str) -> None:
    if name == "wide":
        trio.pool("pairs", 0, taskSlotsPerNode=2, enableInterNodeCommunication=True)
        trio.job("pairs", "pairs")
        settings = {"numberOfInstances": 2, "coordinationCommandLine": "true"}
        trio.task(name, "pairs", "true", multiInstanceSettings=settings)
    else:
        group(trio, name, "true", "true", **spec)
    trio.until_told("tasks", name, "Scheduled", reason)
    assert reason in trio.millpond("explain", "task", name)
