"""The agent's readings over HTTP, GET /metrics, and the directories of tasks that it has, GET /directories.

One caller at a time, in a thread of its own.

Written on sockets, since an agent keeps little memory: the standard library's HTTP server makes its process half as
large again, and the Prometheus client with it larger by ten megabytes. Nothing that a caller sends is kept or obeyed.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

from millpond.agent.beneath import RefusedPathError, open_root
from millpond.agent.measure import FileSystem, Texts, measure
from millpond.agent.workitems import held
from millpond.lifecycle.held import write_held
from millpond.scaling.reading import CONTENT_TYPE, Reading, write_reading

ALLOWED = "GET /metrics, GET /directories\n"
PATIENCE = 2.0
"""Seconds that a caller has for its request and for taking the answer."""
LONGEST_REQUEST = 8192
PROC = Path("/proc")


def take_reading(root: str, network: str | None) -> Reading:
    """The host as it is: `root` is the node directory, `network` where the host's `/proc/1/net` is seen, if it is."""
    texts = Texts(stat=_text(PROC / "stat"), meminfo=_text(PROC / "meminfo"), diskstats=_text(PROC / "diskstats"))
    if network is not None:
        nets = Path(network)
        texts = texts._replace(
            interfaces=_text(nets / "dev"), routes=_text(nets / "route"), ipv6_routes=_text(nets / "ipv6_route")
        )
    return measure(texts, _file_system(root), os.sysconf("SC_CLK_TCK"))


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""


def _file_system(path: str) -> FileSystem | None:
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    size = float(found.f_frsize)
    return FileSystem(used=(found.f_blocks - found.f_bfree) * size, available=found.f_bavail * size)


def listen(port: int) -> socket.socket:
    """A socket on all addresses, IPv6 where there is any; port 0 chooses one. OSError where the port is taken."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def report(listener: socket.socket, root: str, network: str | None) -> None:
    """Answer for as long as the process lives, in a thread of its own."""
    threading.Thread(target=_serve, args=(listener, root, network), name="report", daemon=True).start()


def _serve(listener: socket.socket, root: str, network: str | None) -> None:
    while True:
        try:
            caller, _ = listener.accept()
            with caller:
                caller.sendall(_answer(_request(caller), root, network))
        except (OSError, ValueError, RefusedPathError):
            # It has gone or is too slow, or the kernel's words are no numbers: the next one, please.
            continue


def _request(caller: socket.socket) -> bytes:
    """What the caller says until the end of its headers. TimeoutError when it takes too long."""
    until = time.monotonic() + PATIENCE
    said = b""
    while b"\r\n\r\n" not in said and len(said) <= LONGEST_REQUEST:
        caller.settimeout(max(0.001, until - time.monotonic()))
        more = caller.recv(4096)
        if not more:
            break
        said += more
    caller.settimeout(PATIENCE)
    return said


def _answer(request: bytes, root: str, network: str | None) -> bytes:
    method, _, rest = request.partition(b" ")
    target = rest.partition(b" ")[0].partition(b"?")[0]
    if method != b"GET":
        return _response("405 Method Not Allowed", ALLOWED, "Allow: GET\r\n")
    match target.decode("ascii", "replace"):
        case "/metrics":
            return _response("200 OK", write_reading(take_reading(root, network)), f"Content-Type: {CONTENT_TYPE}\r\n")
        case "/directories":
            return _response("200 OK", _directories(root), "Content-Type: text/plain; charset=utf-8\r\n")
        case _:
            return _response("404 Not Found", ALLOWED)


def _directories(root: str) -> str:
    base = open_root(root)
    try:
        return "".join(write_held(held(base)))
    finally:
        os.close(base)


def _response(status: str, text: str, headers: str = "") -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body
