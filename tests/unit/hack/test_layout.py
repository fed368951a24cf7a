from ipaddress import ip_address, ip_network
from itertools import combinations
from pathlib import Path

import pytest
from nativecluster.layout import MAX_NODES, SLOTS, Instance, Plan, checked_name
from nativecluster.progress import ClusterError


def test_instances_share_no_address_and_no_link():
    plans = [Plan(slot) for slot in range(SLOTS)]
    for one, other in combinations(plans, 2):
        assert not ip_network(one.network).overlaps(ip_network(other.network))
        assert one.loopback != other.loopback
        assert one.bridge != other.bridge


@pytest.mark.parametrize("slot", [0, SLOTS - 1])
def test_the_ranges_of_an_instance_are_disjoint_parts_of_its_network(slot):
    plan = Plan(slot)
    nodes = ip_network(f"{plan.gateway}/24", strict=False)
    parts = [nodes, *(ip_network(text) for text in (plan.simulated_pods, plan.services, plan.pods))]
    assert all(part.subnet_of(ip_network(plan.network)) for part in parts)
    assert not any(one.overlaps(other) for one, other in combinations(parts, 2))
    assert ip_address(plan.kubernetes_service) == next(ip_network(plan.services).hosts())


def test_nodes_have_addresses_and_pod_ranges_of_their_own():
    plan = Plan(3)
    addresses = {ip_address(plan.node_address(index)) for index in range(1, MAX_NODES + 1)}
    ranges = [ip_network(plan.node_pods(index)) for index in range(1, MAX_NODES + 1)]
    assert len(addresses) == MAX_NODES
    assert ip_address(plan.gateway) not in addresses
    assert all(address in ip_network(f"{plan.gateway}/24", strict=False) for address in addresses)
    assert len(set(ranges)) == MAX_NODES
    assert all(part.subnet_of(ip_network(plan.pods)) for part in ranges)


def test_link_names_fit_the_kernel_and_tell_instances_apart():
    names = {Plan(slot).node_link(index) for slot in range(SLOTS) for index in range(1, MAX_NODES + 1)}
    names |= {Plan(slot).bridge for slot in range(SLOTS)}
    assert len(names) == SLOTS * (MAX_NODES + 1)
    assert max(map(len, names)) <= 15


def test_without_kubelets_the_api_server_is_at_the_loopback_address():
    assert Plan(1).api_url == "https://10.201.0.1:6443"
    assert Plan(1, loopback_only=True).api_url == "https://127.201.0.1:6443"


@pytest.mark.parametrize("name", ["a", "millpond", "ci-2", "a" * 20])
def test_names_that_can_be_used(name):
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a/b", "..", "a b", "ä", "a" * 21])
def test_names_that_cannot_be_used_are_refused_with_the_rule(name):
    with pytest.raises(ClusterError, match="lower-case letters"):
        checked_name(name)


def test_socket_paths_fit_the_kernel():
    instance = Instance("a" * 20, Path("/var/lib/millpond/clusters") / ("a" * 20))
    for name in ("kubelet/pod-resources/kubelet.sock", "kubelet/device-plugins/kubelet.sock", "containerd.sock.ttrpc"):
        assert len(str(instance.node(f"node-{MAX_NODES}") / name)) <= 107
