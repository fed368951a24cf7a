"""What the hands do with nodes, hosts and pools, as a real API server stores it."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.pool import Pool
from millpond.api.resources import whole
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed, Room
from support.hands import CLAIM, Hands, a_host, a_start, a_task, document


async def test_node_and_its_pod_come_and_go(hands: Hands) -> None:
    create = act.CreateNode(namespace=hands.space, pool="farm", node="farm-aaaaa")
    pod = act.CreateNodePod(namespace=hands.space, pool="farm", node="farm-aaaaa", pod="farm-aaaaa")
    first, second = await hands.perform(create, pod)
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert [type(outcome) for outcome in await hands.perform(create, pod)] == [Done, Done]
    made = hands.get("computenode", "farm-aaaaa")
    assert made["metadata"]["ownerReferences"][0]["kind"] == "Pool"
    assert made["metadata"]["finalizers"] == [labels.NODE_FINALIZER]
    assert hands.get("pod", "farm-aaaaa")["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
    remove = act.RemoveNode(namespace=hands.space, node="farm-aaaaa", uid=made["metadata"]["uid"])
    release = act.ReleaseNode(namespace=hands.space, node="farm-aaaaa", uid=made["metadata"]["uid"])
    assert [type(outcome) for outcome in await hands.perform(remove, release)] == [Done, Done]
    assert hands.get("computenodes")["items"] == []
    assert [type(outcome) for outcome in await hands.perform(remove, release)] == [Done, Done]


async def test_node_pod_shrinks_in_place(hands: Hands) -> None:
    pool = hands.get("pool", "farm")
    pool["spec"]["nodeTemplate"]["resources"] = {"cpu": "2", "memory": "1Gi"}
    hands.world.observe_pool(Pool.model_validate(hands.apply(document("Pool", "farm", pool["spec"]))))
    create = act.CreateNode(namespace=hands.space, pool="farm", node="farm-aaaaa")
    pod = act.CreateNodePod(namespace=hands.space, pool="farm", node="farm-aaaaa", pod="farm-aaaaa")
    _, made = await hands.perform(create, pod)
    assert isinstance(made, Done)
    a_host(hands, "host-s")
    binding = {
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "farm-aaaaa"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "host-s"},
    }  # fmt: skip
    hands.server.request("POST", f"/api/v1/namespaces/{hands.space}/pods/farm-aaaaa/binding", binding)
    running = '{"status": {"phase": "Running"}}'
    hands.server.done(
        "patch", "pod", "farm-aaaaa", "-n", hands.space, "--subresource=status", "--type=merge", "-p", running
    )
    outcome = await hands.one(act.ShrinkNodePod(namespace=hands.space, pod="farm-aaaaa", uid=made.uid))
    assert isinstance(outcome, Done), outcome
    requests = hands.get("pod", "farm-aaaaa")["spec"]["containers"][0]["resources"]["requests"]
    assert requests["cpu"] == "20m"
    assert whole(requests["memory"]) == whole("64Mi")


async def test_host_is_claimed_measured_and_given_back(hands: Hands) -> None:
    foreign = {"key": "example.com/mine", "value": "x", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}
    host = a_host(hands, "host-c", [foreign])
    found = hands.server.got("node", host)["spec"]["taints"]
    other = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "other"},
        "spec": {
            "nodeName": host,
            "containers": [{"name": "a", "image": "a", "resources": {"requests": {"cpu": "1", "example.com/gpu": "1"},
                                                                     "limits": {"example.com/gpu": "1"}}}],
            "initContainers": [{"name": "s", "image": "s", "restartPolicy": "Always",
                                "resources": {"requests": {"cpu": "500m"}}}],
        },
    }  # fmt: skip
    hands.apply(other)
    await hands.one(a_start(hands, a_task(hands), host=host))
    claim = act.ClaimHost(namespace=hands.space, pool="farm", node="farm-aaaaa", host=host, claim=CLAIM)
    outcome = await hands.one(claim)
    assert isinstance(outcome, Done), outcome
    assert outcome.room == Room(4000 - 20 - 1500, 8 * 2**30 - 64 * 2**20, {"example.com/gpu": 1})
    node = hands.server.got("node", host)
    ours = {"key": labels.HOST_TAINT, "value": CLAIM, "effect": "NoSchedule"}
    assert node["metadata"]["labels"][labels.HOST_LABEL] == CLAIM
    assert [taint for taint in node["spec"]["taints"] if taint not in found] == [ours]
    assert all(taint in node["spec"]["taints"] for taint in found)
    version = node["metadata"]["resourceVersion"]
    assert isinstance(await hands.one(claim), Done)
    assert hands.server.got("node", host)["metadata"]["resourceVersion"] == version
    stranger = act.ClaimHost(namespace=hands.space, pool="farm", node="farm-bbbbb", host=host, claim="another.pool")
    assert isinstance(await hands.one(stranger), Missed)
    not_ours = act.ReleaseHost(namespace=hands.space, host=host, claim="another.pool")
    assert isinstance(await hands.one(not_ours), Done)
    assert hands.server.got("node", host)["metadata"]["resourceVersion"] == version
    release = act.ReleaseHost(namespace=hands.space, host=host, claim=CLAIM)
    assert isinstance(await hands.one(release), Done)
    node = hands.server.got("node", host)
    assert labels.HOST_LABEL not in node["metadata"]["labels"]
    assert node["spec"]["taints"] == found


async def test_a_pool_s_network_is_closed_and_opened(hands: Hands) -> None:
    close = act.CloseNetwork(namespace=hands.space, pool="farm")
    assert isinstance(await hands.one(close), Done)
    assert len(hands.get("networkpolicy", "millpond-pool-farm")["spec"]["ingress"]) == 1
    told = hands.get("networkpolicy", "millpond-pool-farm")
    assert isinstance(await hands.one(close), Done)
    assert hands.get("networkpolicy", "millpond-pool-farm") == told, "one that is right is not written"
    opened_by_hand = {**told, "spec": {**told["spec"], "ingress": [{}]}}
    hands.apply(opened_by_hand)
    assert isinstance(await hands.one(close), Done)
    assert hands.get("networkpolicy", "millpond-pool-farm")["spec"] == told["spec"]
    pool = hands.get("pool", "farm")
    pool["spec"]["networkConfiguration"] = {"inboundPorts": [{"name": "ssh", "port": 22, "sources": ["10.0.0.0/8"]}]}
    hands.world.observe_pool(Pool.model_validate(hands.apply(document("Pool", "farm", pool["spec"]))))
    assert isinstance(await hands.one(close), Done)
    _, opened = hands.get("networkpolicy", "millpond-pool-farm")["spec"]["ingress"]
    assert opened == {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 22, "protocol": "TCP"}]}
