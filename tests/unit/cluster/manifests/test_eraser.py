"""The Pod that erases a node's directory."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.containers import ImagePullSecret
from millpond.cluster.manifests.eraser import eraser_pod
from millpond.cluster.manifests.node_pod import node_pod
from millpond.control.actions import CreateEraser, CreateNodePod
from millpond.settings import Settings
from support.builders import POOL, SPACE, a_pool

SETTINGS = Settings(_env_file=None, image="millpond:test", node_root="/data/batch")
CREATE = CreateEraser(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa-eraser", host="host-1")
MANIFEST = eraser_pod(CREATE, "uid-node", (ImagePullSecret(name="registry"),), SETTINGS)


def test_it_goes_to_the_node_s_host_whatever_keeps_others_away() -> None:
    spec = MANIFEST["spec"]
    assert (spec["nodeName"], spec["tolerations"]) == ("host-1", [{"operator": "Exists"}])
    assert "resources" not in spec["containers"][0], "a host that is full must still be cleaned"
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert MANIFEST["metadata"]["labels"][labels.ROLE] == "eraser"
    assert [owner["uid"] for owner in MANIFEST["metadata"]["ownerReferences"]] == ["uid-node"]


def test_it_names_the_directory_that_the_node_pod_had() -> None:
    create = CreateNodePod(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa")
    made = node_pod(create, "uid-node", a_pool(), SETTINGS)["spec"]["volumes"][0]["hostPath"]["path"]
    (volume,) = MANIFEST["spec"]["volumes"]
    (container,) = MANIFEST["spec"]["containers"]
    (mount,) = container["volumeMounts"]
    root, name = container["command"][-2:]
    assert (mount["mountPath"], f"{volume['hostPath']['path']}/{name}") == (root, made)


def test_it_has_no_more_rights_than_it_needs() -> None:
    context = MANIFEST["spec"]["containers"][0]["securityContext"]
    assert context["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN", "DAC_OVERRIDE", "FOWNER"]}
    assert context["readOnlyRootFilesystem"]
    assert not context["allowPrivilegeEscalation"]
    assert MANIFEST["spec"]["automountServiceAccountToken"] is False
