import http.server
import threading
import time
from collections.abc import Iterator
from io import BytesIO

import pytest
from pypdf import PdfReader

from oms.core import checks
from oms.core.pdf import MB, Limits, PdfFailed, join_pdfs, page_count, render_html_to_pdf

pytestmark = pytest.mark.skipif(
    bool(checks.papers_can_be_drawn()), reason="Pango is not installed: no PDF can be made here"
)

ENDLESS = "<p>" + "word " * 400_000


@pytest.fixture
def outside() -> Iterator[tuple[str, list[str]]]:
    """A web server that writes down what it is asked for."""
    asked: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def text(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def test_a_page_becomes_a_pdf() -> None:
    pdf = render_html_to_pdf("<h1>Packing slip</h1>")

    assert pdf.startswith(b"%PDF-")
    assert text(pdf) == "Packing slip"
    assert page_count(pdf) == 1


def test_a_page_reaches_neither_network_nor_files(outside: tuple[str, list[str]]) -> None:
    address, asked = outside
    hostile = f"""
        <link rel="stylesheet" href="{address}/style.css">
        <link rel="attachment" href="file:///etc/passwd">
        <link rel="attachment" href="{address}/attachment">
        <style>@import "{address}/import.css"; body {{ background: url({address}/back.png) }}</style>
        <img src="{address}/image.png"><img src="file:///etc/hostname">
        <object data="{address}/object.svg"></object><embed src="{address}/embed.svg">
        <svg xmlns="http://www.w3.org/2000/svg"><image href="{address}/in.svg"/></svg>
        <link rel="stylesheet" href="/static/css/print/../app.css">
        <p>still here
    """

    pdf = render_html_to_pdf(hostile)

    assert asked == []
    assert text(pdf).strip() == "still here"
    assert b"/EmbeddedFile" not in pdf
    assert PdfReader(BytesIO(pdf)).attachments == {}


def test_our_own_print_styles_are_found() -> None:
    plain = render_html_to_pdf("<body class=thermal>x")
    styled = render_html_to_pdf(
        '<link rel="stylesheet" href="/static/css/print/paper.css"><body class=thermal>x'
    )

    width, height = (
        float(side) / 72 * 25.4 for side in PdfReader(BytesIO(styled)).pages[0].mediabox[2:]
    )
    assert (round(width), round(height)) == (100, 150)
    assert PdfReader(BytesIO(plain)).pages[0].mediabox.width > 500


def test_a_page_that_computes_too_long_is_ended() -> None:
    began = time.monotonic()

    with pytest.raises(PdfFailed, match="more than 1 seconds of computing"):
        render_html_to_pdf(ENDLESS, limits=Limits(cpu_s=1, wall_s=60))

    assert time.monotonic() - began < 30


def test_a_page_that_takes_too_long_by_the_clock_is_ended() -> None:
    with pytest.raises(PdfFailed, match="not finished after 0 seconds"):
        render_html_to_pdf(ENDLESS, limits=Limits(wall_s=0.2))


def test_a_page_that_takes_too_much_memory_is_ended() -> None:
    with pytest.raises(PdfFailed):
        render_html_to_pdf(ENDLESS, limits=Limits(memory=2 * MB, cpu_s=20))


def test_a_pdf_that_is_too_large_is_refused() -> None:
    with pytest.raises(PdfFailed, match="larger than 0 MB"):
        render_html_to_pdf("<p>x", limits=Limits(size=100))


def test_papers_are_joined_in_their_order() -> None:
    joined = join_pdfs([render_html_to_pdf("<p>one"), render_html_to_pdf("<p>two")])

    assert text(joined) == "one two"
    with pytest.raises(ValueError, match="no paper to join"):
        join_pdfs([])


def test_the_header_row_repeats_on_every_page_and_pages_are_numbered() -> None:
    rows = "".join(f"<tr><td>SKU-{number}" for number in range(80))
    pdf = render_html_to_pdf(
        '<link rel="stylesheet" href="/static/css/print/paper.css">'
        f"<p class=page-word>Page</p><table><thead><tr><th>Heading</thead>{rows}</table>"
    )

    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    assert len(pages) > 1
    assert all("Heading" in page for page in pages)
    assert f"Page 1 / {len(pages)}" in pages[0]
