import base64
import json
import tomllib
from pathlib import Path

import pytest
from nativecluster import configuration

FOLDER = Path("/state/nodes/node-1")


def test_a_kubeconfig_holds_all_it_needs():
    config = json.loads(
        configuration.kubeconfig("https://10.200.0.1:6443", b"authority", b"certificate", b"key", "one")
    )
    assert config["current-context"] == "one"
    assert config["contexts"] == [{"name": "one", "context": {"cluster": "one", "user": "one"}}]
    assert config["clusters"][0]["cluster"]["server"] == "https://10.200.0.1:6443"
    assert base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]) == b"authority"
    assert base64.b64decode(config["users"][0]["user"]["client-key-data"]) == b"key"


def test_a_kubelet_keeps_to_its_own_folders_and_group():
    config = configuration.kubelet(
        folder=FOLDER,
        certificates=Path("/state/certificates"),
        address="10.200.0.11",
        cgroup="millpond/one/node-1",
        reserved={},
        file="node-1",
    )
    assert config["cgroupRoot"] == "/millpond/one/node-1"
    assert config["enforceNodeAllocatable"] == []
    assert config["failCgroupV1"] is False
    assert config["authentication"]["anonymous"] == {"enabled": False}
    for name in ("podLogsDir", "volumePluginDir"):
        assert Path(config[name]).is_relative_to(FOLDER)
    assert config["containerRuntimeEndpoint"] == f"unix://{FOLDER}/containerd.sock"


def test_containerds_configuration_is_toml_with_its_own_folders():
    config = tomllib.loads(configuration.containerd(FOLDER))
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    assert {config["root"], config["state"]} == {f"{FOLDER}/containerd/root", f"{FOLDER}/containerd/state"}
    assert cri["restrict_oom_score_adj"] is True
    assert cri["containerd"]["runtimes"]["runc"]["options"]["Root"] == f"{FOLDER}/runc"


RESERVED = {
    "nothing asked": ("", "", {}),
    "whole cores": ("2", "", {"cpu": "6000m"}),
    "parts of a core": ("0.5", "", {"cpu": "7500m"}),
    "thousandths": ("1500m", "", {"cpu": "6500m"}),
    "more than there is": ("16", "", {"cpu": "0m"}),
    "memory, with what eviction holds back": ("", "2Gi", {"memory": f"{(16 - 2) * 1024 * 1024 - 100 * 1024}Ki"}),
    "memory in bytes": ("", str(1 << 30), {"memory": f"{15 * 1024 * 1024 - 100 * 1024}Ki"}),
    "both": ("8", "16Gi", {"cpu": "0m", "memory": "0Ki"}),
}


@pytest.mark.parametrize(("cpu", "memory", "expected"), RESERVED.values(), ids=RESERVED)
def test_what_a_node_withholds(cpu, memory, expected):
    assert configuration.reserved(8, 16 * 1024 * 1024, cpu, memory) == expected


def test_the_pod_network_gives_addresses_of_the_nodes_range():
    bridge = configuration.pod_network("one", "10.200.129.0/24", FOLDER)["plugins"][0]
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.200.129.0/24"}]]
    assert Path(bridge["ipam"]["dataDir"]).is_relative_to(FOLDER)
