import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from oms.staticfiles import BUNDLES, inline_imports

STATIC = Path(__file__).resolve().parents[2] / "static"
TEMPLATES = STATIC.parent / "templates"
BUDGET = 150 * 1024
JQUERY = ["admin/js/vendor/jquery/jquery.min.js", "admin/js/jquery.init.js", "admin/js/core.js"]


def found(name: str) -> str:
    path = finders.find(name)
    assert isinstance(path, str), name
    return Path(path).read_text()


def packed(text: str) -> int:
    return len(gzip.compress(text.encode(), 6))


def test_an_import_is_replaced_by_its_content_in_its_layer() -> None:
    files = {"css/app.css": '@import url("a.css") layer(base);\nb {}', "css/a.css": "i {}"}

    assert inline_imports("css/app.css", files.__getitem__) == "@layer base {\ni {}\n}\nb {}"


def test_addresses_keep_their_target_when_a_file_moves() -> None:
    files = {
        "css/admin.css": '@import url("../admin/css/base.css") layer(django);',
        "admin/css/base.css": "@import url('w.css');\na { background: url(../img/x.svg) }",
        "admin/css/w.css": 'b { background: url("data:image/png,x") }',
    }

    inlined = inline_imports("css/admin.css", files.__getitem__)

    assert 'url("../admin/img/x.svg")' in inlined
    assert 'url("data:image/png,x")' in inlined
    assert "@import" not in inlined


@pytest.mark.parametrize("bundle", BUNDLES)
def test_no_import_is_left_in_a_bundle(bundle: str) -> None:
    assert "@import" not in inline_imports(bundle, found)


def test_a_page_of_ours_stays_within_its_bytes() -> None:
    scripts = [*map(str, (STATIC / "js").glob("*.js"))]
    font = (STATIC / "fonts" / "inter-latin.woff2").stat().st_size
    texts = [inline_imports("css/app.css", found), found("django_htmx/htmx-2.min.js")]
    texts += [found("icons/sprite.svg"), *[Path(script).read_text() for script in scripts]]

    assert sum(map(packed, texts)) + font <= BUDGET - 25 * 1024


def test_no_template_has_an_inline_style_or_script() -> None:
    guilty = [
        path.relative_to(TEMPLATES)
        for path in TEMPLATES.rglob("*.html")
        if path.name != "email.html" and "email" not in path.parts
        if re.search(
            r"""\sstyle=["']|<style|\son\w+=["']|<script(?![^>]*\bsrc=)""", path.read_text()
        )
    ]

    assert guilty == []


def test_only_the_tokens_name_colors() -> None:
    own = [*STATIC.glob("css/components/*.css"), *(STATIC / "css").glob("[blru]*.css")]
    white_ink = {"toast.css"}
    guilty = [
        path.name
        for path in own
        if path.name not in white_ink and re.search(r"#[0-9a-f]{3,8}\b", path.read_text())
    ]

    assert guilty == []
