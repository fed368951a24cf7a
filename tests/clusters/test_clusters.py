"""The native cluster tool, used as a person uses it: real control planes, real kubelets, real pods. Needs root."""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.census import census, more_than

TOOL = str(Path(__file__).resolve().parents[2] / "hack" / "cluster")
IMAGE = "millpond.dev/test/busybox:1"


def eventually(condition, what, timeout=60.0, detail=dict):
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < deadline, f"{what}: not so after {timeout:.0f} s {detail() or ''}"
        time.sleep(0.1)
    return result


def tool(*arguments, check=True):
    result = subprocess.run([TOOL, *arguments], capture_output=True, text=True, check=False, timeout=1500)
    assert not check or result.returncode == 0, f"hack/cluster {' '.join(arguments)}: {result.stderr}{result.stdout}"
    return result


class Cluster:
    """One instance under test, and its kubectl."""

    def __init__(self, name):
        self.name = name
        self.root = Path("/var/lib/millpond/clusters") / name

    def run(self, command, *arguments, check=True):
        return tool(command, "--name", self.name, *arguments, check=check)

    def ask_kubectl(self, *arguments, text=None):
        command = [
            f"{tool('build', 'kubectl').stdout.strip()}/kubectl",
            f"--kubeconfig={self.root}/kubeconfig",
            *arguments,
        ]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)

    def kubectl(self, *arguments, text=None):
        result = self.ask_kubectl(*arguments, text=text)
        assert result.returncode == 0, f"kubectl {' '.join(arguments)}: {result.stderr}"
        return result.stdout

    def answers(self, pod):
        """Whether the pod's kubelet runs a command in it: one that has just started does not know its pods yet."""
        return self.ask_kubectl("exec", pod, "--", "echo", "alive").stdout == "alive\n"

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def nodes(self):
        ready = {}
        for node in self.get("nodes")["items"]:
            conditions = {item["type"]: item["status"] for item in node["status"].get("conditions", [])}
            ready[node["metadata"]["name"]] = conditions.get("Ready") == "True"
        return ready

    def processes(self):
        return {path.name: path.read_text().split()[0] for path in (self.root / "processes").iterdir()}

    def pod(self, name, node, script, **spec):
        container = {
            "name": "main",
            "image": IMAGE,
            "imagePullPolicy": "Never",
            "command": ["sh", "-c", script],
            **spec.pop("container", {}),
        }
        document = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": name.split("-")[0]}, **spec.pop("metadata", {})},
            "spec": {"nodeName": node, "containers": [container], "terminationGracePeriodSeconds": 0, **spec},
        }
        self.kubectl("apply", "-f", "-", text=json.dumps(document))

    def wait_for_phase(self, name, phase):
        def pod():
            found = self.get("pod", name)
            return found if found["status"].get("phase") == phase else None

        return eventually(pod, f"pod {name} is {phase}")


@contextlib.contextmanager
def cluster_with_nothing_left(name):
    """A name to use; at the end the instance is taken down and the machine must be as it was."""
    before = census(TOOL)
    instance = Cluster(name)
    try:
        yield instance
    finally:
        instance.run("down")
    left = {}

    def nothing_is_left():
        left.clear()
        left.update(more_than(before, census(TOOL)))
        return not left

    eventually(nothing_is_left, "nothing is left", 20, detail=lambda: left)


@pytest.fixture(scope="module")
def cluster():
    with cluster_with_nothing_left(f"e2e-{os.getpid()}") as instance:
        instance.run("up", "--nodes", "2")
        instance.run("load-image", tool("test-image").stdout.strip())
        serve = "mkdir /www; echo $HOSTNAME >/www/index.html; echo serving; exec httpd -f -p 80 -h /www"
        for number in (1, 2):
            instance.pod(f"web-{number}", f"node-{number}", serve)
        instance.kubectl("expose", "pod", "web-1", "--name=web", "--port=80", "--selector=app=web")
        for number in (1, 2):
            instance.wait_for_phase(f"web-{number}", "Running")
        yield instance


def test_up_made_ready_nodes_and_a_second_up_changes_nothing(cluster):
    assert cluster.nodes() == {"node-1": True, "node-2": True}
    before = cluster.processes()
    result = cluster.run("up")
    assert result.stdout == f"{cluster.root}/kubeconfig\n"
    assert cluster.processes() == before
    assert cluster.run("kubeconfig").stdout == result.stdout
    assert cluster.run("status").returncode == 0


