"""The control plane: etcd, API server, controller manager, scheduler; KWOK and a controller of machines if wanted."""

from __future__ import annotations

import sys
from pathlib import Path

from . import binaries, certificates, cgroups, configuration, processes, stages
from .certificates import Subject
from .kube import Kube
from .layout import SOURCE, Instance, Plan
from .progress import ClusterError, step, wait_until
from .state import ClusterRecord, write_whole

MACHINES = "machines"
"""The name of the process that adds and removes nodes as MachineDeployments want."""

_CLIENTS = {
    "admin": Subject("millpond-admin", "system:masters"),
    "kubelet-client": Subject("kube-apiserver", "system:masters"),
    "controller-manager": Subject("system:kube-controller-manager"),
    "scheduler": Subject("system:kube-scheduler"),
    "kube-proxy": Subject("system:kube-proxy"),
}


def kubeconfig_of(instance: Instance, plan: Plan, file: str) -> str:
    """The kubeconfig of the user whose certificate is `file`."""
    folder = instance.certificates
    parts = [(folder / name).read_bytes() for name in ("ca.crt", f"{file}.crt", f"{file}.key")]
    return configuration.kubeconfig(plan.api_url, parts[0], parts[1], parts[2], f"millpond-{instance.name}")


def prepare(instance: Instance, plan: Plan) -> None:
    """Certificates and kubeconfigs."""
    folder = instance.certificates
    certificates.authority(folder)
    names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
    addresses = ("localhost", "127.0.0.1", plan.api_address, plan.kubernetes_service, *names)
    certificates.sign(folder, "apiserver", Subject("kube-apiserver", addresses=addresses))
    for file, subject in _CLIENTS.items():
        certificates.sign(folder, file, subject)
        if file != "kubelet-client":
            write_whole(folder / f"{file}.kubeconfig", kubeconfig_of(instance, plan, file), 0o600)
    write_whole(instance.kubeconfig, kubeconfig_of(instance, plan, "admin"), 0o600)


def start(instance: Instance, record: ClusterRecord) -> None:
    """Start whatever of the control plane does not run, and wait until it is healthy."""
    wanted = binaries.CONTROL_PLANE + (binaries.SIMULATED if record.simulated else ())
    programs = binaries.ensure(wanted)
    plan = record.plan
    prepare(instance, plan)
    kube = Kube(plan, instance.certificates)
    _start(instance, "etcd", [str(programs / "etcd"), *_etcd(instance, plan)])
    _start(instance, "kube-apiserver", [str(programs / "kube-apiserver"), *_apiserver(instance, record)])
    if not kube.is_ready():
        with step("API server"):
            wait_until(
                kube.is_ready,
                "the API server becomes ready",
                90,
                failed=lambda: _death(instance, "etcd", "kube-apiserver"),
            )
    _start(
        instance,
        "kube-controller-manager",
        [str(programs / "kube-controller-manager"), *_controller_manager(instance, plan)],
    )
    _start(instance, "kube-scheduler", [str(programs / "kube-scheduler"), *_scheduler(instance, plan)])
    if record.simulated:
        _start_kwok(instance, record, programs / "kwok")

    def has_defaults() -> bool:
        return kube.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")[0] == 200

    wait_until(
        has_defaults,
        "the controllers work (default service account)",
        60,
        failed=lambda: _death(instance, "kube-controller-manager", "kube-scheduler", "kube-apiserver"),
    )
    if record.machines:
        tool = [sys.executable, str(SOURCE.parent / "cluster"), "machines", "run", "--name", instance.name]
        _start(instance, MACHINES, tool)


def components(record: ClusterRecord) -> list[str]:
    """The names of the processes that must run."""
    names = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]
    return names + ["kwok"] * record.simulated + [MACHINES] * record.machines


def _group(instance: Instance) -> Path | None:
    return cgroups.make(f"{instance.cgroup}/control-plane") if cgroups.available() else None


def _start(instance: Instance, name: str, argv: list[str]) -> None:
    processes.start(instance.processes / name, instance.logs / f"{name}.log", argv, group=_group(instance))


