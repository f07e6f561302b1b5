"""The start of everything refuses with one sentence each."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from oms.supervisor import folders
from oms.supervisor.demo import describe
from oms.supervisor.problems import SetupProblem, phrase_log, phrase_os_error


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def demo(port: int, host: str, var: Path) -> subprocess.CompletedProcess[str]:
    arguments = ["-m", "oms.supervisor", "demo", "--host", host, "--port", str(port)]
    environment = {
        "OMS_VAR": str(var),
        "PYTHONPATH": str(settings.BASE_DIR),
        "PATH": "/usr/bin:/bin",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_busy_port_is_one_sentence(busy_port: int, tmp_path: Path) -> None:
    answer = demo(busy_port, "127.0.0.1", tmp_path)

    assert answer.returncode == 1
    assert answer.stderr.strip() == (
        f"Port {busy_port} on 127.0.0.1 is busy: choose another one with"
        f" make demo PORT={busy_port + 1}."
    )


def test_a_foreign_address_is_one_sentence(tmp_path: Path) -> None:
    answer = demo(8000, "192.0.2.1", tmp_path)

    assert answer.returncode == 1
    assert answer.stderr.strip() == (
        "192.0.2.1 is no address of this machine: try HOST=127.0.0.1 or HOST=0.0.0.0."
    )


def test_a_folder_that_cannot_be_made_is_one_sentence() -> None:
    answer = demo(8000, "127.0.0.1", Path("/proc/oms"))

    assert answer.returncode == 1
    assert answer.stderr.strip() == (
        "/proc/oms cannot be made or found: set OMS_VAR to a folder that can."
    )


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "NEEDED_MEGABYTES", 10**9)

    with pytest.raises(SetupProblem, match=r"The disk is full: .* free some space and start again"):
        folders.check_space(tmp_path)


def test_a_disk_that_fills_up_later_is_recognized_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text("old\nPANIC:  could not write to file: No space left on device\n")

    assert phrase_log(log, 4) == "the disk is full; free some space and start again"
    assert phrase_os_error(OSError(28, "No space left on device", "/x")) == (
        "The disk is full (/x): free some space and start again."
    )


def test_a_too_old_python_is_one_sentence() -> None:
    answer = subprocess.run(
        ["make", "setup", "PYTHON=/bin/false"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 2
    assert answer.stderr.splitlines()[0] == (
        'Python 3.11 or newer is needed as "/bin/false": install python3, or name another one'
        " with make PYTHON=..."
    )


def test_the_introduction_lists_logins_and_an_order() -> None:
    info = {
        "logins": [{"title": "Manager", "username": "manager", "password": "secret"}],
        "order": {"number": "SO-100042", "postcode": "22767"},
    }

    login, order = describe(info)
    assert login.split() == ["Manager", "manager", "secret"]
    assert order == "Order SO-100042, postcode 22767"
    assert describe({}) == []
