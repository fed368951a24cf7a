"""What reaches the Pods of a pool, as a NetworkPolicy."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.cluster.manifests.network_policy import network_policy
from support.builders import POOL, SPACE, a_pool

OPERATOR = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "millpond-system"}}}
MEASURED = {"from": [OPERATOR], "ports": [{"port": 9464, "protocol": "TCP"}]}
US = {"matchLabels": {"millpond.dev/pool": POOL}}
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "nothing": ({}, []),
    "the pool's own Pods": ({"enableInterNodeCommunication": True}, [{"from": [{"podSelector": US}]}]),
    "everybody at a port": (
        {"networkConfiguration": {"inboundPorts": [{"name": "web", "port": 80}]}},
        [{"ports": [{"port": 80, "protocol": "TCP"}]}],
    ),
    "some at a port": (
        {
            "networkConfiguration": {
                "inboundPorts": [{"name": "log", "port": 514, "protocol": "UDP", "sources": ["10.0.0.0/8", "fd00::/8"]}]
            }
        },
        [
            {
                "ports": [{"port": 514, "protocol": "UDP"}],
                "from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}, {"ipBlock": {"cidr": "fd00::/8"}}],
            }
        ],
    ),
}


@pytest.mark.parametrize(("spec", "ingress"), CASES.values(), ids=CASES)
def test_only_what_the_pool_opens_comes_in(spec: dict[str, Any], ingress: list[dict[str, Any]]) -> None:
    made = network_policy(a_pool(**spec), "millpond-system")
    assert made["spec"] == {"podSelector": US, "policyTypes": ["Ingress"], "ingress": [MEASURED, *ingress]}


def test_it_goes_with_its_pool() -> None:
    pool = a_pool()
    meta = network_policy(pool, "millpond-system")["metadata"]
    assert (meta["name"], meta["namespace"]) == (f"millpond-pool-{POOL}", SPACE)
    assert [(owner["kind"], owner["uid"]) for owner in meta["ownerReferences"]] == [("Pool", pool.metadata.uid)]