def _death(instance: Instance, *names: str) -> str:
    for name in names:
        if processes.running(instance.processes / name) is None:
            log = instance.logs / f"{name}.log"
            return f"{name} has ended; the end of {log}:\n{processes.last_lines(log)}"
    return ""


def _etcd(instance: Instance, plan: Plan) -> list[str]:
    data = instance.etcd_data()
    data.mkdir(mode=0o700, exist_ok=True)
    peer = f"http://{plan.loopback}:2380"
    return [
        "--name=etcd",
        f"--data-dir={data}",
        f"--listen-client-urls={plan.etcd_url}",
        f"--advertise-client-urls={plan.etcd_url}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=etcd={peer}",
        "--unsafe-no-fsync",
        f"--quota-backend-bytes={8 << 30}",
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=5m",
        "--log-level=warn",
    ]


def _apiserver(instance: Instance, record: ClusterRecord) -> list[str]:
    folder, plan = instance.certificates, record.plan
    flags = [
        f"--etcd-servers={plan.etcd_url}",
        f"--bind-address={plan.api_address}",
        "--secure-port=6443",
        f"--service-cluster-ip-range={plan.services}",
        f"--client-ca-file={folder}/ca.crt",
        f"--tls-cert-file={folder}/apiserver.crt",
        f"--tls-private-key-file={folder}/apiserver.key",
        f"--kubelet-certificate-authority={folder}/ca.crt",
        f"--kubelet-client-certificate={folder}/kubelet-client.crt",
        f"--kubelet-client-key={folder}/kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-account-key-file={folder}/service-accounts.crt",
        f"--service-account-signing-key-file={folder}/service-accounts.key",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--enable-aggregator-routing=true",
        "--profiling=false",
    ]
    if record.kubelets:
        return [*flags, f"--advertise-address={plan.gateway}"]
    # without nodes nobody follows the `kubernetes` service, and a loopback address may not be its endpoint
    return [*flags, "--endpoint-reconciler-type=none"]


def _controller_manager(instance: Instance, plan: Plan) -> list[str]:
    folder = instance.certificates
    own = f"{folder}/controller-manager.kubeconfig"
    return [
        f"--kubeconfig={own}",
        f"--authentication-kubeconfig={own}",
        f"--authorization-kubeconfig={own}",
        f"--bind-address={plan.loopback}",
        f"--service-account-private-key-file={folder}/service-accounts.key",
        f"--root-ca-file={folder}/ca.crt",
        f"--cluster-signing-cert-file={folder}/ca.crt",
        f"--cluster-signing-key-file={folder}/ca.key",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--profiling=false",
    ]


def _scheduler(instance: Instance, plan: Plan) -> list[str]:
    own = f"{instance.certificates}/scheduler.kubeconfig"
    return [
        f"--kubeconfig={own}",
        f"--authentication-kubeconfig={own}",
        f"--authorization-kubeconfig={own}",
        f"--bind-address={plan.loopback}",
        "--leader-elect=false",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
        "--profiling=false",
    ]


def _start_kwok(instance: Instance, record: ClusterRecord, program: Path) -> None:
    """KWOK reads its stages at its start only: with other stages it is started anew."""
    file = instance.root / "stages.yaml"
    wanted = stages.documents(record.task_seconds)
    if not file.exists() or file.read_text() != wanted:
        processes.stop(instance.processes / "kwok")
        write_whole(file, wanted)
    _start(instance, "kwok", [str(program), f"--config={file}", *_kwok(instance, record.plan)])


def _kwok(instance: Instance, plan: Plan) -> list[str]:
    return [
        f"--kubeconfig={instance.kubeconfig}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        f"--cidr={plan.simulated_pods}",
        f"--node-ip={plan.api_address}",
        f"--server-address={plan.loopback}:10247",
        "--node-lease-duration-seconds=40",
    ]


def refuse_without(instance: Instance, plan: Plan) -> Kube:
    """The API of an instance that must be up."""
    kube = Kube(plan, instance.certificates)
    if not kube.is_ready():
        raise ClusterError(f"cluster {instance.name} does not answer: run `hack/cluster up --name {instance.name}`")
    return kube
