"""The Pod that is a compute node."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api import labels
from millpond.api.commandline import CommandLineError
from millpond.api.resources import millicores
from millpond.cluster.manifests.node_pod import METRICS_PORT, node_pod, shrunk
from millpond.cluster.manifests.storage import only_on
from millpond.control.actions import CreateNodePod
from millpond.control.plan_nodes import AGENT_CPU_MILLIS as MOST_OF_A_SHRUNK_AGENT
from millpond.lifecycle.upgrade import version_of
from millpond.lifecycle.users import UserRefusedError
from millpond.settings import Settings
from support.builders import ON_CLAIMS, POOL, SPACE, a_pool
from support.restricted import complaints

SETTINGS = Settings(_env_file=None, image="millpond:test", task_uid=1234, task_gid=5678, agent_gid=91)
START = {"commandLine": "sh -c 'echo $X'", "environmentSettings": [{"name": "X", "value": "$(Y)"}]}


def _pod(**spec: Any) -> dict[str, Any]:
    create = CreateNodePod(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa-1")
    return node_pod(create, "uid-node", a_pool(**spec), SETTINGS)


def _named(pod: dict[str, Any], kind: str = "containers") -> dict[str, dict[str, Any]]:
    return {container["name"]: container for container in pod["spec"][kind]}


def test_identity() -> None:
    meta = _pod()["metadata"]
    assert (meta["name"], meta["namespace"]) == ("farm-aaaaa-1", SPACE)
    assert "finalizers" not in meta
    (owner,) = meta["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("ComputeNode", "farm-aaaaa", "uid-node")
    assert meta["labels"] == {
        "app.kubernetes.io/name": "millpond",
        "app.kubernetes.io/managed-by": "millpond",
        "app.kubernetes.io/component": "node",
        labels.POOL: POOL,
        labels.NODE: "farm-aaaaa",
        labels.ROLE: "node",
        labels.NODE_VERSION: version_of(a_pool().spec),
    }
    assert meta["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
    assert meta["annotations"]["karpenter.sh/do-not-disrupt"] == "true"


def test_one_node_a_host_whatever_pool_or_namespace() -> None:
    (term,) = _pod()["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert term["namespaceSelector"] == {}
    assert term["labelSelector"] == {"matchLabels": {labels.ROLE: "node"}}


def test_one_that_comes_back_to_its_host_asks_for_no_more_than_its_agent_needs() -> None:
    create = CreateNodePod(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa-1", host="host-1")
    template = {"image": "debian", "resources": {"cpu": "8", "memory": "16Gi"}}
    spec = node_pod(create, "uid-node", a_pool(nodeTemplate=template), SETTINGS)["spec"]
    assert spec["nodeName"] == "host-1"
    requests = spec["containers"][0]["resources"]["requests"]
    assert requests == shrunk("uid")[2]["value"]
    assert "nodeName" not in _pod(nodeTemplate=template)["spec"]


def test_placed_by_the_scheduler_where_the_template_admits() -> None:
    toleration = {"key": "batch", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}
    template = {
        "image": "debian",
        "hostSelector": {"matchLabels": {"type": "batch"}},
        "tolerations": [toleration],
    }
    spec = _pod(nodeTemplate=template)["spec"]
    assert "nodeName" not in spec
    assert spec["nodeSelector"] == {"type": "batch"}
    assert toleration in spec["tolerations"]
    effects = {(entry.get("key"), entry.get("effect")) for entry in spec["tolerations"]}
    assert ("node.kubernetes.io/not-ready", "NoExecute") in effects
    assert ("node.kubernetes.io/unreachable", "NoExecute") in effects
    assert not any(entry.get("key") in (None, labels.HOST_TAINT) for entry in spec["tolerations"])


def test_without_a_start_task() -> None:
    pod = _pod()
    assert list(_named(pod, "initContainers")) == ["layout"]
    assert list(_named(pod)) == ["agent", "sweeper"]
    assert labels.START_TASK not in pod["metadata"]["labels"]


def test_retained_files_give_way_where_the_pool_says_so() -> None:
    template = {"image": "debian", "storage": {"evictRetainedFiles": True}}
    assert "--evict" in _named(_pod(nodeTemplate=template))["sweeper"]["command"]
    assert "--evict" not in _named(_pod())["sweeper"]["command"]


def test_start_task_that_is_waited_for() -> None:
    pod = _pod(startTask=START | {"maxTaskRetryCount": 2, "resources": {"limits": {"memory": "1Gi"}}})
    assert list(_named(pod, "initContainers")) == ["layout", "start-task"]
    assert list(_named(pod)) == ["agent", "sweeper"]
    assert pod["metadata"]["labels"][labels.START_TASK] == "true"
    container = _named(pod, "initContainers")["start-task"]
    assert container["image"] == "debian"
    startup = "/mnt/batch/tasks/startup"
    assert container["command"] == [
        "/.millpond/launcher", "run", "--report-only", "--readable", "--retries", "2",
        "--directory", startup, "--working-directory", f"{startup}/wd", "--", "sh", "-c", "echo $$X",
    ]  # fmt: skip
    variables = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert variables["X"] == "$$(Y)"
    assert variables["AZ_BATCH_TASK_DIR"] == startup
    assert variables["AZ_BATCH_NODE_ID"] == "farm-aaaaa"
    assert "AZ_BATCH_TASK_ID" not in variables
    assert container["resources"]["limits"] == {"memory": "1Gi"}


def test_start_task_that_is_not_waited_for_runs_beside_the_agent_and_once() -> None:
    pod = _pod(startTask=START | {"waitForSuccess": False, "image": "own"})
    assert list(_named(pod, "initContainers")) == ["layout"]
    assert list(_named(pod)) == ["agent", "sweeper", "start-task"]
    assert _named(pod)["start-task"]["image"] == "own"
    assert pod["spec"]["restartPolicy"] == "OnFailure"


@pytest.mark.parametrize("wait", [True, False])
def test_what_users_bring_is_restricted_and_our_own_has_what_it_needs(wait: bool) -> None:
    pod = _pod(startTask=START | {"waitForSuccess": wait})
    assert pod["spec"]["automountServiceAccountToken"] is False
    found = [text for text in complaints(pod["spec"]) if "hostPath" not in text]
    assert {text.split(":")[0] for text in found} == {"layout", "sweeper"}
    layout = _named(pod, "initContainers")["layout"]["securityContext"]
    assert layout["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN", "DAC_OVERRIDE", "FOWNER"]}
    assert layout["allowPrivilegeEscalation"] is False
    agent = _named(pod)["agent"]["securityContext"]
    assert agent["readOnlyRootFilesystem"] is True
    assert (agent["runAsUser"], agent["runAsGroup"]) == (1234, 91)
    assert pod["spec"]["securityContext"]["supplementalGroups"] == [5678]


@pytest.mark.parametrize(
    ("identity", "user"),
    [
        (None, (1234, 5678)),
        ({"autoUser": {"elevationLevel": "Admin"}}, (0, 0)),
        ({"userName": "alice"}, (2001, 2002)),
    ],
)
def test_start_task_runs_as_its_user_and_owns_its_directory(
    identity: dict[str, Any] | None, user: tuple[int, int]
) -> None:
    account = {"name": "alice", "uid": 2001, "gid": 2002}
    pod = _pod(startTask=START | ({"userIdentity": identity} if identity else {}), userAccounts=[account])
    containers = _named(pod, "initContainers")
    context = containers["start-task"]["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == user
    assert containers["layout"]["command"][-6:] == [
        "--start-user", f"{user[0]}:{user[1]}", "--tasks-group", "5678", "--agents-group", "91",
    ]  # fmt: skip


def test_start_task_of_an_account_that_is_not_there() -> None:
    with pytest.raises(UserRefusedError, match="no user account bob"):
        _pod(startTask=START | {"userIdentity": {"userName": "bob"}})


def test_agent_asks_for_the_whole_node_and_is_shrunk_to_its_own() -> None:
    pod = _pod(nodeTemplate={"image": "debian", "resources": {"cpu": "2", "memory": "1Gi"}})
    assert _named(pod)["agent"]["resources"]["requests"] == {"cpu": "2000m", "memory": "1Gi"}
    uid, name, replace = shrunk("uid-pod")
    assert uid == {"op": "test", "path": "/metadata/uid", "value": "uid-pod"}
    assert name["value"] == pod["spec"]["containers"][0]["name"] == "agent"
    assert replace["path"] == "/spec/containers/0/resources/requests"
    assert millicores(replace["value"]["cpu"]) <= MOST_OF_A_SHRUNK_AGENT


def test_agent_of_a_pool_without_resources_needs_no_shrinking() -> None:
    requests = _named(_pod())["agent"]["resources"]["requests"]
    assert millicores(requests["cpu"]) <= MOST_OF_A_SHRUNK_AGENT


def test_start_task_whose_command_line_cannot_be_split() -> None:
    with pytest.raises(CommandLineError):
        _pod(startTask={"commandLine": "echo 'open"})


def test_agent_reports_at_a_named_port_and_sees_its_hosts_network_read_only() -> None:
    pod = _pod()
    agent = _named(pod)["agent"]
    assert agent["ports"] == [{"name": "metrics", "containerPort": METRICS_PORT, "protocol": "TCP"}]
    command = agent["command"]
    assert command[command.index("--port") + 1] == str(METRICS_PORT)
    (mount,) = [one for one in agent["volumeMounts"] if one["mountPath"] == command[command.index("--network") + 1]]
    assert mount["readOnly"] is True
    (volume,) = [one for one in pod["spec"]["volumes"] if one["name"] == mount["name"]]
    assert volume["hostPath"] == {"path": "/proc/1/net", "type": "Directory"}


def test_nothing_but_the_agent_sees_its_hosts_network() -> None:
    pod = _pod(startTask=START)
    others = [*pod["spec"]["initContainers"], *pod["spec"]["containers"][1:]]
    assert not [one["name"] for one in others for mount in one["volumeMounts"] if mount["name"] == "host-network"]


@pytest.mark.parametrize("wait", [True, False])
def test_on_a_claim_all_of_it_is_restricted(wait: bool) -> None:
    pod = _pod(startTask=START | {"waitForSuccess": wait}, nodeTemplate=ON_CLAIMS)
    assert complaints(pod["spec"]) == []
    assert pod["spec"]["volumes"][0]["persistentVolumeClaim"] == {"claimName": "farm-aaaaa"}
    context = pod["spec"]["securityContext"]
    assert (context["fsGroup"], context["fsGroupChangePolicy"]) == (5678, "OnRootMismatch")
    containers = _named(pod) | _named(pod, "initContainers")
    users = {(c["securityContext"]["runAsUser"], c["securityContext"]["runAsGroup"]) for c in containers.values()}
    assert users == {(1234, 5678)}, "they own each other's files"
    assert "--network" not in containers["agent"]["command"], "it would need the host's own"
    words = containers["layout"]["command"]
    assert words[words.index("--agents-group") + 1] == "5678"


def test_a_claim_without_a_volume_gets_one_on_the_node_s_host() -> None:
    create = CreateNodePod(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa", host="host-1")
    pool = a_pool(nodeTemplate=ON_CLAIMS)
    spec = node_pod(create, "uid-node", pool, SETTINGS, awaits_volume=True)["spec"]
    assert "nodeName" not in spec, "kube-scheduler chooses volumes"
    assert spec["affinity"]["nodeAffinity"] == only_on("host-1")
    assert "podAntiAffinity" in spec["affinity"]
    assert {"operator": "Exists", "effect": "NoSchedule"} in spec["tolerations"], "the host bears the pool's taint"
    assert node_pod(create, "uid-node", pool, SETTINGS)["spec"]["nodeName"] == "host-1"
