"""The client over HTTP: what it sends, when it asks again, and what it never does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from millpond.cluster import client as client_module
from millpond.cluster.api_server import LEASES, PODS, TASKS, Selection
from millpond.cluster.client import TRIES, Client
from millpond.cluster.errors import (
    AlreadyExistsError,
    ConflictError,
    GoneError,
    LeadershipLostError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from millpond.cluster.kubeconfig import Connection, Credentials

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
WRITTEN = {"metadata": {"name": "one", "uid": "u", "resourceVersion": "7"}}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(client_module, "LONGEST_RETRY_AFTER", 0.01)


class Script:
    """A server that answers by a list, its last entry for ever, and remembers what it was asked."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.headers: list[dict[str, str]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        body = json.loads(content) if content else None
        self.asked.append((request.method, request.path, dict(request.query), body))
        self.headers.append(dict(request.headers))
        code, document = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        headers = {"Retry-After": "3600"} if code == 429 else {}
        return web.json_response(document, status=code, headers=headers)


@asynccontextmanager
async def serving(answer: Answer, credentials: Credentials | None = None, **options: Any) -> AsyncIterator[Client]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        connection = Connection(str(server.make_url("")).rstrip("/"), credentials or Credentials("secret"))
        async with Client(connection, **options) as client:
            yield client


def status(code: int, reason: str = "") -> tuple[int, dict[str, Any]]:
    return code, {"kind": "Status", "code": code, "reason": reason, "message": f"{code} {reason}"}


async def test_writes_say_what_the_server_needs() -> None:
    script = Script((201, WRITTEN))
    async with serving(script.handle) as client:
        meta = await client.create(PODS, "a", {"kind": "Pod"})
        await client.merge_patch(TASKS, "a", "one", {"status": {"state": None}}, "status")
        await client.json_patch(PODS, "a", "one", [{"op": "remove", "path": "/x"}])
        await client.delete(PODS, "a", "one", uid="u", grace=5)
    assert (meta.uid, meta.resource_version) == ("u", "7")
    create, merge, patch, delete = script.asked
    assert create == ("POST", "/api/v1/namespaces/a/pods", {"fieldManager": "millpond"}, {"kind": "Pod"})
    assert merge[1] == "/apis/millpond.dev/v1alpha1/namespaces/a/tasks/one/status"
    assert merge[3] == {"status": {"state": None}}
    assert patch[3] == [{"op": "remove", "path": "/x"}]
    assert delete[3]["preconditions"] == {"uid": "u"}
    assert delete[3]["gracePeriodSeconds"] == 5
    assert [headers["Content-Type"] for headers in script.headers[:3]] == [
        "application/json",
        "application/merge-patch+json",
        "application/json-patch+json",
    ]
    assert all(headers["Authorization"] == "Bearer secret" for headers in script.headers)
    assert all("as=PartialObjectMetadata" in headers["Accept"] for headers in script.headers)


async def test_reads_and_collections() -> None:
    items = [{"metadata": {"name": f"t{n}"}} for n in range(3)]
    script = Script((200, {"metadata": {"resourceVersion": "9", "continue": "more"}, "items": items}))
    async with serving(script.handle) as client:
        page = await client.list_page(TASKS, None, Selection("a=b", "spec.jobName=x"), limit=3, token="go")
        count = await client.delete_collection(PODS, "a", Selection("c=d"), limit=500)
    assert (page.resource_version, page.next, len(page.items), count) == ("9", "more", 3, 3)
    query = {"labelSelector": "a=b", "fieldSelector": "spec.jobName=x", "limit": "3", "continue": "go"}
    assert script.asked[0] == ("GET", "/apis/millpond.dev/v1alpha1/tasks", query, None)
    assert script.asked[1][0] == "DELETE"
    assert script.asked[1][2]["labelSelector"] == "c=d"


@pytest.mark.parametrize("code", [429, 500, 503, 504])
async def test_no_answer_is_asked_again(code: int) -> None:
    script = Script(status(code), status(code), (201, WRITTEN))
    async with serving(script.handle) as client:
        assert (await client.create(PODS, "a", {})).uid == "u"
    assert len(script.asked) == 3


@pytest.mark.parametrize(("code", "error"), [(429, TooManyRequestsError), (503, UnavailableError)])
async def test_asking_again_has_an_end(code: int, error: type[Exception]) -> None:
    script = Script(status(code))
    async with serving(script.handle) as client:
        with pytest.raises(error) as caught:
            await client.get(PODS, "a", "one")
    assert len(script.asked) == TRIES
    if isinstance(caught.value, TooManyRequestsError):
        assert caught.value.retry_after == 3600


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [(409, "AlreadyExists", AlreadyExistsError), (409, "Conflict", ConflictError), (410, "Expired", GoneError)],
)
async def test_answers_are_final(code: int, reason: str, error: type[Exception]) -> None:
    script = Script(status(code, reason))
    async with serving(script.handle) as client:
        with pytest.raises(error):
            await client.create(PODS, "a", {})
    assert len(script.asked) == 1


