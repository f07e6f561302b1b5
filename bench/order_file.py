"""The import of the real order file, in a process of its own so that its memory can be read."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from django.core.management import call_command

from bench.clients import run_clients
from bench.figures import Figure

FILE = "online_retail/online_retail_part1_2010-12_2011-08.csv.xz"


def measure(quick: bool) -> list[Figure]:
    root = Path(
        os.environ.get("OMS_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared/data"
    )
    if not (path := root / FILE).exists():
        print(f"The order file is not at {path}: left out.")
        return []
    limit = ["--limit=500"] if quick else []

    def job(_: int) -> tuple[float, float]:
        began = time.perf_counter()
        options = ["--mapping=online-retail", "--history", *limit]
        call_command("import_orders", str(path), *options, verbosity=0)
        peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return time.perf_counter() - began, peak_kb / 1024

    _, [(seconds, peak_mb)] = run_clients(1, job)
    return [
        Figure("import of the whole order file", seconds, "s", "320,705 rows, --history"),
        Figure("memory of the import, peak", peak_mb, "MB"),
    ]
