"""Runs our own PostgreSQL and Redis, and in the demo everything else, as children of one process.

Only the binaries inside the wheels are used, never the wheels' Python entry points.
"""
