"""The Pod that is a compute node: it finds a host, makes the node directory, runs the start task, keeps the agent."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.commandline import split_command_line
from millpond.api.mounts import CertificateVisibility
from millpond.api.nodetemplate import NodeClass, NodeTemplate, Storage
from millpond.api.pool import Pool
from millpond.api.resourcefile import secrets_of
from millpond.api.resources import millicores
from millpond.api.starttask import StartTask
from millpond.cluster.manifests.credentials import with_secrets
from millpond.cluster.manifests.environment import environment, literal
from millpond.cluster.manifests.fetching import FAILED, start_fetch
from millpond.cluster.manifests.identity import KEEP_HOST, SURVIVE_SILENCE, common_labels, owner
from millpond.cluster.manifests.layout import (
    LAUNCHER,
    ROOT,
    STARTUP,
    STARTUP_DIRECTORY,
    Manifest,
    launcher_mount,
    node_mount,
)
from millpond.cluster.manifests.mounts import Mounts, certificates, certificates_directory, file_systems
from millpond.cluster.manifests.packages import FOLLOW, installer, joined, variables_of, with_store
from millpond.cluster.manifests.security import of_agent, of_node_pod, of_user
from millpond.cluster.manifests.storage import (
    agents_group,
    node_volume,
    of_keeper,
    only_on,
    packages_user,
    user_in,
)
from millpond.cluster.manifests.sweeper import orders_volume, sweeper
from millpond.cluster.room import AGENT_CPU_MILLIS, AGENT_MEMORY_BYTES
from millpond.control.actions import CreateNodePod
from millpond.lifecycle.nodes import AGENT_CONTAINER, LAYOUT_CONTAINER
from millpond.lifecycle.starttask import START_TASK_CONTAINER
from millpond.lifecycle.upgrade import version_of
from millpond.lifecycle.users import User
from millpond.lifecycle.variables import Facts, Scope, service_variables
from millpond.settings import Settings

METRICS_PORT = 9464
"""Where agents report measurements."""
RENDEZVOUS_PORT = 9465
"""Where the instances of multi-instance tasks meet."""
HOST_NETWORK = "/host/net"
"""Where an agent sees the counters and routes of its host's network, which the node Pod is no part of."""
HOST_NETWORK_VOLUME = "host-network"
OWN_ROOM: Manifest = {"cpu": "10m", "memory": "32Mi"}
"""What containers ask for that make the node; there is more when they run, since the agent has asked for it."""


def node_pod(
    create: CreateNodePod, node_uid: str, pool: Pool, settings: Settings, *, awaits_volume: bool = False
) -> Manifest:
    """The manifest. Raises CommandLineError and UserRefusedError by the start task's command line and user.

    `awaits_volume`: it needs kube-scheduler also where its host is known, since that chooses the volume of its claim.
    """
    start_task, template = pool.spec.start_task, pool.spec.template_of(create.node_class)
    waits = start_task is not None and start_task.wait_for_success
    identity = start_task.user_identity if start_task is not None else None
    user = user_in(pool, identity, f"{create.node}/{STARTUP_DIRECTORY}", settings)
    storage = template.storage
    shared, shown = file_systems(pool.spec), _shown_to_start_task(pool)
    own = [_start_task(create, start_task, user, pool)] if start_task is not None else []
    files = start_task.resource_files if start_task is not None else ()
    fetching = start_fetch(files, STARTUP_DIRECTORY, user, settings)
    tags = common_labels(labels.Role.NODE, create.pool, create.node) | (shared + shown).labels
    tags[labels.NODE_VERSION] = version_of(pool.spec, create.node_class)
    if start_task is not None:
        tags[labels.START_TASK] = "true"
    packages = pool.spec.application_package_references
    made = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": create.pod,
            "namespace": create.namespace,
            "labels": tags,
            "annotations": dict(KEEP_HOST),
            "ownerReferences": [owner("ComputeNode", create.node, node_uid)],
        },
        "spec": {
            "restartPolicy": "Always" if waits or start_task is None else "OnFailure",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 5,
            **_placement(create, template, awaits_volume),
            "imagePullSecrets": [{"name": secret.name} for secret in template.image_pull_secrets],
            "securityContext": of_node_pod(settings.task_gid, has_volumes=storage.on_claims or bool(shared.volumes)),
            "volumes": [
                node_volume(storage, create.namespace, create.pool, create.node, settings),
                *([] if storage.on_claims else [_host_network()]),
                orders_volume(),
                *(shared + shown).volumes,
            ],
            "initContainers": [
                _layout(user, storage, settings),
                *installer(packages, storage, settings, OWN_ROOM),
                *fetching,
                *(own if waits else []),
            ],
            "containers": [
                _agent(create, pool, settings),
                sweeper(storage, settings, evicts=storage.evict_retained_files),
                *([] if waits else own),
            ],
        },
    }
    return with_store(with_secrets(made, secrets_of(files)), packages)


def _host_network() -> Manifest:
    return {"name": HOST_NETWORK_VOLUME, "hostPath": {"path": "/proc/1/net", "type": "Directory"}}