async def test_token_that_has_run_out_is_read_again(tmp_path: Any) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")
    credentials = Credentials(token_file=file)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] == "Bearer new":
            return web.json_response(WRITTEN)
        file.write_text("new\n")
        return web.json_response(status(401, "Unauthorized")[1], status=401)

    async with serving(answer, credentials) as client:
        assert b"one" in await client.get(PODS, "a", "one")
        file.unlink()
        assert b"one" in await client.get(PODS, "a", "one")

    script = Script(status(401, "Unauthorized"))
    async with serving(script.handle) as client:
        with pytest.raises(UnauthorizedError):
            await client.get(PODS, "a", "one")


async def test_connection_that_breaks_is_made_again() -> None:
    calls = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        if calls == 1:
            assert request.transport is not None
            request.transport.close()
        return web.json_response(WRITTEN)

    async with serving(answer) as client:
        assert (await client.create(PODS, "a", {})).uid == "u"
    assert calls == 2


async def test_server_that_is_silent_is_given_up() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.json_response(WRITTEN)

    async with serving(answer, timeout=0.01) as client:
        with pytest.raises(UnavailableError, match="no answer"):
            await client.get(PODS, "a", "one")


async def test_no_server_at_all() -> None:
    async with Client(Connection("http://127.0.0.1:1")) as client:
        with pytest.raises(UnavailableError):
            await client.get(PODS, "a", "one")


async def test_fence_stops_every_write_and_each_repetition_but_no_read_and_no_lease() -> None:
    script = Script(status(503), (200, WRITTEN))
    allowed = 1

    def fence() -> float:
        nonlocal allowed
        allowed -= 1
        if allowed < 0:
            raise LeadershipLostError("lost")
        return 60.0

    async with serving(script.handle, fence=fence) as client:
        with pytest.raises(LeadershipLostError):
            await client.create(PODS, "a", {})
        assert len(script.asked) == 1
        for write in (
            client.merge_patch(PODS, "a", "one", {}),
            client.json_patch(PODS, "a", "one", []),
            client.delete(PODS, "a", "one"),
            client.delete_collection(PODS, "a", Selection()),
        ):
            with pytest.raises(LeadershipLostError):
                await write
        assert len(script.asked) == 1
        await client.get(PODS, "a", "one")
        await client.merge_patch(LEASES, "a", "one", {})


async def test_a_write_ends_before_somebody_else_may_lead() -> None:
    asked: list[str] = []

    async def never(request: web.Request) -> web.StreamResponse:
        asked.append(request.method)
        return await asyncio.get_running_loop().create_future()

    waits = iter((1.0,))  # long enough for a busy machine to take the request

    def fence() -> float:
        for seconds in waits:
            return seconds
        raise LeadershipLostError("lost")

    async with serving(never, fence=fence, timeout=600.0) as client:
        with pytest.raises(LeadershipLostError):
            await client.delete_collection(PODS, "a", Selection())
    assert asked == ["DELETE"]


async def test_requests_at_a_time_are_bounded_but_leases_pass() -> None:
    busy, most, full, opened = 0, 0, asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal busy, most
        if "leases" in request.path:
            opened.set()
            return web.json_response(WRITTEN)
        busy += 1
        most = max(most, busy)
        if busy == 3:
            full.set()
        await opened.wait()
        busy -= 1
        return web.json_response(WRITTEN)

    async with serving(answer, concurrency=3) as client, asyncio.timeout(10):
        reads = [asyncio.create_task(client.get(PODS, "a", "one")) for _ in range(20)]
        await full.wait()
        await client.get(LEASES, "a", "one")
        await asyncio.gather(*reads)
    assert most == 3


async def test_watch_reads_events_until_the_server_ends_it() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.query["allowWatchBookmarks"] == "1" or request.query["allowWatchBookmarks"] == "true"
        assert request.query["resourceVersion"] == "5"
        assert 240 <= int(request.query["timeoutSeconds"]) <= 360
        response = web.StreamResponse()
        await response.prepare(request)
        for name in ("one", "two"):
            event = {"type": "ADDED", "object": {"metadata": {"name": name}}}
            await response.write(json.dumps(event).encode() + b"\n")
        return response

    async with serving(answer) as client:
        events = [event async for event in client.watch(PODS, "a", "5")]
    assert [json.loads(bytes(event.object))["metadata"]["name"] for event in events] == ["one", "two"]


async def test_watch_that_is_refused() -> None:
    script = Script(status(410, "Expired"))
    async with serving(script.handle) as client:
        with pytest.raises(GoneError):
            await anext(client.watch(PODS, "a", "5"))
    assert len(script.asked) == 1


async def test_watch_that_is_silent_ends_in_an_error() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"type": "ADDED", "object": {}}\n')
        await asyncio.sleep(0.5)
        return response

    async with serving(answer, watch_silence=0.05) as client:
        watch = client.watch(PODS, "a", "5")
        assert (await anext(watch)).type == "ADDED"
        with pytest.raises(UnavailableError, match="broke"):
            await anext(watch)


async def test_client_that_is_not_open() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await Client(Connection("http://127.0.0.1:1")).get(PODS, "a", "one")
