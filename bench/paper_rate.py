"""Packing slips as PDF, drawn one after the other as a worker does it."""

from __future__ import annotations

import random
import time

from bench.figures import Figure
from bench.world import ACTOR, make_world
from fulfillment.services.day import Until, run_day
from oms.core import outbox
from oms.core.models import Paper
from oms.core.papers import render_paper
from orders.services.intake import take_orders

LINES = 20


def measure(quick: bool) -> list[Figure]:
    world, slips = make_world(), 3 if quick else 60
    rng = random.Random(5)
    take_orders([world.draft(rng, lines=LINES) for _ in range(slips)], actor=ACTOR)
    run_day(orders=slips, actor=ACTOR, until=Until.PACKED)
    outbox.fan_out()
    outbox.deliver("fulfillment.packing_slip_paper")
    papers = list(Paper.objects.filter(kind="packing_slip").values_list("pk", flat=True))
    if len(papers) != slips:
        raise RuntimeError(f"{len(papers)} packing slips were asked for, not {slips}.")
    began = time.perf_counter()
    for paper_id in papers:
        render_paper(paper_id)
    seconds = time.perf_counter() - began
    if Paper.objects.filter(pk__in=papers, state="ready").count() != slips:
        raise RuntimeError("Not every packing slip was drawn.")
    note = f"{LINES} lines each, one process"
    return [Figure("packing slips", slips / seconds, "slips/s", note)]
