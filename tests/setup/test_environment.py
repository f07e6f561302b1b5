"""Settings come from the environment; what is wrong with them is said all at once."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

PRODUCTION = {
    "SECRET_KEY": "x" * 60,
    "DATABASE_URL": "postgres://oms:secret@db.example.com:5433/orders",
    "REDIS_URL": "redis://redis.example.com:6379/2",
    "ALLOWED_HOSTS": "oms.example.com, www.example.com",
    "EMAIL_URL": "smtp+tls://user:secret@mail.example.com:587",
    "OMS_PROCESS": "web",
}
PRINT = "from django.conf import settings as s; print({})"


def load(expression: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", PRINT.format(expression)],
        env=kept | {"DJANGO_SETTINGS_MODULE": "oms.settings", **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_missing_and_bad_setting_is_named_at_once() -> None:
    answer = load(
        "s.DEBUG",
        DATABASE_URL="mysql://db/orders",
        DEBUG="perhaps",
        LOCK_TIMEOUT_MS="-3",
        OMS_PROCESS="web",
    )

    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert [line[4:].split()[0] for line in answer.stderr.splitlines()[1:]] == [
        "DEBUG",
        "SECRET_KEY",
        "ALLOWED_HOSTS",
        "LOCK_TIMEOUT_MS",
        "DATABASE_URL",
        "REDIS_URL",
        "EMAIL_URL",
    ]


def test_production_talks_https_only() -> None:
    answer = load(
        "s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.DEBUG",
        **PRODUCTION,
    )

    assert answer.stdout.strip() == "True True True False", answer.stderr


def test_a_secret_may_be_given_as_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("from-a-file\n")
    environment = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}

    answer = load("s.SECRET_KEY", **environment, SECRET_KEY_FILE=str(secret))

    assert answer.stdout == "from-a-file\n", answer.stderr


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    answer = load("s.DEBUG", **PRODUCTION, SECRET_KEY_FILE=str(tmp_path / "none"))

    assert answer.returncode == 1
    assert "SECRET_KEY_FILE cannot be read: No such file or directory" in answer.stderr


def test_time_outs_travel_with_every_connection() -> None:
    expression = "s.DATABASES['default']['OPTIONS']['options']"

    web = load(expression, **PRODUCTION)
    worker = load(expression, **(PRODUCTION | {"OMS_PROCESS": "worker"}))

    usual = (
        "-c lock_timeout=3000 -c statement_timeout={} -c idle_in_transaction_session_timeout=10000"
    )
    assert web.stdout.strip() == usual.format(10000)
    assert worker.stdout.strip() == usual.format(60000)


def test_a_local_installation_makes_its_own_secret_key_for_its_owner_alone(tmp_path: Path) -> None:
    first = load("s.SECRET_KEY", OMS_VAR=str(tmp_path))
    second = load("s.SECRET_KEY", OMS_VAR=str(tmp_path))

    assert first.stdout == second.stdout
    assert len(first.stdout) > 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_local_installation_writes_mail_into_files(tmp_path: Path) -> None:
    answer = load("s.EMAIL_BACKEND, s.EMAIL_FILE_PATH", OMS_VAR=str(tmp_path))

    backend = "django.core.mail.backends.filebased.EmailBackend"
    assert answer.stdout.split() == [backend, str(tmp_path / "mail")]


def test_exchange_rates_are_read_as_exact_numbers() -> None:
    answer = load("s.EXCHANGE_RATES", **PRODUCTION, EXCHANGE_RATES="USD=0.92, GBP=1.17")

    assert answer.stdout.strip() == "{'USD': Decimal('0.92'), 'GBP': Decimal('1.17')}"


def test_a_bad_exchange_rate_is_refused() -> None:
    answer = load("s.EXCHANGE_RATES", **PRODUCTION, EXCHANGE_RATES="USD=-1")

    assert answer.returncode == 1
    assert "EXCHANGE_RATES cannot be used: USD=-1 is no rate such as USD=0.92." in answer.stderr
