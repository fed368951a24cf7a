"""A registry that has nothing, for real pulls that fail: `python registry.py PORT` serves until it is ended.

What it answers is in the name of the repository: `missing` is not there, `private` wants a password, `ill` is ill.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {"missing": 404, "private": 401, "ill": 503}


class Refusing(BaseHTTPRequestHandler):
    """The distribution API, as far as a pull that fails asks for it."""

    def do_GET(self) -> None:
        name = self.path.removeprefix("/v2/").split("/")[0]
        self.send_response(ANSWERS.get(name, 200))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 (the name is the method's)

    def log_message(self, *arguments: object) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Refusing)
    sys.stdout.write("serving\n")
    sys.stdout.flush()
    server.serve_forever()
