"""What KWOK does with simulated nodes and their pods, as KWOK's Stage documents. Pure.

A simulated node is Ready at once. A pod on it runs at once; one that is not restarted (restartPolicy Never) ends after
the instance's duration, or after its own annotation `millpond.dev/simulated-duration` (such as 2.5s), with the exit
code of its annotation `millpond.dev/simulated-exit-code` (0 without one). A deleted pod is gone at once.
"""

from __future__ import annotations

import json
from typing import Any

DURATION = "millpond.dev/simulated-duration"
EXIT_CODE = "millpond.dev/simulated-exit-code"

_NODE_READY = """
{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
addresses:
- type: InternalIP
  address: {{ NodeIP | Quote }}
- type: Hostname
  address: {{ .metadata.name | Quote }}
nodeInfo:
  architecture: amd64
  bootID: ""
  containerRuntimeVersion: {{ printf "kwok-%s" Version }}
  kernelVersion: simulated
  kubeProxyVersion: simulated
  kubeletVersion: simulated
  machineID: ""
  operatingSystem: linux
  osImage: simulated
  systemUUID: ""
phase: Running
"""

_POD_RUNNING = """
{{ $now := Now }}
phase: Running
startTime: {{ $now | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
{{ $meta := .metadata }}
podIP: {{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) $meta.uid $meta.name $meta.namespace | Quote }}
conditions:
{{ range $type := list "Initialized" "ContainersReady" "Ready" }}
- type: {{ $type }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  restartCount: 0
  ready: true
  state:
  {{ if eq (or .restartPolicy "") "Always" }}
    running: {startedAt: {{ $now | Quote }}}
  {{ else }}
    terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}
  {{ end }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  restartCount: 0
  ready: true
  started: true
  state:
    running: {startedAt: {{ $now | Quote }}}
{{ end }}
"""

_POD_ENDED = """
{{ $now := Now }}
{{ $code := 0 }}
{{ with .metadata.annotations }}{{ with index . "EXIT_CODE" }}{{ $code = . }}{{ end }}{{ end }}
{{ $ok := eq (printf "%v" $code) "0" }}
{{ $start := or .status.startTime $now }}
phase: {{ if $ok }}Succeeded{{ else }}Failed{{ end }}
conditions:
- type: Ready
  status: "False"
  reason: PodCompleted
  lastTransitionTime: {{ $now | Quote }}
- type: ContainersReady
  status: "False"
  reason: PodCompleted
  lastTransitionTime: {{ $now | Quote }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  restartCount: 0
  ready: false
  started: false
  state:
    terminated:
      exitCode: {{ $code }}
      reason: {{ if $ok }}Completed{{ else }}Error{{ end }}
      startedAt: {{ $start | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
""".replace("EXIT_CODE", EXIT_CODE)


def _stage(
    name: str, kind: str, selector: list[tuple[str, str, list[str]]], following: dict[str, Any], **more: Any
) -> str:
    expressions = [
        {"key": key, "operator": operator, **({"values": values} if values else {})}
        for key, operator, values in selector
    ]
    return json.dumps(
        {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Stage",
            "metadata": {"name": name},
            "spec": {
                "resourceRef": {"apiGroup": "v1", "kind": kind},
                "selector": {"matchExpressions": expressions},
                "next": following,
                **more,
            },
        },
        indent=2,
    )


def documents(task_seconds: float) -> str:
    """The configuration file: pods that end do so after `task_seconds` unless they say otherwise."""
    kept: tuple[str, str, list[str]] = (".metadata.deletionTimestamp", "DoesNotExist", [])
    not_ready = ('.status.conditions.[] | select( .type == "Ready" ) | .status', "NotIn", ["True"])
    delay = {
        "durationMilliseconds": round(task_seconds * 1000),
        "durationFrom": {"expressionFrom": f'.metadata.annotations["{DURATION}"]'},
    }
    return "\n---\n".join(
        [
            _stage("node-ready", "Node", [not_ready], {"statusTemplate": _NODE_READY}),
            _stage(
                "pod-running", "Pod", [kept, (".status.phase", "In", ["Pending"])], {"statusTemplate": _POD_RUNNING}
            ),
            _stage(
                "pod-ended",
                "Pod",
                [kept, (".status.phase", "In", ["Running"]), (".spec.restartPolicy", "In", ["Never"])],
                {"statusTemplate": _POD_ENDED},
                delay=delay,
            ),
            _stage("pod-deleted", "Pod", [(kept[0], "Exists", [])], {"delete": True}),
        ]
    )
