"""`make demo`: the whole system with demo data, until Ctrl-C."""

import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oms.paths import BASE_DIR, var_dir
from oms.supervisor.problems import SetupProblem, phrase_log
from oms.supervisor.processes import memory_in_use, spawn
from oms.supervisor.program import Program, child_environment, python
from oms.supervisor.servers import needed_servers, supervised
from oms.supervisor.supervisor import Supervisor

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
QUEUES = "celery,orders,documents,messages,channels,reports"


@dataclass(frozen=True)
class Web(Program):
    url: str = ""

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


@dataclass(frozen=True)
class Worker(Program):
    @property
    def ready_file(self) -> Path:
        return var_dir() / f"{self.name}.ready"

    def prepare(self) -> None:
        self.ready_file.unlink(missing_ok=True)

    def is_ready(self) -> bool:
        return self.ready_file.exists()


class Progress:
    """Numbered steps with their duration."""

    def __init__(self, steps: int) -> None:
        self.steps, self.step = steps, 0
        self.began = time.monotonic()

    def say(self, sentence: str) -> None:
        print(f"      {sentence}", flush=True)

    @contextmanager
    def on(self, title: str) -> Iterator[None]:
        self.step += 1
        print(f"[{self.step}/{self.steps}] {title} …", end="", flush=True)
        began = time.monotonic()
        yield
        print(f" {time.monotonic() - began:.1f} s", flush=True)


def run_demo(host: str, port: int) -> None:
    """Bring everything up, print how to use it, and keep it running until told to stop."""
    progress = Progress(3)
    with supervised(progress.say) as (supervisor, lock):
        _check_port(host, port)
        url = f"http://{_shown(host)}:{port}"
        os.environ.update(_demo_environment(host, url))
        _bring_up(supervisor, progress, host, port)
        lock.note(pid=os.getpid(), url=url)
        _introduce(url, time.monotonic() - progress.began)
        _keep_running(supervisor)


def _bring_up(supervisor: Supervisor, progress: Progress, host: str, port: int) -> None:
    servers = needed_servers(progress.say)
    with progress.on("PostgreSQL and Redis"):
        supervisor.start(*servers)
    with progress.on("Tables and demo data"):
        _manage("prepare_demo", str(_info_file()))
    with progress.on("Web server, workers and scheduler"):
        supervisor.start(_web(host, port), _worker(), _beat())


def _demo_environment(host: str, url: str) -> dict[str, str]:
    hosts = ["127.0.0.1", "localhost", "[::1]", host]
    shared = {} if host in LOOPBACK else {"ALLOWED_HOSTS": "*"}
    defaults = {
        "OMS_DEMO": "1",
        "COMPANY_NAME": "Harborline Supply",
        "BASE_URL": url,
        "ALLOWED_HOSTS": ",".join(hosts),
        **shared,
    }
    return {name: os.environ.get(name) or value for name, value in defaults.items()}


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise SetupProblem(
                f"{host} is no address of this machine: try HOST=127.0.0.1."
            ) from None
        except (OSError, OverflowError) as error:
            raise SetupProblem(_port_sentence(host, port, error)) from None


def _port_sentence(host: str, port: int, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return f"Port {port} needs more rights than this user has: choose one above 1023."
    if isinstance(error, OverflowError):
        return f"{port} is no port number: choose one from 1024 to 65535."
    if getattr(error, "errno", None) == 99:
        return f"{host} is no address of this machine: try HOST=127.0.0.1 or HOST=0.0.0.0."
    return f"Port {port} on {host} is busy: choose another one with make demo PORT={port + 1}."


def _manage(*arguments: str) -> None:
    """Run one management command as a child; its output goes to the set-up log."""
    log = var_dir() / "log" / "setup.log"
    offset = log.stat().st_size if log.exists() else 0
    child = spawn(
        python(str(BASE_DIR / "manage.py"), *arguments),
        log=log,
        environment=child_environment(OMS_PROCESS="command", STATEMENT_TIMEOUT_MS="0"),
        death_signal=signal.SIGKILL,
    )
    try:
        code = child.wait()
    except BaseException:
        child.kill()
        child.wait()
        raise
    if code != 0:
        raise SetupProblem(f"manage.py {arguments[0]} failed: {phrase_log(log, offset)}.")


def _info_file() -> Path:
    return var_dir() / "demo.json"


def _web(host: str, port: int) -> Web:
    options = ["--preload", "--worker-class=gthread", "--workers=2", "--threads=4", "--timeout=60"]
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    bind = [
        "--bind",
        address,
        "--graceful-timeout=5",
        "--log-level=warning",
        "--no-control-socket",
    ]
    return Web(
        name="web",
        command=python("-m", "gunicorn", "oms.wsgi", *options, *bind),
        environment={"OMS_PROCESS": "web"},
        folder=BASE_DIR,
        url=f"http://{_shown(host)}:{port}",
    )


def _worker() -> Worker:
    options = ["--concurrency=2", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
    return Worker(
        name="worker",
        command=python("-m", "celery", "-A", "oms", "worker", "-Q", QUEUES, *options),
        environment={
            "OMS_PROCESS": "worker",
            "OMS_READY_FILE": str(var_dir() / "worker.ready"),
        },
        folder=BASE_DIR,
        stop_signals=(signal.SIGTERM, signal.SIGQUIT),
        death_signal=signal.SIGQUIT,
    )


def _beat() -> Program:
    files = [f"--schedule={var_dir() / 'beat-schedule'}", "--pidfile="]
    return Program(
        name="beat",
        command=python("-m", "celery", "-A", "oms", "beat", "--loglevel=INFO", *files),
        environment={"OMS_PROCESS": "worker"},
        folder=BASE_DIR,
    )


def _shown(host: str) -> str:
    shown = "127.0.0.1" if host in {"0.0.0.0", ""} else host  # noqa: S104
    return f"[{shown}]" if ":" in shown else shown


def _introduce(url: str, seconds: float) -> None:
    servers = [var_dir() / "postgres", var_dir() / "redis"]
    megabytes = memory_in_use(str(var_dir()), servers) // 2**20
    print(
        f"\nRunning after {seconds:.0f} s with {megabytes} MB of memory: {url}/admin/",
        flush=True,
    )
    for line in describe(_demo_info()):
        print(f"  {line}", flush=True)
    print(f"Logs: {var_dir() / 'log'}. Ctrl-C stops everything.\n", flush=True)


def _demo_info() -> dict[str, Any]:
    return dict(json.loads(_info_file().read_text()))


def describe(info: dict[str, Any]) -> list[str]:
    """Return lines about the demo data: a login for each role and an order to look up."""
    logins = info.get("logins", [])
    shown = ("title", "username", "password")
    lines = ["  ".join(str(login[name]).ljust(16) for name in shown) for login in logins]
    order = info.get("order", {})
    if order:
        lines.append(f"Order {order.get('number')}, postcode {order.get('postcode')}")
    return lines


def _keep_running(supervisor: Supervisor) -> None:
    while True:
        supervisor.check()
        time.sleep(0.3)