def _placement(create: CreateNodePod, template: NodeTemplate, awaits_volume: bool) -> Manifest:
    """Where it is to stand. One that comes back to its host stays there, whatever the template admits now."""
    tolerations = [t.model_dump(mode="json", by_alias=True, exclude_none=True) for t in template.tolerations]
    tolerations += SURVIVE_SILENCE
    if create.host is None:
        selector = dict(template.host_selector.match_labels)
        return {"nodeSelector": selector, "affinity": _one_node_a_host(), "tolerations": tolerations}
    if not awaits_volume:
        return {"nodeName": create.host, "affinity": _one_node_a_host(), "tolerations": tolerations}
    affinity = _one_node_a_host() | {"nodeAffinity": only_on(create.host)}
    return {"affinity": affinity, "tolerations": [*tolerations, {"operator": "Exists", "effect": "NoSchedule"}]}


def _one_node_a_host() -> Manifest:
    """No two nodes, of whichever pool, share a host."""
    term = {
        "topologyKey": "kubernetes.io/hostname",
        "namespaceSelector": {},
        "labelSelector": {"matchLabels": {labels.ROLE: labels.Role.NODE.value}},
    }
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def _layout(start: User, storage: Storage, settings: Settings) -> Manifest:
    group, installs = agents_group(storage, settings), packages_user(storage, settings)
    words = ["--start-user", f"{start.uid}:{start.gid}", "--packages-user", f"{installs.uid}:{installs.gid}"]
    words += ["--tasks-group", str(settings.task_gid), "--agents-group", str(group)]
    return {
        "name": LAYOUT_CONTAINER,
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": ["millpond", "agent", "layout", "--root", ROOT, *words],
        "resources": {"requests": OWN_ROOM},
        "volumeMounts": [node_mount()],
        "securityContext": of_keeper(storage, settings),
    }


def _agent(create: CreateNodePod, pool: Pool, settings: Settings) -> Manifest:
    """Asks for the whole node at first, so that node autoscalers choose the right machine; shrunk once it is placed.

    One that has its place already asks for what it needs.
    """
    template = pool.spec.template_of(create.node_class)
    wanted = template.resources if create.host is None else {}
    ports = ("--port", str(METRICS_PORT), "--rendezvous", str(RENDEZVOUS_PORT))
    sees_network = [] if template.storage.on_claims else ["--network", HOST_NETWORK]
    # It shows the mounted files with the node's own; and where one cannot be mounted, no task is let in.
    mounts = [node_mount(), *file_systems(pool.spec).read_only]
    if sees_network:
        mounts.append({"name": HOST_NETWORK_VOLUME, "mountPath": HOST_NETWORK, "readOnly": True})
    cpu = max(AGENT_CPU_MILLIS, millicores(wanted["cpu"])) if "cpu" in wanted else AGENT_CPU_MILLIS
    return {
        "name": AGENT_CONTAINER,
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": ["millpond", "agent", "run", "--root", ROOT, *ports, *sees_network],
        "ports": [
            {"name": "metrics", "containerPort": METRICS_PORT, "protocol": "TCP"},
            {"name": "rendezvous", "containerPort": RENDEZVOUS_PORT, "protocol": "TCP"},
        ],
        "resources": {"requests": {"cpu": f"{cpu}m", "memory": wanted.get("memory", str(AGENT_MEMORY_BYTES))}},
        "resizePolicy": [
            {"resourceName": "cpu", "restartPolicy": "NotRequired"},
            {"resourceName": "memory", "restartPolicy": "NotRequired"},
        ],
        "volumeMounts": mounts,
        "securityContext": of_agent(settings.task_uid, agents_group(template.storage, settings)),
    }


def shrunk(uid: str) -> list[Manifest]:
    """The JSON patch of subresource `resize` that leaves the node Pod of that uid with what its agent needs."""
    requests = {"cpu": f"{AGENT_CPU_MILLIS}m", "memory": str(AGENT_MEMORY_BYTES)}
    # A merge patch would replace the whole list of containers; the agent is the first of it.
    return [
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": "/spec/containers/0/name", "value": AGENT_CONTAINER},
        {"op": "replace", "path": "/spec/containers/0/resources/requests", "value": requests},
    ]


def _shown_to_start_task(pool: Pool) -> Mounts:
    """The certificates that the start task sees, if there is one."""
    return certificates(pool.spec, CertificateVisibility.START_TASK) if pool.spec.start_task is not None else Mounts()


def _start_task(create: CreateNodePod, start_task: StartTask, user: User, pool: Pool) -> Manifest:
    shown = _shown_to_start_task(pool)
    facts = Facts(
        create.namespace,
        create.pool,
        create.node,
        ROOT,
        STARTUP_DIRECTORY,
        dedicated=create.node_class is NodeClass.DEDICATED,
        certificates=certificates_directory(shown),
    )
    command = [LAUNCHER, "run", "--report-only", "--readable", "--retries", str(start_task.max_task_retry_count)]
    command += ["--unless", f"{STARTUP}/{FAILED}"] if start_task.resource_files else []
    packages = variables_of((pool.spec.application_package_references,))
    command += FOLLOW if packages else ()
    command += ["--directory", STARTUP, "--working-directory", f"{STARTUP}/wd", "--"]
    command += split_command_line(start_task.command_line)
    variables = environment((start_task.environment_settings,), service_variables(Scope.START, facts))
    return {
        "name": START_TASK_CONTAINER,
        "image": start_task.image or pool.spec.node_template.image,
        "imagePullPolicy": pool.spec.node_template.image_pull_policy.value,
        "command": [literal(word) for word in command],
        "env": joined(variables, packages),
        "resources": start_task.resources.as_document(),
        "volumeMounts": [node_mount(), launcher_mount(), *(file_systems(pool.spec) + shown).places],
        "securityContext": of_user(user),
    }
