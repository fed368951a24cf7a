"""Helm on the project's chart: lint, render, and what was rendered as documents."""

import json
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from support import binaries

CHART = binaries.ROOT / "charts" / "millpond"
NAMESPACE = "millpond-system"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Document = dict[str, Any]


def run(*arguments: str, values: Document | None = None) -> subprocess.CompletedProcess[str]:
    """Runs helm with ``values`` as a values file (JSON is YAML)."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [str(binaries.path("helm")), *arguments]
        if values is not None:
            file = Path(scratch) / "values.json"
            file.write_text(json.dumps(values))
            command += ["--values", str(file)]
        return subprocess.run(command, check=False, capture_output=True, text=True)


def template(values: Document | None = None, name: str = "millpond") -> subprocess.CompletedProcess[str]:
    """What ``helm template`` says, for a supported Kubernetes."""
    return run("template", name, str(CHART), "--namespace", NAMESPACE, "--kube-version", "1.36.3", values=values)


def rendered(values: Document | None = None, name: str = "millpond") -> list[Document]:
    """The documents of a render that must succeed."""
    return [document for document in yaml.load_all(_rendered(json.dumps(values), name), _LOADER) if document]


@cache
def _rendered(values: str, name: str) -> str:
    result = template(json.loads(values), name)
    assert result.returncode == 0, result.stderr
    return result.stdout


def of_kind(documents: list[Document], kind: str) -> list[Document]:
    """The documents of one kind."""
    return [document for document in documents if document["kind"] == kind]


def the(documents: list[Document], kind: str) -> Document:
    """The one document of a kind."""
    (found,) = of_kind(documents, kind)
    return found
