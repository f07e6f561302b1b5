"""Where the program keeps its own data. Plain Python: read before any package is installed."""

import hashlib
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent


def var_dir() -> Path:
    """Return the folder for data, logs and secrets of this checkout (``OMS_VAR`` moves it)."""
    return Path(os.environ.get("OMS_VAR") or BASE_DIR / "var").absolute()


def fingerprint(folder: Path) -> str:
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]


def socket_dir(server: str) -> Path:
    """Return the private folder of one server's socket; short, because socket paths end at 107 bytes."""
    return Path(f"/tmp/oms-{os.getuid()}-{fingerprint(var_dir())}-{server}")


def embedded_database() -> dict[str, str]:
    """Return where the embedded PostgreSQL answers, as Django's settings name it."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "oms",
        "USER": "oms",
        "HOST": str(socket_dir("pg")),
    }


def redis_socket() -> Path:
    return socket_dir("redis") / "redis.sock"


def redis_url() -> str:
    return f"unix://{redis_socket()}"
