"""Links and routes: one bridge per instance with the API server's address, one cable and one namespace per node.

Every node has the routes to all nodes there can be, so that adding one changes none of the others. Nothing of the
machine's own settings is changed; nodes reach each other and this machine, not the outside.
"""

from __future__ import annotations

import json
import shutil
import subprocess

from .layout import MAX_NODES, Plan
from .progress import ClusterError


def _run(*argv: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=False)


def _must(*argv: str, text: str | None = None) -> str:
    result = _run(*argv, text=text)
    if result.returncode:
        raise ClusterError(f"`{' '.join(argv)}` failed: {result.stderr.strip()}")
    return result.stdout


def has_link(name: str) -> bool:
    """Whether this machine has a link of that name."""
    return _run("ip", "link", "show", "dev", name).returncode == 0


def firewall_rules(plan: Plan, name: str) -> list[list[str]]:
    """Rules that let the instance's own traffic through where the machine's firewall would drop it."""
    mark = ["-m", "comment", "--comment", f"millpond native cluster {name}", "-j", "ACCEPT"]
    return [
        ["INPUT", "-i", plan.bridge, "-s", plan.network, *mark],
        ["FORWARD", "-i", plan.bridge, "-o", plan.bridge, *mark],
    ]


def connect(plan: Plan, name: str) -> None:
    """Make the bridge and the firewall rules, unless they are there."""
    for module in ("br_netfilter", "overlay", "nf_conntrack"):
        if shutil.which("modprobe"):
            _run("modprobe", "-q", module)  # built into many kernels; what is really missing shows in use
    if not has_link(plan.bridge):
        _must("ip", "link", "add", plan.bridge, "type", "bridge")
    _must("ip", "address", "replace", f"{plan.gateway}/24", "dev", plan.bridge)
    _must("ip", "link", "set", plan.bridge, "up")
    for rule in firewall_rules(plan, name):
        if _run("iptables", "-w", "-C", *rule).returncode:
            _must("iptables", "-w", "-I", *rule)


def disconnect(plan: Plan, name: str) -> None:
    """Remove the bridge, every cable of the instance, and its firewall rules."""
    if not shutil.which("ip"):
        return
    links = [link["ifname"] for link in json.loads(_must("ip", "-j", "link") or "[]")]
    for link in links:
        if link == plan.bridge or link.startswith(f"{plan.bridge}n"):
            _run("ip", "link", "delete", link)
    for rule in firewall_rules(plan, name):
        while _run("iptables", "-w", "-C", *rule).returncode == 0:
            _must("iptables", "-w", "-D", *rule)


def node_settings(plan: Plan, index: int) -> str:
    """The `ip -batch` lines that set up node `index`'s namespace."""
    lines = [
        "link set lo up",
        f"address replace {plan.node_address(index)}/24 dev eth0",
        "link set eth0 up",
        f"route replace default via {plan.gateway}",
    ]
    lines += [
        f"route replace {plan.node_pods(other)} via {plan.node_address(other)}"
        for other in range(1, MAX_NODES + 1)
        if other != index
    ]
    return "\n".join(lines) + "\n"


def plug(plan: Plan, index: int, holder: int) -> None:
    """Lay the cable between the bridge and the namespace of process `holder`, unless it is there."""
    link = plan.node_link(index)
    inside = ("nsenter", f"--net=/proc/{holder}/ns/net")
    if _run(*inside, "ip", "link", "show", "dev", "eth0").returncode:
        if has_link(link):
            _must("ip", "link", "delete", link)
        _must("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(holder))
    _must("ip", "link", "set", link, "master", plan.bridge, "up")
    _must(*inside, "ip", "-batch", "-", text=node_settings(plan, index))
    _must("ip", "route", "replace", plan.node_pods(index), "via", plan.node_address(index), "dev", plan.bridge)
    settings = "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables"
    _must(*inside, "sh", "-c", settings)


def unplug(plan: Plan, index: int) -> None:
    """Remove node `index`'s cable and the route to its pods."""
    _run("ip", "route", "delete", plan.node_pods(index))
    if has_link(plan.node_link(index)):
        _run("ip", "link", "delete", plan.node_link(index))
