"""Logs for machines: one JSON object a line, each with the request it belongs to, without personal data."""

import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

request_id: ContextVar[str] = ContextVar("request_id", default="")
logger = logging.getLogger("oms.request")
_TRUSTED_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_QUIET_ROUTES = {"healthz", "readyz"}


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get() or "-"
        return True


class RouteFilter(logging.Filter):
    """Puts the route in the place of the path in Django's own messages about a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if request is not None and isinstance(record.args, tuple):
            path, route = getattr(request, "path", None), _route(request)
            record.args = tuple(route if part == path else part for part in record.args)
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry | getattr(record, "facts", {}), default=str, ensure_ascii=False)


class RequestLogMiddleware:
    """Gives each request an id and one log line; the line names the route, never the path.

    Paths of customer links contain tokens, so they stay out of every log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        own_id = given if _TRUSTED_ID.fullmatch(given) else uuid.uuid4().hex
        setattr(request, "request_id", own_id)  # noqa: B010 - pages show it, Django's type lacks it
        token = request_id.set(own_id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = own_id
            _log(request, response, time.perf_counter() - started)
            return response
        finally:
            request_id.reset(token)


def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    route = _route(request)
    if route in _QUIET_ROUTES:
        return
    milliseconds = round(seconds * 1000)
    facts = {
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "ms": milliseconds,
    }
    message = f"{request.method} /{route} {response.status_code} {milliseconds} ms"
    logger.info(message, extra={"facts": facts})


def _route(request: HttpRequest) -> str:
    match = getattr(request, "resolver_match", None)
    return str(match.route) if match else "(no route)"
