"""Run the measurements: ``python -m bench [names] [--quick] [--json FILE]``.

They run in a database of their own (``oms_bench``, dropped and made anew) on the embedded
PostgreSQL, or on the server that ``DATABASE_URL`` names.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import django

from bench.figures import Figure, table
from oms.supervisor.problems import SetupProblem
from oms.supervisor.servers import embedded_servers

DATABASE = "oms_bench"


SCENARIOS = {
    "core": "core_job:one_at_a_time",
    "batch": "core_job:in_batches",
    "planner": "planner:decide",
    "rules": "planner:with_writes",
    "sellout": "sell_out:measure",
    "import": "order_file:measure",
    "papers": "paper_rate:measure",
    "outbox": "outbox_lag:measure",
    "pages": "staff_pages:measure",
    "offers": "offer_rate:measure",
    "replay": "replay_rate:measure",
    "plain": "plain_sql:measure",
}


def scenario(name: str) -> Callable[[bool], list[Figure]]:
    module, _, function = SCENARIOS[name].partition(":")
    return getattr(import_module(f"bench.{module}"), function)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("names", nargs="*", help="which measurements (default: all)")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
    try:
        with embedded_servers():
            django.setup()
            return run(options)
    except SetupProblem as problem:
        print(problem, file=sys.stderr)
        return 1


def run(options: argparse.Namespace) -> int:
    from bench.world import fresh_database

    if unknown := set(options.names) - set(SCENARIOS):
        known = ", ".join(SCENARIOS)
        print(f"Unknown: {', '.join(sorted(unknown))}. Known: {known}.", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in options.names or SCENARIOS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        with fresh_database(DATABASE):
            figures += scenario(name)(options.quick)
    print(table(figures))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report(figures), indent=2) + "\n")
    return 0


def report(figures: list[Figure]) -> dict[str, object]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "postgresql": version}
    return {"machine": machine, "figures": [figure.as_dict() for figure in figures]}


if __name__ == "__main__":
    sys.exit(main())
