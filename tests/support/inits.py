"""The init containers of Pods in the model, as the manifests have them: what there is, and in which order."""

from __future__ import annotations

import json

from support.model.store import Document

PACKAGES = "install-packages"


def task_inits(spec: Document, instance: int, *, prepared: bool) -> list[Document]:
    """Those of an instance of a task; `prepared`: it waits for its job's preparation."""
    settings = spec.get("multiInstanceSettings") or {}
    fetches = settings.get("commonResourceFiles") or (spec.get("resourceFiles") and not instance)
    names = ["await-preparation"] * prepared
    names += [PACKAGES] * bool(spec.get("applicationPackageReferences"))
    names += ["fetch-files"] * bool(fetches)
    uploads = [{"name": "upload", "restartPolicy": "Always"}] * bool(spec.get("outputFiles") and not instance)
    return [*({"name": name} for name in names), *uploads]


def node_inits(spec: Document) -> list[Document]:
    """Those of a node of a pool."""
    names = ["layout"]
    names += [PACKAGES] * bool(spec.get("applicationPackageReferences"))
    names += ["start-task"] * bool(spec.get("startTask"))
    return [{"name": name} for name in names]


def not_installed(code: str) -> Document:
    """How an installation ends that fails."""
    report = {"code": code, "message": "tool:1 is not there.", "package": "tool:1"}
    return {"exitCode": 1, "reason": "Error", "message": json.dumps(report)}
