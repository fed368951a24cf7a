"""`exec` against a websocket server that speaks as API servers do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from millpond.cluster.errors import ApiError, ForbiddenError, NotFoundError, UnavailableError
from millpond.cluster.exec import PROTOCOLS, Ran, execute
from millpond.cluster.kubeconfig import Connection, Credentials

SUCCESS = {"status": "Success"}
EXIT_3 = {
    "status": "Failure",
    "reason": "NonZeroExitCode",
    "details": {"causes": [{"reason": "ExitCode", "message": "3"}]},
}
BROKEN = {"status": "Failure", "reason": "InternalError", "message": "no such container"}


class Kubelet:
    """Answers one exec with the frames it is given."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, bytes]] = []
        self.refusal = 0
        self.asked: web.Request | None = None
        self.url = ""

    async def exec(self, request: web.Request) -> web.StreamResponse:
        self.asked = request
        if self.refusal:
            return web.json_response({}, status=self.refusal)
        socket = web.WebSocketResponse(protocols=PROTOCOLS)
        await socket.prepare(request)
        for channel, content in self.frames:
            await socket.send_bytes(bytes([channel]) + content)
        await socket.close()
        return socket

    def says(self, result: dict[str, object]) -> tuple[int, bytes]:
        return 3, json.dumps(result).encode()


@pytest.fixture
async def kubelet() -> AsyncIterator[Kubelet]:
    made = Kubelet()
    application = web.Application()
    application.router.add_get("/api/v1/namespaces/team/pods/render-a/exec", made.exec)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def run(kubelet: Kubelet, *, listening: bool = False) -> tuple[Ran, bytes]:
    received = bytearray()

    async def stdout(chunk: bytes) -> None:
        received.extend(chunk)

    connection = Connection(kubelet.url, Credentials("secret"))
    command = ("millpond", "agent", "--", "a b")
    ran = await execute(connection, "team", "render-a", "agent", command, stdout, listening=listening)
    return ran, bytes(received)


async def test_output_arrives_in_order_and_the_exit_code_is_the_command_s(kubelet: Kubelet) -> None:
    kubelet.frames = [(1, b"\x00one "), (2, b"warning"), (1, b""), (1, b"two\xff"), kubelet.says(EXIT_3)]
    assert await run(kubelet) == (Ran(3, "warning"), b"\x00one two\xff")
    asked = kubelet.asked
    assert asked is not None
    assert asked.query.getall("command") == ["millpond", "agent", "--", "a b"]
    assert (asked.query["container"], asked.query.get("stdin")) == ("agent", None)
    assert asked.headers["Authorization"] == "Bearer secret"


async def test_a_listening_command_has_a_standard_input(kubelet: Kubelet) -> None:
    kubelet.frames = [kubelet.says(SUCCESS)]
    assert await run(kubelet, listening=True) == (Ran(0, ""), b"")
    assert kubelet.asked is not None
    assert kubelet.asked.query["stdin"] == "true"


async def test_a_command_that_could_not_be_run(kubelet: Kubelet) -> None:
    kubelet.frames = [kubelet.says(BROKEN)]
    with pytest.raises(ApiError, match="no such container"):
        await run(kubelet)


async def test_a_stream_without_a_last_word_is_a_failure(kubelet: Kubelet) -> None:
    kubelet.frames = [(1, b"half")]
    with pytest.raises(UnavailableError, match="ended before the command did"):
        await run(kubelet)


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (403, ForbiddenError, "verb create on pods/exec"),
        (404, NotFoundError, "There is no Pod render-a"),
        (500, UnavailableError, "takes no commands"),
    ],
)
async def test_refusals(kubelet: Kubelet, code: int, kind: type[ApiError], said: str) -> None:
    kubelet.refusal = code
    with pytest.raises(kind, match=said):
        await run(kubelet)


async def test_a_server_that_is_not_there() -> None:
    nobody = Kubelet()
    nobody.url = "http://127.0.0.1:1"
    with pytest.raises(UnavailableError, match="broke"):
        await run(nobody)
