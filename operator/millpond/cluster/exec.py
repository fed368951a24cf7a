"""Running a command in a container of a Pod, over the API server's websocket (`v5.channel.k8s.io`).

Knows the channels of that protocol and what its last word means; knows no command. Disconnecting ends nothing in the
container: a command that should end with its reader reads standard input, which ends when the reader goes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp
import msgspec

from millpond.cluster.api_server import PODS
from millpond.cluster.errors import ApiError, Status, UnavailableError, error_of
from millpond.cluster.kubeconfig import Connection

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDOUT, STDERR, RESULT = 1, 2, 3
CONNECT_SECONDS = 15.0
LONGEST_STDERR = 65_536


class Cause(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""


class Details(msgspec.Struct, frozen=True):
    causes: tuple[Cause, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """The Status that ends a run."""

    status: str = ""
    reason: str = ""
    message: str = ""
    details: Details | None = None

    @property
    def exit_code(self) -> int | None:
        """The command's exit code; None where it did not run to an end."""
        if self.status == "Success":
            return 0
        causes = self.details.causes if self.details else ()
        codes = (cause.message for cause in causes if cause.reason == "ExitCode")
        return next((int(code) for code in codes if code.isdigit()), None)


class Ran(msgspec.Struct, frozen=True):
    """How a command ended, and what it said on standard error (its first 64 KiB)."""

    exit_code: int
    stderr: str


async def execute(
    connection: Connection,
    namespace: str,
    pod: str,
    container: str,
    command: tuple[str, ...],
    stdout: Callable[[bytes], Awaitable[None]],
    *,
    listening: bool = False,
) -> Ran:
    """Run the command and hand its standard output on as it comes. `listening` gives it a standard input that stays.

    ApiError when the server or the kubelet refuses; UnavailableError when the stream ends without the command's result.
    """
    path = PODS.path(namespace, pod, "exec")
    query = [("container", container), ("stdout", "true"), ("stderr", "true")]
    query += [("stdin", "true")] if listening else []
    query += [("command", word) for word in command]
    tls = connection.tls
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls if tls is not None else True)) as session,
            session.ws_connect(
                connection.server + path,
                params=query,
                protocols=PROTOCOLS,
                headers={"User-Agent": "millpond"} | connection.credentials.headers(),
                server_hostname=connection.server_name,
                max_msg_size=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=CONNECT_SECONDS),
            ) as socket,
        ):
            return await _read(socket, stdout, pod)
    except aiohttp.WSServerHandshakeError as error:
        raise _refusal(error, namespace, pod, container) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise UnavailableError(f"The connection to Pod {pod} broke: {error or type(error).__name__}") from error


async def _read(socket: aiohttp.ClientWebSocketResponse, stdout: Callable[[bytes], Awaitable[None]], pod: str) -> Ran:
    heard = b""
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
            continue
        channel, content = message.data[0], message.data[1:]
        if channel == STDOUT:
            await stdout(content)
        elif channel == STDERR:
            heard = (heard + content)[:LONGEST_STDERR]
        elif channel == RESULT:
            result = msgspec.json.decode(content, type=Result)
            code = result.exit_code
            if code is None:
                raise ApiError(f"The command could not be run in Pod {pod}: {result.message}", 500, result.reason)
            return Ran(code, heard.decode(errors="replace"))
    raise UnavailableError(f"The stream from Pod {pod} ended before the command did")


def _refusal(error: aiohttp.WSServerHandshakeError, namespace: str, pod: str, container: str) -> ApiError:
    """The websocket library keeps no body of a refusal, so the code must speak."""
    sentences = {
        403: f"You may not run commands in Pods of namespace {namespace}: ask for the verb create on pods/exec",
        404: f"There is no Pod {pod} in namespace {namespace}",
    }
    text = sentences.get(error.status, f"Container {container} of Pod {pod} takes no commands (HTTP {error.status})")
    return error_of(error.status, Status(text))
