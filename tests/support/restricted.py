"""The *restricted* Pod Security Standard, as our own predicate over a Pod's spec: what it says against it, in words."""

from collections.abc import Iterator
from typing import Any

Spec = dict[str, Any]

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
CAPABILITIES = {"NET_BIND_SERVICE"}
PROFILES = {"RuntimeDefault", "Localhost"}


def complaints(spec: Spec) -> list[str]:
    """All that *restricted* forbids in this Pod; empty when it is admitted."""
    found = [*_of_pod(spec)]
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind, []):
            found += [f"{container['name']}: {text}" for text in _of_container(container, spec)]
    return found


def _of_pod(spec: Spec) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"{field} is set"
    for volume in spec.get("volumes", []):
        if kinds := set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']} is a {', '.join(sorted(kinds))}"


def _of_container(container: Spec, spec: Spec) -> Iterator[str]:
    own, of_pod = container.get("securityContext", {}), spec.get("securityContext", {})

    def either(field: str) -> Any:
        return own.get(field, of_pod.get(field))

    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may escalate its privileges"
    if either("runAsNonRoot") is not True:
        yield "may run as root"
    if either("runAsUser") == 0:
        yield "runs as user 0"
    if (either("seccompProfile") or {}).get("type") not in PROFILES:
        yield "has no seccomp profile"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield "keeps capabilities"
    if extra := set(capabilities.get("add", [])) - CAPABILITIES:
        yield f"adds capabilities {', '.join(sorted(extra))}"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "takes a port of the host"
    if either("procMount") not in (None, "Default"):
        yield "unmasks /proc"
