"""Makes PDFs from HTML in a child process that cannot take the worker down with it.

A fork of a process that has loaded WeasyPrint costs about 15 ms a paper, a tenth of the drawing; a
fresh interpreter would cost twenty times as much.
"""

from __future__ import annotations

import faulthandler
import io
import os
import resource
import select
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one paper may take: CPU seconds, seconds by the clock, more memory than now, size."""

    cpu_s: int = 30
    wall_s: float = 90
    memory: int = 768 * MB
    size: int = 50 * MB


class PdfFailed(Exception):
    """The paper could not be drawn; trying the same again will fail the same."""


class PdfUnavailable(Exception):
    """This machine lacks what drawing needs."""


def render_html_to_pdf(html: str, *, limits: Limits = Limits()) -> bytes:
    """The page as PDF, drawn within `limits` and without any access to network or files.

    :raises PdfUnavailable: WeasyPrint or Pango is missing on this machine.
    :raises PdfFailed: the page took too long or too much memory, or could not be drawn.
    """
    _load()
    inlet, outlet = os.pipe()
    child = os.fork()
    if not child:
        os.close(inlet)
        _draw_and_exit(html, outlet, limits)
    os.close(outlet)
    try:
        output = _read(inlet, limits)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(inlet)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return _checked(output, status, limits)


def join_pdfs(pdfs: Sequence[bytes]) -> bytes:
    """One PDF with the pages of all, in their order.

    :raises ValueError: there is nothing to join.
    """
    if not pdfs:
        raise ValueError("There is no paper to join.")
    from pypdf import PdfWriter  # noqa: PLC0415 - slow to load, and few processes need it

    joined = io.BytesIO()
    with PdfWriter() as writer:
        for pdf in pdfs:
            writer.append(io.BytesIO(pdf))
        writer.compress_identical_objects(remove_duplicates=True)
        writer.write(joined)
    return joined.getvalue()


def page_count(pdf: bytes) -> int:
    """How many pages a PDF has."""
    from pypdf import PdfReader  # noqa: PLC0415 - slow to load, and few processes need it

    return len(PdfReader(io.BytesIO(pdf)).pages)


def _load() -> None:
    try:
        import oms.core.pdf_drawing  # noqa: F401, PLC0415 - fails without Pango
    except (ImportError, OSError) as error:
        raise PdfUnavailable(
            "PDFs cannot be made here: install libpango-1.0-0, libpangoft2-1.0-0 and "
            f"libharfbuzz-subset0 ({error})."
        ) from error


def _draw_and_exit(html: str, outlet: int, limits: Limits) -> NoReturn:
    code = 1
    try:
        faulthandler.disable()
        _limit(limits)
        from oms.core.pdf_drawing import draw  # noqa: PLC0415 - loaded by the parent

        output = draw(html)
        code = 0
    except MemoryError:
        output = b"it takes too much memory"
    except BaseException as error:  # noqa: BLE001 - whatever it is has to reach the parent
        output = f"{type(error).__name__}: {error}".encode(errors="replace")
    try:
        with os.fdopen(outlet, "wb") as pipe:
            pipe.write(output)
    except BaseException:  # noqa: BLE001 - the parent went away
        code = 1
    # Not sys.exit: the parent's database connections and exit handlers are not ours to run.
    os._exit(code)


def _limit(limits: Limits) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    with open("/proc/self/statm") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + limits.memory,) * 2)


def _read(inlet: int, limits: Limits) -> bytes:
    output = bytearray()
    end = time.monotonic() + limits.wall_s
    while (left := end - time.monotonic()) > 0:
        if not select.select([inlet], [], [], left)[0]:
            break
        chunk = os.read(inlet, MB)
        if not chunk:
            return bytes(output)
        output += chunk
        if len(output) > limits.size:
            raise PdfFailed(f"The paper is larger than {limits.size // MB} MB.")
    raise PdfFailed(f"The paper was not finished after {limits.wall_s:.0f} seconds.")


def _checked(output: bytes, status: int, limits: Limits) -> bytes:
    if status == -signal.SIGXCPU:
        raise PdfFailed(f"The paper took more than {limits.cpu_s} seconds of computing.")
    if status < 0:
        raise PdfFailed(f"Drawing the paper was ended by signal {-status}.")
    if status or not output.startswith(b"%PDF-"):
        reason = output.decode(errors="replace")[:500] or "it gave no reason"
        raise PdfFailed(f"The paper could not be drawn: {reason}.")
    return output
