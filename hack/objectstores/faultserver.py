"""A store that fails on request: plain HTTP, and as much of S3's and Azure's protocols as reading and writing need.

    /ACCOUNT/FAULT/NAME    the object NAME of the container FAULT

The container's name says what goes wrong (FAULTS); `none` works. An object that nobody has written is there all the
same: `4096.bin` has 4,096 bytes, any other one holds its own name. Where ACCOUNT is `s3`, lists are S3's, else Azure's.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Mapping
from email.utils import formatdate
from xml.sax.saxutils import escape

from aiohttp import web

FAULTS = """
none            works
status-N        answers with HTTP status N
flaky-N         answers 503 the first N times that an object is asked for
nocontainer     says that there is no such container
hang            never answers
stall           stops in the middle of the answer
slow            sends 16 KiB at a time, with pauses
truncated       announces all and sends half, each time
cut-N           the same, the first N times that an object is asked for
wrong-md5       names another checksum than the content's
redirect-N      redirects N times, then works
chunked         tells no length
many-N          lists N objects of 100 bytes each
"""
PIECE, PAUSE = 16 * 1024, 0.05
LONGEST_BODY = 1 << 31
_FOREVER = 86_400
_CODES = {401: "InvalidAuthenticationInfo", 403: "AuthenticationFailed", 404: "BlobNotFound", 409: "LeaseIdMissing"}


class Server:
    """The objects written so far, and how often each has been asked for."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer any request."""
        account, fault, name = (request.match_info.get(part, "") for part in ("account", "fault", "name"))
        kind, _, number = fault.partition("-")
        count = int(number) if number.isdecimal() else 0
        self.asked[request.method + request.path] += 1
        early = self.asked[request.method + request.path] <= count
        body = await request.read()
        if kind == "status" or (kind == "flaky" and early):
            return _error(count if kind == "status" else 503)
        if kind == "nocontainer":
            return _error(404, "NoSuchBucket" if account == "s3" else "ContainerNotFound")
        if kind == "hang":
            await asyncio.sleep(_FOREVER)
        if kind == "redirect" and count:
            return web.Response(status=302, headers={"Location": f"/{account}/redirect-{count - 1}/{name}"})
        if request.method == "PUT":
            self.objects[f"{fault}/{name}"] = body
            return web.Response(status=201, headers=_headers(body))
        if not name:
            return self._list(account, fault, request.query)
        cut = kind == "truncated" or (kind == "cut" and early)
        return await _send(request, "truncated" if cut else kind, self._content(fault, name))

    def _content(self, fault: str, name: str) -> bytes:
        written = self.objects.get(f"{fault}/{name}")
        if written is not None:
            return written
        sized = re.fullmatch(r"(?:.*/)?(\d+)\.bin", name)
        return bytes(int(sized[1])) if sized else name.encode()

    def _list(self, account: str, fault: str, query: Mapping[str, str]) -> web.Response:
        kind, _, number = fault.partition("-")
        names = [f"{index:06}/100.bin" for index in range(int(number))] if kind == "many" else []
        names += sorted(key.partition("/")[2] for key in self.objects if key.startswith(f"{fault}/"))
        after = query.get("continuation-token") or query.get("marker") or ""
        left = [name for name in names if name.startswith(query.get("prefix", "")) and name > after]
        page, more = left[:1000], len(left) > 1000
        entries = [(name, len(self._content(fault, name))) for name in page]
        text = (_s3_list if account == "s3" else _azure_list)(entries, page[-1] if more else "")
        return web.Response(text=text, content_type="application/xml")


def _error(status: int, code: str = "") -> web.Response:
    said = code or _CODES.get(status, "InternalError")
    text = f"<?xml version='1.0'?><Error><Code>{said}</Code><Message>canary-in-the-body</Message></Error>"
    return web.Response(status=status, text=text, content_type="application/xml", headers={"x-ms-error-code": said})


def _headers(body: bytes) -> dict[str, str]:
    # An object's content is hashed only while it is small: benches ask for gigabytes of zeros.
    digest = hashlib.md5(body).digest() if len(body) <= 1 << 24 else b""  # noqa: S324 - what the protocols have
    etag = {"ETag": f'"{digest.hex() or len(body)}"', "Last-Modified": formatdate(0, usegmt=True)}
    return (
        etag | {"x-ms-blob-type": "BlockBlob"} | ({"Content-MD5": base64.b64encode(digest).decode()} if digest else {})
    )


async def _send(request: web.Request, kind: str, body: bytes) -> web.StreamResponse:
    headers = _headers(body)
    if kind == "wrong":
        headers |= _headers(b"another" + body[:10])
    start = request.http_range.start or 0 if "Range" in request.headers else 0
    if start:
        headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
    response = web.StreamResponse(status=206 if start else 200, headers=headers | {"Accept-Ranges": "bytes"})
    body = body[start:]
    if kind != "chunked":
        response.content_length = len(body)
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    await _write(request, response, kind, body)
    return response


async def _write(request: web.Request, response: web.StreamResponse, kind: str, body: bytes) -> None:
    match kind:
        case "truncated" | "stall":
            await response.write(body[: len(body) // 2])
            if kind == "stall":
                await asyncio.sleep(_FOREVER)
            if request.transport is not None:
                request.transport.close()
        case "slow":
            for at in range(0, len(body), PIECE):
                await response.write(body[at : at + PIECE])
                await asyncio.sleep(PAUSE)
        case _:
            view = memoryview(body)
            for at in range(0, len(body), 1 << 20):
                await response.write(view[at : at + (1 << 20)])
            await response.write_eof()


def _s3_list(entries: list[tuple[str, int]], token: str) -> str:
    items = "".join(
        f"<Contents><Key>{escape(name)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
        f'<ETag>"e"</ETag><Size>{size}</Size></Contents>'
        for name, size in entries
    )
    more = f"<NextContinuationToken>{escape(token)}</NextContinuationToken>" if token else ""
    cut = f"<IsTruncated>{str(bool(token)).lower()}</IsTruncated>"
    return f"<?xml version='1.0'?><ListBucketResult>{cut}{items}{more}</ListBucketResult>"


def _azure_list(entries: list[tuple[str, int]], marker: str) -> str:
    items = "".join(
        f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified>"
        f"<Etag>e</Etag><Content-Length>{size}</Content-Length><Content-Type>x</Content-Type></Properties></Blob>"
        for name, size in entries
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?><EnumerationResults><Blobs>"
        f"{items}</Blobs><NextMarker>{escape(marker)}</NextMarker></EnumerationResults>"
    )


def main() -> None:
    """Serve at the address and port of the command line until killed."""
    server = Server()
    application = web.Application(client_max_size=LONGEST_BODY)
    application.router.add_route("*", "/{account}/{fault}", server.handle)
    application.router.add_route("*", r"/{account}/{fault}/{name:.*}", server.handle)
    web.run_app(application, host=sys.argv[1], port=int(sys.argv[2]), print=None, handler_cancellation=True)


if __name__ == "__main__":
    main()
