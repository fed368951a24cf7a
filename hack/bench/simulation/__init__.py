"""A pool in virtual time: a week of load, a way to size the pool, and what it cost."""
