"""What every answer carries, and what the log says about it."""

import json
import logging

import pytest
from django.test import Client

from oms.logs import JsonFormatter


def test_every_answer_has_a_strict_content_security_policy(client: Client) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]

    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy


def test_a_request_keeps_a_well_formed_id_and_loses_a_strange_one(client: Client) -> None:
    kept = client.get("/healthz", headers={"X-Request-ID": "abcdef-0123456789"})
    lost = client.get("/healthz", headers={"X-Request-ID": "no\ttabs, no commas"})

    assert kept.headers["X-Request-ID"] == "abcdef-0123456789"
    assert len(lost.headers["X-Request-ID"]) == 32


def test_the_log_names_the_route_and_never_the_path(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        client.get("/nowhere/secret-token/")

    lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith("GET /(no route) 404 ")
    assert lines[1:] == ["Not Found: (no route)"]
    assert "secret-token" not in caplog.text


def test_a_log_entry_is_one_line_of_json() -> None:
    record = logging.LogRecord("oms", logging.INFO, "f.py", 1, "two\nlines", None, None)

    text = JsonFormatter().format(record)

    assert "\n" not in text
    assert json.loads(text)["message"] == "two\nlines"
