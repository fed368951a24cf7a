"""For all tests: no event loop but those that tests run in."""

import asyncio

# pytest-asyncio asks for the current loop. Where none was ever set, asyncio makes one on the spot, which nobody closes.
asyncio.set_event_loop(None)