def test_pods_reach_each_other_across_nodes_and_through_a_service(cluster):
    addresses = {number: cluster.get("pod", f"web-{number}")["status"]["podIP"] for number in (1, 2)}
    for here in (1, 2):
        for there in (1, 2):
            answer = cluster.kubectl("exec", f"web-{here}", "--", "wget", "-qO-", f"http://{addresses[there]}/")
            assert answer == f"web-{there}\n"
    service = cluster.get("service", "web")["spec"]["clusterIP"]

    def both():
        script = f"for n in 1 2 3 4 5 6 7 8 9 10; do wget -qO- http://{service}/; done"
        return set(cluster.kubectl("exec", "web-1", "--", "sh", "-c", script).split()) == {"web-1", "web-2"}

    eventually(both, "the service leads to both pods")


def test_pods_reach_the_api_server_through_its_service(cluster):
    token = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    script = f"test -s {token} && nc -w 5 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT </dev/null && echo reached"
    assert cluster.kubectl("exec", "web-2", "--", "sh", "-c", script) == "reached\n"


def test_logs_and_exit_codes_come_back(cluster):
    assert cluster.kubectl("logs", "web-1") == "serving\n"
    cluster.pod("exit-1", "node-2", "echo out; exit 7", restartPolicy="Never")
    pod = cluster.wait_for_phase("exit-1", "Failed")
    assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 7
    assert cluster.kubectl("logs", "exit-1") == "out\n"


def test_a_memory_limit_is_held(cluster):
    limited = {"resources": {"limits": {"memory": "32Mi"}}}
    cluster.pod("greedy-1", "node-1", "tail /dev/zero", container=limited, restartPolicy="Never")
    state = cluster.wait_for_phase("greedy-1", "Failed")["status"]["containerStatuses"][0]["state"]
    assert (state["terminated"]["reason"], state["terminated"]["exitCode"]) == ("OOMKilled", 137)


def test_a_later_node_has_the_images_and_a_removed_one_leaves_the_others_alone(cluster):
    before = cluster.processes()
    name = cluster.run(
        "add-node", "--node-labels", "zone=b", "--node-cpu", "0.5", "--node-memory", "1Gi"
    ).stdout.strip()
    assert cluster.nodes() == {"node-1": True, "node-2": True, name: True}
    node = cluster.get("node", name)
    assert node["metadata"]["labels"]["zone"] == "b"
    assert node["status"]["allocatable"]["cpu"] == "500m"
    assert node["status"]["allocatable"]["memory"] == "1Gi"
    cluster.pod("late-1", name, "sleep 300", restartPolicy="Never")
    cluster.wait_for_phase("late-1", "Running")
    cluster.run("remove-node", name)
    assert cluster.nodes() == {"node-1": True, "node-2": True}
    assert cluster.processes() == before
    assert cluster.get("pod", "web-1")["status"]["containerStatuses"][0]["restartCount"] == 0
    assert name not in cluster.run("status").stdout
    assert "has no node" in cluster.run("remove-node", name, check=False).stderr


def test_simulated_nodes_run_pods_that_end_as_they_are_told(cluster):
    names = cluster.run("add-node", "--simulated", "5", "--task-seconds", "0.5").stdout.split()
    assert len(names) == 5
    assert all(cluster.nodes()[name] for name in names)
    told = {"millpond.dev/simulated-exit-code": "3"}
    cluster.pod("fake-1", names[0], "exit 1", restartPolicy="Never")
    cluster.pod("fake-2", names[1], "exit 1", restartPolicy="Never", metadata={"annotations": told})
    cluster.wait_for_phase("fake-1", "Succeeded")
    state = cluster.wait_for_phase("fake-2", "Failed")["status"]["containerStatuses"][0]["state"]
    assert state["terminated"]["exitCode"] == 3
    for name in names:
        cluster.run("remove-node", name)
    assert set(cluster.nodes()) == {"node-1", "node-2"}


