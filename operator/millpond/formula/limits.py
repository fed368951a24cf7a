"""How much a formula may be, hold and do. Source: azure-batch-semantics §5.1; nesting, vectors and work are our own."""

from __future__ import annotations

CHARACTERS = 8192
STATEMENTS = 100
NESTING = 100
"""Operands within operands: brackets, arguments, branches of conditions, signs."""
VECTOR = 10_000
"""Elements of one vector; samples of 24 hours are 2,880."""
SHOWN = 100
"""Elements of a vector that results tell, so that they fit into an object's status."""
WORK = 100_000
"""Elements of vectors read and made in one evaluation: some tens of milliseconds, and some megabytes, at most.

Nodes need no bound of their own: none is evaluated twice, and a text has no room for many."""
