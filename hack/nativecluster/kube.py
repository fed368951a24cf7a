"""The few API requests this tool makes, with the administrator's certificate."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Collection
from pathlib import Path
from typing import Any

from .layout import Plan
from .progress import ClusterError

_PATCH = "application/merge-patch+json"


class Kube:
    """One instance's API server, asked one request at a time; failures to answer are OSError."""

    def __init__(self, plan: Plan, certificates: Path) -> None:
        self._address = plan.api_address
        self._context = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
        self._context.load_cert_chain(certificates / "admin.crt", certificates / "admin.key")

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the decoded answer (text where it is not JSON)."""
        connection = http.client.HTTPSConnection(self._address, 6443, timeout=10, context=self._context)
        try:
            kind = _PATCH if method == "PATCH" else "application/json"
            text = None if body is None else json.dumps(body)
            connection.request(method, path, body=text, headers={"Content-Type": kind})
            answer = connection.getresponse()
            data = answer.read().decode()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(data) if is_json else data

    def ask(self, method: str, path: str, body: Any = None, *, fine: Collection[int] = ()) -> dict[str, Any]:
        """The answer; {} for a refusal that is `fine`, ClusterError for any other."""
        status, answer = self.request(method, path, body)
        if status >= 300 and status not in fine:
            raise ClusterError(f"{method} {path} was answered with {status}: {answer}")
        return answer if status < 300 and isinstance(answer, dict) else {}

    def is_ready(self) -> bool:
        """Whether the API server says that it is ready."""
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def is_node_ready(self, name: str) -> bool:
        """Whether a real node is Ready and its kubelet answers: the Node alone may still tell of an earlier life."""
        try:
            answered = self.request("GET", f"/api/v1/nodes/{name}/proxy/healthz")[0] == 200
            return answered and self.nodes().get(name, False)
        except OSError:
            return False  # a busy server; asked again

    def nodes(self) -> dict[str, bool]:
        """Each Node's name, and whether it is Ready."""
        status, answer = self.request("GET", "/api/v1/nodes")
        if status != 200:
            raise OSError(f"the list of nodes was answered with {status}: {answer}")
        return {item["metadata"]["name"]: is_ready(item) for item in answer["items"]}


def is_ready(node: dict[str, Any]) -> bool:
    """Whether a Node object's Ready condition is True."""
    conditions = node.get("status", {}).get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
