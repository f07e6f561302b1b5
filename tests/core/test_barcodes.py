import shutil
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest

from oms.core.barcodes import code128_svg, data_uri, qr_svg

needs_reader = pytest.mark.skipif(
    not (shutil.which("zbarimg") and shutil.which("pdftoppm")),
    reason="zbarimg (zbar-tools) or pdftoppm (poppler-utils) is not installed",
)


def test_a_barcode_has_its_size_in_millimeters_and_its_text_for_screen_readers() -> None:
    drawing = code128_svg("SH-20931", width_mm=62, height_mm=15)

    assert 'width="62mm" height="15mm" viewBox="0 0 132 40"' in drawing
    assert 'role="img" aria-label="SH-20931"' in drawing


def test_markup_in_a_code_is_escaped() -> None:
    assert 'aria-label="&lt;b&gt;&quot;"' in code128_svg('<b>"')


def test_a_data_uri_holds_the_drawing() -> None:
    drawing = qr_svg("https://shop.example/o/1")

    kind, _, packed = data_uri(drawing).partition(",")

    assert kind == "data:image/svg+xml;base64"
    assert b64decode(packed).decode() == drawing


@pytest.mark.parametrize("text", ["", "Ünö", "a\nb", "\0"])
def test_code_128_refuses_what_scanners_would_not_type(text: str) -> None:
    with pytest.raises(ValueError, match="only printable ASCII"):
        code128_svg(text)


def test_a_code_too_narrow_to_scan_is_refused_with_the_width_it_needs() -> None:
    with pytest.raises(ValueError, match="at least 44 mm wide"):
        code128_svg("SO-100042-AB", width_mm=40)
    with pytest.raises(ValueError, match="at least"):
        qr_svg("x" * 500, size_mm=10)
    with pytest.raises(ValueError, match="cannot be a QR code"):
        qr_svg("x" * 5_000, size_mm=500)
    with pytest.raises(ValueError, match="empty"):
        qr_svg("")


@needs_reader
def test_printed_codes_read_back(tmp_path: Path) -> None:
    weasyprint = pytest.importorskip("weasyprint")
    texts = ["SH-20931", "SO-100042-AB", "https://shop.example/ö/1"]
    drawings = [code128_svg(texts[0]), code128_svg(texts[1], width_mm=45, height_mm=12)]
    page = "<p>".join([*drawings, f'<img src="{data_uri(qr_svg(texts[2]))}">'])
    (tmp_path / "codes.pdf").write_bytes(weasyprint.HTML(string=page).write_pdf())

    image = tmp_path / "codes"
    subprocess.run(
        ["pdftoppm", "-r", "203", "-png", "codes.pdf", "codes"], cwd=tmp_path, check=True
    )
    read = subprocess.run(
        ["zbarimg", "-q", "--raw", f"{image}-1.png"], capture_output=True, text=True, check=True
    )

    assert sorted(read.stdout.split()) == sorted(texts)