def test_machines_are_nodes_and_marked_ones_go_first_even_if_their_controller_dies(cluster):
    before = cluster.nodes()
    cluster.run("machines", "up")
    template = {"spec": {"labels": {"zone": "m"}, "cpu": "0.5", "memory": "1Gi"}}
    document = {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "MachineDeployment",
        "metadata": {"name": "batch"},
        "spec": {"replicas": 2, "template": template},
    }
    cluster.kubectl("apply", "-f", "-", text=json.dumps(document))

    def machines():
        items = cluster.get("machines.cluster.x-k8s.io")["items"]
        return {item["metadata"]["name"]: item.get("status", {}).get("nodeRef", {}).get("name") for item in items}

    eventually(lambda: len(machines()) == 2 and all(machines().values()), "two machines are nodes", detail=machines)
    first, second = machines()["batch-1"], machines()["batch-2"]
    assert cluster.get("node", first)["metadata"]["labels"]["zone"] == "m"
    os.kill(int(cluster.processes()["machines"]), signal.SIGKILL)
    cluster.kubectl("annotate", "machines.cluster.x-k8s.io/batch-1", "cluster.x-k8s.io/delete-machine=")
    cluster.kubectl("scale", "machinedeployments.cluster.x-k8s.io/batch", "--replicas=1")
    assert cluster.run("status", check=False).returncode == 1
    cluster.run("up")
    eventually(lambda: machines() == {"batch-2": second}, "the marked one goes", detail=machines)
    assert cluster.nodes() == before | {second: True}
    cluster.run("machines", "down")
    assert cluster.nodes() == before
    assert "machines" not in cluster.processes()
    assert not cluster.ask_kubectl("get", "crds", "-o", "name").stdout


@pytest.mark.parametrize(
    "victims", [["node-1-kubelet"], ["node-1-containerd", "node-2-kube-proxy"], ["kube-scheduler", "etcd"]]
)
def test_what_died_is_seen_and_mended_without_harm_to_pods(cluster, victims):
    before, pod = cluster.processes(), cluster.get("pod", "web-1")
    for victim in victims:
        os.kill(int(before[victim]), signal.SIGKILL)
    eventually(lambda: cluster.run("status", check=False).returncode == 1, "status sees it")
    cluster.run("up")
    after = cluster.processes()
    assert all(after[victim] != before[victim] for victim in victims)
    assert cluster.run("status").returncode == 0
    container = cluster.get("pod", "web-1")["status"]["containerStatuses"][0]
    assert container["containerID"] == pod["status"]["containerStatuses"][0]["containerID"]
    eventually(lambda: cluster.answers("web-1"), "the pod that was there before answers")


def test_a_node_whose_namespaces_died_is_made_anew(cluster):
    os.kill(int(cluster.processes()["node-2-holder"]), signal.SIGKILL)
    cluster.run("up")
    assert cluster.nodes() == {"node-1": True, "node-2": True}
    eventually(lambda: cluster.answers("web-2"), "its pods run again")


def test_two_clusters_side_by_side(cluster):
    before = cluster.processes()
    with cluster_with_nothing_left(f"e2e-{os.getpid()}-b") as other:
        other.run("up", "--no-kubelets")
        assert other.nodes() == {}
        assert {cluster.name, other.name} <= {line.split("\t")[0] for line in tool("list").stdout.splitlines()}
        other.kubectl("create", "configmap", "only-here")
        assert "only-here" not in cluster.kubectl("get", "configmaps")
        assert "--no-kubelets" in other.run("add-node", check=False).stderr
        other.run("add-node", "--simulated")
        assert other.nodes() == {"simulated-1": True}
    assert cluster.processes() == before
    assert cluster.run("status").returncode == 0


@pytest.mark.parametrize(
    "reached", ["cluster.json", "processes/etcd", "processes/node-1-holder", "processes/node-2-kubelet"]
)
def test_killed_half_way_up_then_down_or_up(cluster, reached):
    with cluster_with_nothing_left(f"e2e-{os.getpid()}-k") as instance:
        command = [TOOL, "up", "--name", instance.name, "--nodes", "2"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as half:
            eventually((instance.root / reached).exists, f"{reached} is there")
            half.kill()
        assert half.returncode == -signal.SIGKILL
        if reached.endswith(("holder", "kubelet")):
            instance.run("up")
            assert instance.nodes() == {"node-1": True, "node-2": True}
            with subprocess.Popen([TOOL, "down", "--name", instance.name], stderr=subprocess.DEVNULL) as half:
                eventually(
                    lambda: not (instance.root / "kubeconfig").exists() or half.poll() is not None, "down has begun"
                )
                half.kill()


def test_down_of_what_is_not_there_and_of_names_that_cannot_be(cluster):
    assert "nothing to do" in tool("down", "--name", "e2e-none").stderr
    refused = tool("status", "--name", "e2e-none", check=False)
    assert (refused.returncode, refused.stderr.count("hack/cluster up --name e2e-none")) == (1, 1)
    assert "lower-case letters" in tool("up", "--name", "../x", check=False).stderr
    assert "neither a file nor an image" in cluster.run("load-image", "no.example/such:1", check=False).stderr
