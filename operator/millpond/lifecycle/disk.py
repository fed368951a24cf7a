"""When the disk that holds a node directory is full (azure-batch-semantics §8.3)."""

FULL = 0.9
"""The used share of the file system that holds the node directory from which on the node takes no tasks."""
ROOM = 0.85
"""The used share down to which retained files are deleted where a pool asks for that."""


def disk_is_full(used_share: float) -> bool:
    """True when so much of a node's disk is used, 0 to 1, that the rest is not for tasks."""
    return used_share >= FULL


def makes_room(used_share: float) -> bool:
    """True while files that are only kept must go, once the disk was full."""
    return used_share >= ROOM
