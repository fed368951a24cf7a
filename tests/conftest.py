"""For all tests: no event loop but those that tests run in, and no haste."""

import asyncio

from hypothesis import settings

# pytest-asyncio asks for the current loop. Where none was ever set, asyncio makes one on the spot, which nobody closes.
asyncio.set_event_loop(None)

# How long an example takes depends on what else the machine does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
