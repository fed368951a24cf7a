"""The NetworkPolicy of a pool: what reaches its Pods (reference §2.7)."""

from __future__ import annotations

from millpond.api import labels, naming
from millpond.api.network import InboundPort
from millpond.api.pool import Pool
from millpond.cluster.manifests.identity import owner
from millpond.cluster.manifests.layout import Manifest
from millpond.cluster.manifests.node_pod import METRICS_PORT


def network_policy(pool: Pool, operator_namespace: str) -> Manifest:
    """The manifest: inbound traffic to all Pods of the pool is closed, except what the Pool opens.

    The operator's namespace reaches the agents' measurements.
    """
    name, selector = pool.metadata.name, {"matchLabels": {labels.POOL: pool.metadata.name}}
    operator = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": operator_namespace}}}
    measured = {"from": [operator], "ports": [{"port": METRICS_PORT, "protocol": "TCP"}]}
    among = [{"from": [{"podSelector": selector}]}] if pool.spec.enable_inter_node_communication else []
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": naming.network_policy(name),
            "namespace": pool.metadata.namespace,
            "labels": {labels.APP_NAME: labels.OPERATOR, labels.MANAGED_BY: labels.OPERATOR, labels.POOL: name},
            "ownerReferences": [owner("Pool", name, pool.metadata.uid)],
        },
        "spec": {
            "podSelector": selector,
            "policyTypes": ["Ingress"],
            "ingress": [measured, *among, *map(_opening, pool.spec.network_configuration.inbound_ports)],
        },
    }


def _opening(port: InboundPort) -> Manifest:
    """A rule without `from` lets everybody in."""
    opening: Manifest = {"ports": [{"port": port.port, "protocol": port.protocol.value}]}
    if port.sources:
        opening["from"] = [{"ipBlock": {"cidr": source}} for source in port.sources]
    return opening
