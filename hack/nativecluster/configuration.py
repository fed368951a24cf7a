"""The configuration files of the cluster's programs, as values. Pure.

YAML files are written as JSON, which is YAML, so that no YAML library is needed.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

PAUSE_IMAGE = "millpond.dev/pause:1"
CNI_PLUGINS = "/usr/lib/cni"
_EVICTION_MEMORY_MIB = 100


def kubeconfig(url: str, authority: bytes, certificate: bytes, key: bytes, name: str) -> str:
    """A kubeconfig that holds everything it needs."""

    def encoded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": url, "certificate-authority-data": encoded(authority)}}],
            "users": [
                {
                    "name": name,
                    "user": {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)},
                }
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        },
        indent=2,
    )


def kubelet(
    *, folder: Path, certificates: Path, address: str, cgroup: str, reserved: dict[str, str], file: str
) -> dict[str, Any]:
    """A kubelet that shares its machine with other kubelets, on version 1 or 2 control groups."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": address,
        "healthzPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(certificates / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(certificates / f"{file}.crt"),
        "tlsPrivateKeyFile": str(certificates / f"{file}.key"),
        "containerRuntimeEndpoint": f"unix://{folder}/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "systemReserved": reserved,
        "podLogsDir": str(folder / "pod-logs"),
        "volumePluginDir": str(folder / "volume-plugins"),
        "staticPodPath": "",
        "maxPods": 200,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": f"{_EVICTION_MEMORY_MIB}Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
        },
        "oomScoreAdj": 0,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        "eventRecordQPS": 0,
        "nodeStatusUpdateFrequency": "5s",
        "shutdownGracePeriod": "0s",
    }


def reserved(total_cpus: int, total_memory_kib: int, cpu: str, memory: str) -> dict[str, str]:
    """What to withhold so that a node offers `cpu` cores and `memory` (Ki, Mi, Gi or bytes); empty: withhold none."""
    held: dict[str, str] = {}
    if cpu:
        wanted = int(cpu[:-1]) if cpu.endswith("m") else round(float(cpu) * 1000)
        held["cpu"] = f"{max(0, total_cpus * 1000 - wanted)}m"
    if memory:
        units = {"Ki": 1, "Mi": 1 << 10, "Gi": 1 << 20}
        wanted_kib = int(memory[:-2]) * units[memory[-2:]] if memory[-2:] in units else int(memory) >> 10
        held["memory"] = f"{max(0, total_memory_kib - wanted_kib - _EVICTION_MEMORY_MIB * 1024)}Ki"
    return held


def kube_proxy(*, kubeconfig_file: Path, node: str, address: str, pods: str) -> dict[str, Any]:
    """A kube-proxy inside a node's network namespace."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "bindAddress": address,
        "healthzBindAddress": f"{address}:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "clientConnection": {"kubeconfig": str(kubeconfig_file)},
        "hostnameOverride": node,
        "mode": "iptables",
        "clusterCIDR": pods,
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "oomScoreAdj": 0,
    }


def containerd(folder: Path) -> str:
    """A containerd of one node (TOML)."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{folder}/containerd/root"
state = "{folder}/containerd/state"

[grpc]
address = "{folder}/containerd.sock"

[{cri}]
sandbox_image = "{PAUSE_IMAGE}"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
disable_apparmor = true
tolerate_missing_hugetlb_controller = true

[{cri}.cni]
bin_dir = "{CNI_PLUGINS}"
conf_dir = "{folder}/cni"

[{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[{cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
Root = "{folder}/runc"
"""


def pod_network(network: str, pods: str, folder: Path) -> dict[str, Any]:
    """The CNI configuration of one node."""
    return {
        "cniVersion": "0.4.0",
        "name": network,
        "plugins": [
            {
                "type": "bridge",
                "bridge": "pods",
                "isGateway": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": pods}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                    "dataDir": str(folder / "addresses"),
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }
