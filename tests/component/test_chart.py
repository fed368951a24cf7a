"""The Helm chart as Helm itself renders it: what it grants, how it runs, what it refuses."""

import json
from typing import Any

import pytest
import yaml
from millpond.api import labels
from millpond.settings import Settings
from support import helm, restricted

EVERYTHING: helm.Document = {
    "replicas": 2,
    "metrics": {"podMonitor": {"enabled": True, "labels": {"release": "prometheus"}}},
    "networkPolicy": {"enabled": True},
    "flowControl": {"enabled": True},
    "jobTokens": {"enabled": True},
    "providers": {"scale": [{"apiGroup": "cluster.x-k8s.io", "resource": "machinedeployments"}], "kwok": True},
    "priorityClassName": "system-cluster-critical",
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"operator": "Exists"}],
    "imagePullSecrets": [{"name": "registry"}],
    "podAnnotations": {"team": "batch"},
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}],
}
PREFIX = "MILLPOND_"


def roles(documents: list[helm.Document]) -> list[helm.Document]:
    return helm.of_kind(documents, "ClusterRole") + helm.of_kind(documents, "Role")


def rules_of_operator(documents: list[helm.Document]) -> dict[tuple[str, str], set[str]]:
    """Verbs by group and resource, over the roles bound to the operator."""
    bound = {
        d["roleRef"]["name"] for kind in ("ClusterRoleBinding", "RoleBinding") for d in helm.of_kind(documents, kind)
    }
    granted: dict[tuple[str, str], set[str]] = {}
    for role in roles(documents):
        if role["metadata"]["name"] in bound:
            for rule in role["rules"]:
                for group in rule["apiGroups"]:
                    for resource in rule["resources"]:
                        granted.setdefault((group, resource), set()).update(rule["verbs"])
    return granted


def pod_specs(documents: list[helm.Document]) -> dict[str, helm.Document]:
    found = {d["metadata"]["name"]: d["spec"]["template"]["spec"] for d in helm.of_kind(documents, "Deployment")}
    return found | {d["metadata"]["name"]: d["spec"] for d in helm.of_kind(documents, "Pod")}


def environment(documents: list[helm.Document]) -> dict[str, Any]:
    (container,) = helm.the(documents, "Deployment")["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable for variable in container["env"]}


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_lint_has_nothing_to_say(values: helm.Document) -> None:
    result = helm.run("lint", "--strict", str(helm.CHART), values=values)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_what_the_operator_may_do(values: helm.Document) -> None:
    own = ["pools", "computenodes", "jobs", "tasks", "jobschedules"]
    granted = rules_of_operator(helm.rendered(values | {"jobTokens": {"enabled": False}, "providers": {}}))
    assert granted == {
        ("millpond.dev", "pools"): {"get", "list", "watch", "create", "patch", "delete"},
        ("millpond.dev", "computenodes"): {"get", "list", "watch", "create", "delete", "patch"},
        ("millpond.dev", "jobs"): {"get", "list", "watch", "create", "patch", "delete"},
        ("millpond.dev", "tasks"): {"get", "list", "watch", "create", "delete", "deletecollection"},
        ("millpond.dev", "jobschedules"): {"get", "list", "watch", "patch"},
        **{("millpond.dev", f"{kind}/status"): {"patch"} for kind in own},
        ("", "pods"): {"get", "list", "watch", "create", "patch", "delete", "deletecollection"},
        ("", "pods/resize"): {"patch"},
        ("", "nodes"): {"get", "list", "watch", "patch"},
        ("", "configmaps"): {"get", "create", "patch"},
        ("", "persistentvolumeclaims"): {"get", "create", "delete"},
        ("networking.k8s.io", "networkpolicies"): {"get", "create", "patch"},
        ("events.k8s.io", "events"): {"create", "list"},
        ("coordination.k8s.io", "leases"): {"get", "create", "patch"},
    }


@pytest.mark.parametrize(
    ("providers", "more"),
    [
        ({"kwok": True}, {("", "nodes"): {"get", "list", "watch", "patch", "create", "delete"}}),
        (
            {"scale": [{"apiGroup": "cluster.x-k8s.io", "resource": "machinedeployments"}]},
            {
                ("cluster.x-k8s.io", "machinedeployments/scale"): {"get", "patch"},
                ("cluster.x-k8s.io", "machines"): {"list", "patch"},
            },
        ),
        (
            {"scale": [{"apiGroup": "karpenter.sh", "resource": "nodepools"}]},
            {("karpenter.sh", "nodepools/scale"): {"get", "patch"}},
        ),
    ],
    ids=["kwok", "cluster-api", "karpenter"],
)
def test_what_providers_add_to_that(providers: helm.Document, more: dict[tuple[str, str], set[str]]) -> None:
    plain = rules_of_operator(helm.rendered({}))
    assert rules_of_operator(helm.rendered({"providers": providers})) == plain | more


@pytest.mark.parametrize("item", [{"apiGroup": "*", "resource": "pods"}, {"apiGroup": "apps", "resource": "*"}, {}])
def test_what_may_be_scaled_is_named(item: helm.Document) -> None:
    result = helm.run("lint", "--strict", str(helm.CHART), values={"providers": {"scale": [item]}})
    assert result.returncode != 0


def test_tokens_of_jobs_cost_the_operator_three_rights_and_are_off_by_default() -> None:
    without = rules_of_operator(helm.rendered())
    documents = helm.rendered({"jobTokens": {"enabled": True}})
    granted = rules_of_operator(documents)
    assert {what: verbs for what, verbs in granted.items() if what not in without} == {
        ("", "serviceaccounts"): {"get", "create"},
        ("rbac.authorization.k8s.io", "rolebindings"): {"get", "create"},
        ("rbac.authorization.k8s.io", "clusterroles"): {"bind"},
    }
    (bind,) = [rule for role in roles(documents) for rule in role["rules"] if "bind" in rule["verbs"]]
    assert bind["resourceNames"] == [environment(documents)["MILLPOND_JOB_TOKEN_ROLE"]["value"]] == ["millpond-job"]
    (role,) = [role for role in roles(documents) if role["metadata"]["name"] == "millpond-job"]
    assert role["rules"] == [
        {"apiGroups": ["millpond.dev"], "resources": ["tasks"], "verbs": ["get", "list", "watch", "create"]}
    ]
    assert "MILLPOND_JOB_TOKEN_ROLE" not in environment(helm.rendered())


def test_no_role_has_a_wildcard_or_secrets() -> None:
    for role in roles(helm.rendered(EVERYTHING)):
        for rule in role["rules"]:
            words = [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            assert not [word for word in words if "*" in word], role["metadata"]["name"]
            assert "secrets" not in rule["resources"], role["metadata"]["name"]


def test_users_get_millpond_through_the_built_in_roles() -> None:
    documents = {role["metadata"]["name"]: role for role in roles(helm.rendered())}
    view, edit = documents["millpond-view"], documents["millpond-edit"]
    aggregated = "rbac.authorization.k8s.io/aggregate-to-"
    assert {key for key in view["metadata"]["labels"] if key.startswith(aggregated)} == {
        f"{aggregated}{role}" for role in ("view", "edit", "admin")
    }
    assert {key for key in edit["metadata"]["labels"] if key.startswith(aggregated)} == {
        f"{aggregated}{role}" for role in ("edit", "admin")
    }
    assert {verb for rule in view["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert not [rule for rule in edit["rules"] if any(name.endswith("/status") for name in rule["resources"])]


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_pods_pass_the_restricted_standard(values: helm.Document) -> None:
    specs = pod_specs(helm.rendered(values))
    assert specs
    for name, spec in specs.items():
        assert restricted.complaints(spec) == [], name
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"hostNetwork": True}, "hostNetwork is set"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, "volume v is a hostPath"),
        ({"containers": [{"name": "c"}]}, "c: keeps capabilities"),
    ],
)
def test_the_restricted_predicate_says_no(change: helm.Document, complaint: str) -> None:
    spec = pod_specs(helm.rendered())["millpond"] | change
    assert complaint in restricted.complaints(spec)


def test_every_variable_is_a_setting() -> None:
    everything = {"settings": {name: _some_value(schema) for name, schema in chart_settings().items()}}
    everything["jobTokens"] = {"enabled": True}
    names = {name for name in environment(helm.rendered(everything)) if name.startswith(PREFIX)}
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields if field != "kubeconfig"}
    assert names == known


def test_settings_have_the_operators_bounds_and_words() -> None:
    of_model = Settings.model_json_schema()["properties"]
    for name, schema in chart_settings().items():
        field = of_model["".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)]
        for bound in ("minimum", "maximum", "exclusiveMinimum", "maxLength", "pattern"):
            assert schema.get(bound) == field.get(bound), (name, bound)
        assert schema["description"] == field.get("description", schema["description"]), name
        assert None in schema["enum"] if "enum" in schema else schema["type"] == [field["type"], "null"], name


def test_values_name_every_setting() -> None:
    values = yaml.safe_load((helm.CHART / "values.yaml").read_text())
    assert values["settings"] == dict.fromkeys(chart_settings())


def test_settings_arrive_as_given() -> None:
    values = {"settings": {"taskUid": 1000000, "gather": 0.05, "nodeRoot": "/srv/batch"}}
    variables = environment(helm.rendered(values))
    assert variables["MILLPOND_TASK_UID"]["value"] == "1000000"
    assert variables["MILLPOND_GATHER"]["value"] == "0.05"
    assert variables["MILLPOND_NODE_ROOT"]["value"] == "/srv/batch"
    assert "MILLPOND_RESYNC" not in variables


def chart_settings() -> dict[str, helm.Document]:
    schema = json.loads((helm.CHART / "values.schema.json").read_text())
    settings: dict[str, helm.Document] = schema["properties"]["settings"]["properties"]
    return settings


def _some_value(schema: helm.Document) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    return "/a" if schema["type"][0] == "string" and "/" in schema.get("pattern", "") else _BY_TYPE[schema["type"][0]]


_BY_TYPE = {"string": "a", "integer": 7, "number": 0.5}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"replica": 1}, "additional properties 'replica' not allowed"),
        ({"settings": {"nodeLostTime": 5}}, "at '/settings': additional properties 'nodeLostTime' not allowed"),
        ({"image": {"tags": "1"}}, "at '/image': additional properties 'tags' not allowed"),
        ({"replicas": "two"}, "at '/replicas': got string, want integer"),
        ({"settings": {"requestConcurrency": 0}}, "at '/settings/requestConcurrency': minimum: got 0, want 1"),
        ({"extraEnv": [{"name": "MILLPOND_IMAGE", "value": "x"}]}, "at '/extraEnv/0/name'"),
    ],
)
def test_the_schema_refuses(values: helm.Document, message: str) -> None:
    result = helm.template(values)
    assert result.returncode != 0
    assert message in result.stderr


@pytest.mark.parametrize(("keep", "policy"), [(True, "keep"), (False, None)])
def test_definitions_are_kept_at_uninstall(keep: bool, policy: str | None) -> None:
    definitions = helm.of_kind(helm.rendered({"crds": {"keep": keep}}), "CustomResourceDefinition")
    assert len(definitions) == 5
    for definition in definitions:
        assert definition["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == policy


def test_definitions_can_be_left_out() -> None:
    assert helm.of_kind(helm.rendered({"crds": {"install": False}}), "CustomResourceDefinition") == []


def test_the_image_runs_operator_and_agents() -> None:
    documents = helm.rendered({"image": {"repository": "registry.example/millpond", "tag": "1.2.3"}})
    (container,) = helm.the(documents, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/millpond:1.2.3"
    assert environment(documents)["MILLPOND_IMAGE"]["value"] == container["image"]
    assert container["command"] == ["millpond", "operator"]


def test_a_digest_wins_over_the_tag() -> None:
    digest = f"sha256:{'0' * 64}"
    documents = helm.rendered({"image": {"tag": "1", "digest": digest}})
    (container,) = helm.the(documents, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"millpond.dev/millpond@{digest}"


def test_an_old_kubernetes_is_refused() -> None:
    result = helm.run("template", "millpond", str(helm.CHART), "--kube-version", "1.32.9")
    assert result.returncode != 0
    assert ">=1.33.0-0" in result.stderr


def test_selectors_find_the_operator_and_nothing_else() -> None:
    documents = helm.rendered(EVERYTHING)
    labels = helm.the(documents, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        helm.the(documents, "Deployment")["spec"]["selector"]["matchLabels"],
        helm.the(documents, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        helm.the(documents, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        helm.the(documents, "PodMonitor")["spec"]["selector"]["matchLabels"],
        helm.the(documents, "Service")["spec"]["selector"],
    ]
    hook = helm.the(documents, "Pod")["metadata"]["labels"].items()
    for selector in selectors:
        assert selector.items() <= labels
        assert not selector.items() <= hook


def test_the_operator_may_run_on_claimed_hosts() -> None:
    for spec in pod_specs(helm.rendered()).values():
        assert {"key": labels.HOST_TAINT, "operator": "Exists", "effect": "NoSchedule"} in spec["tolerations"]


def test_namespaced_documents_name_the_release_namespace() -> None:
    cluster_wide = {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "FlowSchema",
        "PriorityLevelConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }
    for document in helm.rendered(EVERYTHING):
        if document["kind"] not in cluster_wide:
            assert document["metadata"]["namespace"] == helm.NAMESPACE, document["kind"]
