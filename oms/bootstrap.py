"""Makes a bare checkout runnable: virtual environment, locked packages, system libraries.

Runs with the system's Python before anything is installed, so it imports the standard library only.
``python3 oms/bootstrap.py run|dev|reset``
"""

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
VENV = BASE_DIR / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed"
LOCKS = {
    "run": BASE_DIR / "requirements.lock",
    "dev": BASE_DIR / "requirements-dev.lock",
}
NEEDED_MEGABYTES = 700
# What WeasyPrint opens while it runs, and the Debian package that brings it.
LIBRARIES = {
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
READERS = {"zbarimg": "zbar-tools", "pdftoppm": "poppler-utils"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
APT = (
    "-o",
    "DPkg::Lock::Timeout=60",
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=20",
)


class SetupProblem(Exception):
    """One sentence for the person who typed make."""


def main(arguments: list[str]) -> int:
    what = arguments[0] if arguments else "run"
    try:
        with _only_one_at_a_time():
            reset() if what == "reset" else set_up(what)
    except SetupProblem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\n{_phrase(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the next start goes on from here.", file=sys.stderr)
        return 130
    return 0


def set_up(what: str) -> None:
    """Install what is missing for running (`run`) or for running and testing (`dev`)."""
    _check_folder()
    install_system_packages(_missing_packages(for_tests=what == "dev"))
    if _is_installed(what):
        return
    _check_space()
    with _step("Virtual environment"):
        _make_venv()
    with _step(f"Packages from {LOCKS[what].name}"):
        _install(LOCKS[what])
    STAMP.write_text(f"{what} {_fingerprint(LOCKS[what])}\n")


def reset() -> None:
    """Remove the data of this checkout, wherever it lies; the installed packages stay."""
    var = Path(os.environ.get("OMS_VAR") or BASE_DIR / "var").absolute()
    elsewhere = Path("/var/lib/oms") / hashlib.sha256(str(var.resolve()).encode()).hexdigest()[:8]
    lock = var / "supervisor.lock"
    if lock.exists() and not _is_free(lock):
        raise SetupProblem("The demo or a command is still running: stop it first, then reset.")
    for folder in (var, elsewhere):
        if folder.exists():
            shutil.rmtree(folder)
            print(f"Removed {folder}.")


# --- System packages -------------------------------------------------------------------------------


def _missing_packages(*, for_tests: bool) -> list[str]:
    missing = [package for library, package in LIBRARIES.items() if not _can_load(library)]
    if not FONT.exists():
        missing.append("fonts-dejavu-core")
    if importlib.util.find_spec("ensurepip") is None and not PYTHON.exists():
        missing.append("python3-venv")
    if for_tests:
        if not any(shutil.which(name) for name in BROWSERS):
            missing.append("chromium")
        missing += [package for reader, package in READERS.items() if not shutil.which(reader)]
    return missing


def install_system_packages(missing: list[str]) -> None:
    """Install Debian packages where we may; otherwise say once which ones are missing."""
    if not missing:
        return
    prefix = _apt_prefix()
    names = " ".join(missing)
    if prefix is not None:
        with _step(f"Debian packages {names}"):
            if _apt_install(prefix, missing):
                return
    hint = f"apt-get install {names}"
    if "python3-venv" in missing:
        raise SetupProblem(f"A package of Debian is missing; as root, type: {hint}")
    print(
        f"Without these Debian packages PDFs, or tests of browser and barcodes, are left out: {hint}",
        flush=True,
    )


def _apt_prefix() -> list[str] | None:
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and _succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"]
    return None


def _apt_install(prefix: list[str], packages: list[str]) -> bool:
    install = [
        *prefix,
        "apt-get",
        *APT,
        "install",
        "-y",
        "--no-install-recommends",
        *packages,
    ]
    return _succeeds(install) or (
        _succeeds([*prefix, "apt-get", *APT, "update"]) and _succeeds(install)
    )


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


# --- Python packages -------------------------------------------------------------------------------


def _is_installed(what: str) -> bool:
    try:
        kind, fingerprint = STAMP.read_text().split()
    except (OSError, ValueError):
        return False
    covers = kind == what or (kind == "dev" and what == "run")
    return (
        covers and fingerprint == _fingerprint(LOCKS[kind]) and _succeeds([str(PYTHON), "-c", ""])
    )


def _fingerprint(lock: Path) -> str:
    version = ".".join(map(str, sys.version_info[:2]))
    return hashlib.sha256(lock.read_bytes() + version.encode() + str(VENV).encode()).hexdigest()


def _make_venv() -> None:
    if (
        _succeeds([str(PYTHON), "-c", ""])
        and _is_same_python()
        and _succeeds([*_pip(), "--version"])
    ):
        return
    without_pip = ["--without-pip"] if _pip_wheel() else []
    result = _run([sys.executable, "-m", "venv", "--clear", *without_pip, str(VENV)])
    if result.returncode != 0:
        raise SetupProblem(f"The virtual environment cannot be made: {_last_line(result)}")


def _pip_wheel() -> Path | None:
    """Return the pip that Python brings along; it runs as it is, installing it takes seconds."""
    spec = importlib.util.find_spec("ensurepip")
    beside = Path(spec.origin).parent / "_bundled" if spec and spec.origin else Path("/nonexistent")
    folders = (beside, Path("/usr/share/python-wheels"))
    found = [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]
    return found[-1] if found else None


def _pip() -> list[str]:
    wheel = _pip_wheel()
    return [str(PYTHON), str(wheel / "pip")] if wheel else [str(PYTHON), "-m", "pip"]


def _is_same_python() -> bool:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return (VENV / "lib" / f"python{version}").exists()


def _install(lock: Path) -> None:
    environment = os.environ | _uv_settings()
    uv = [str(PYTHON), "-m", "uv", "--quiet", "pip", "install", "--python", str(PYTHON)]
    pip = [*_pip(), "--quiet", "--disable-pip-version-check", "install"]
    has_uv = _succeeds([*pip, "--no-compile", "uv"])
    options = ["--require-hashes", "-r", str(lock)]
    if has_uv and _run([*uv, *options], environment).returncode == 0:
        return
    result = _run([*pip, *options])
    if result.returncode != 0:
        raise SetupProblem(
            f"The Python packages cannot be installed (is the package index reachable?):"
            f" {_last_line(result)}"
        )


def _uv_settings() -> dict[str, str]:
    """Hand pip's configuration on to uv, which does not read it."""
    listing = _run([*_pip(), "config", "list"]).stdout
    found: dict[str, str] = {}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        words = " ".join(shlex.split(value))
        found[name.rpartition(".")[2]] = words
    wanted = {
        "UV_DEFAULT_INDEX": found.get("index-url", ""),
        "UV_INDEX": found.get("extra-index-url", ""),
        "UV_FIND_LINKS": ",".join(found.get("find-links", "").split()),
        "UV_INSECURE_HOST": found.get("trusted-host", ""),
        "SSL_CERT_FILE": found.get("cert", ""),
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_LINK_MODE": "copy" if os.environ.get("UV_CACHE_DIR") else "",
    }
    return {name: value for name, value in wanted.items() if value and name not in os.environ}


# --- Small things ----------------------------------------------------------------------------------


def _check_folder() -> None:
    if not os.access(BASE_DIR, os.W_OK | os.X_OK):
        raise SetupProblem(
            f"{BASE_DIR} cannot be written by this user: clone it where you may write."
        )
    for folder in (VENV, BASE_DIR / "var"):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise SetupProblem(
                f"{folder} belongs to another user: go on as that user, or remove it as root."
            )


def _check_space() -> None:
    free = shutil.disk_usage(BASE_DIR).free // 2**20
    if free < NEEDED_MEGABYTES:
        raise SetupProblem(
            f"The disk is full: {BASE_DIR} has {free} MB left and {NEEDED_MEGABYTES} MB are needed."
        )


def _phrase(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full: free some space and start again."
    return f"{error.strerror or error}: {error.filename or BASE_DIR}."


@contextlib.contextmanager
def _only_one_at_a_time() -> Iterator[None]:
    """Hold a lock on the checkout, which the kernel gives back even after kill -9."""
    descriptor = os.open(BASE_DIR, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_free(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@contextlib.contextmanager
def _step(title: str) -> Iterator[None]:
    print(f"{title} …", end="", flush=True)
    began = time.monotonic()
    yield
    print(f" {time.monotonic() - began:.1f} s", flush=True)


def _run(
    command: list[str], environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def _succeeds(command: list[str]) -> bool:
    return _run(command).returncode == 0


def _last_line(result: subprocess.CompletedProcess[str]) -> str:
    lines = (result.stderr + result.stdout).strip().splitlines()
    if any("No space left on device" in line for line in lines):
        return "the disk is full."
    telling = [line for line in lines if "error" in line.lower()]
    return (telling or lines or ["no reason given"])[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
