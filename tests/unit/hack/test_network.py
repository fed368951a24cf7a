from nativecluster.layout import MAX_NODES, Plan
from nativecluster.network import firewall_rules, node_settings


def test_a_node_can_reach_the_pods_of_every_other_node_there_can_be():
    lines = node_settings(Plan(0), 2).splitlines()
    routes = [line for line in lines if line.startswith("route replace 10.")]
    assert len(routes) == MAX_NODES - 1
    assert "route replace 10.200.129.0/24 via 10.200.0.11" in routes
    assert not any(Plan(0).node_pods(2) in route for route in routes)
    assert "address replace 10.200.0.12/24 dev eth0" in lines


def test_firewall_rules_concern_the_instances_own_bridge_only():
    for rule in firewall_rules(Plan(7), "one"):
        assert rule[rule.index("-i") + 1] == "millpond7"
        assert any("one" in part for part in rule)
