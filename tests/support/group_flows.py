"""Canonical flows of multi-instance tasks, see `flows`."""

from __future__ import annotations

from support.scripts import Run
from support.worlds import ModelWorld

LIMIT = 3000.0


async def groups_take_turns(world: ModelWorld) -> None:
    """Two multi-instance tasks that need all nodes: one succeeds, one fails in its coordination."""
    world.host("h1").host("h2").pool("p", 2, enableInterNodeCommunication=True).job("j")
    whole = {"multiInstanceSettings": {"numberOfInstances": 2, "coordinationCommandLine": "meet"}}
    world.task("j", "t1", Run(seconds=20), **whole).task("j", "t2", Run(coordination=1), **whole)
    await world.run_until(world.all_tasks_completed, LIMIT)
