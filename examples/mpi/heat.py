"""Heat in a rod, by as many processes as there are: each has a piece of it, and asks its neighbours for their ends.

The rod is as warm as half a sine wave at first and cold at both ends, so what it must come to is known: a flatter sine.
"""

import math
import socket

from mpi4py import MPI

POINTS, STEPS, DURATION = 120, 400, 0.01

world = MPI.COMM_WORLD
rank, size = world.Get_rank(), world.Get_size()
left = rank - 1 if rank > 0 else MPI.PROC_NULL
right = rank + 1 if rank < size - 1 else MPI.PROC_NULL

first, after = rank * POINTS // size, (rank + 1) * POINTS // size
width = 1 / (POINTS + 1)
ratio = DURATION / STEPS / width**2
assert ratio <= 0.5, "more steps: it would not be stable"

rod = [0.0, *(math.sin(math.pi * (at + 1) * width) for at in range(first, after)), 0.0]
for _ in range(STEPS):
    rod[0] = world.sendrecv(rod[-2], dest=right, source=left) or 0.0
    rod[-1] = world.sendrecv(rod[1], dest=left, source=right) or 0.0
    rod[1:-1] = [rod[at] + ratio * (rod[at - 1] - 2 * rod[at] + rod[at + 1]) for at in range(1, len(rod) - 1)]

flatter = math.exp(-(math.pi**2) * DURATION)
errors = [abs(rod[at - first + 1] - flatter * math.sin(math.pi * (at + 1) * width)) for at in range(first, after)]
error = world.reduce(max(errors), op=MPI.MAX, root=0)
hosts = world.gather(socket.gethostname(), root=0)
if rank == 0:
    print(f"{size} processes on {len(set(hosts))} hosts: the largest error is {error:.1e}")
    if error > 1e-4:
        raise SystemExit("that is too much")
