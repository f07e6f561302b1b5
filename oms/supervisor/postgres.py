"""The embedded PostgreSQL: a real server in the foreground, on a private socket, without TCP."""

import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from oms.paths import socket_dir, var_dir
from oms.supervisor.binaries import postgres_install
from oms.supervisor.folders import fallback_dir, is_reachable, prepare_socket_dir
from oms.supervisor.problems import SetupProblem, phrase_log
from oms.supervisor.processes import Account, end, living_in, spawn
from oms.supervisor.program import Program, child_environment

ACCOUNT_NAME = "oms-db"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "jit": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Place:
    """Where the binaries and the data lie, and what to tell about it."""

    install: Path
    data: Path
    account: Account | None
    remark: str = ""


def choose_place() -> Place:
    """Decide user and folders; as root the server gets an own user and folders that it can reach."""
    install, data = postgres_install(), var_dir() / "postgres"
    if os.geteuid() != 0:
        return Place(install, data, None)
    account = _database_account()
    elsewhere = fallback_dir()
    moved = []
    if not is_reachable(account, install / "bin" / "postgres"):
        install = _copy_of(install, elsewhere)
        moved.append("the programs of PostgreSQL")
    is_settled_elsewhere = (elsewhere / "postgres").exists() and not data.exists()
    if is_settled_elsewhere or not is_reachable(account, var_dir()):
        data = elsewhere / "postgres"
        moved.append("the data of PostgreSQL")
    if moved:
        _open_passage(elsewhere)
    if moved and not is_reachable(account, elsewhere):
        raise SetupProblem(
            f"PostgreSQL refuses to run as root, and its user {account.name} reaches neither"
            f" {var_dir()} nor {elsewhere}: set OMS_VAR to a folder that every user may pass through."
        )
    remark = (
        f"The folder of the checkout is closed to the user {account.name}, so {' and '.join(moved)}"
        f" live in {elsewhere}."
    )
    return Place(install, data, account, remark if moved else "")


def _database_account() -> Account:
    try:
        return Account.named(ACCOUNT_NAME)
    except KeyError:
        pass
    useradd = shutil.which("useradd") or "/usr/sbin/useradd"
    options = [
        "--system",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--user-group",
    ]
    try:
        command = [useradd, *options, "--shell", "/usr/sbin/nologin", ACCOUNT_NAME]
        subprocess.run(command, check=True, capture_output=True)
        return Account.named(ACCOUNT_NAME)
    except (OSError, subprocess.CalledProcessError, KeyError):
        try:
            pwd.getpwnam(ACCOUNT_NAME)
        except KeyError:
            raise SetupProblem(
                "PostgreSQL refuses to run as root, and the system user"
                f" {ACCOUNT_NAME} could not be made: run as an ordinary user."
            ) from None
        return Account.named(ACCOUNT_NAME)


def _copy_of(install: Path, folder: Path) -> Path:
    """Copy the programs to where the server's user can run them; once per version.

    They look for their libraries beside the package, so both keep their places to each other.
    """
    package = install.parent
    size = (install / "bin" / "postgres").stat().st_size
    target = folder / f"programs-{install.name}-{size}"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{target.name}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(install, draft / package.name / install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        draft.replace(target)
    copied = target / package.name / install.name
    for passage in (target, target / package.name, copied):
        passage.chmod(0o755)
    return copied


def _open_passage(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for passage in (folder.parent, folder):
        passage.chmod(0o755)


@dataclass(frozen=True)
class Postgres(Program):
    data: Path = Path("/")
    install: Path = Path("/")

    def prepare(self) -> None:
        end(living_in(self.data, "postgres"), signal.SIGINT, signal.SIGQUIT)
        prepare_socket_dir(socket_dir("pg"), self.account)
        if not (self.data / "PG_VERSION").exists():
            self._initialize()
        self._check_version()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def is_ready(self) -> bool:
        try:
            _ensure_database()
        except psycopg2.OperationalError:
            return False
        return True

    def _initialize(self) -> None:
        """Make the cluster beside its final place, so that an interrupted attempt leaves none."""
        draft = self.data.with_name(f"{self.data.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o700)
        if self.account:
            os.chown(draft, self.account.uid, self.account.gid)
        offset = self.log.stat().st_size if self.log.exists() else 0
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        options = [
            "--username=oms",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
            *locale,
        ]
        child = spawn(
            [str(self.install / "bin" / "initdb"), f"--pgdata={draft}", *options],
            log=self.log,
            environment={**child_environment(), "LC_ALL": "C"},
            death_signal=signal.SIGKILL,
            account=self.account,
        )
        if child.wait() != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise SetupProblem(
                f"PostgreSQL cannot make its data folder: {phrase_log(self.log, offset)}."
            )
        shutil.rmtree(self.data, ignore_errors=True)
        draft.replace(self.data)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = self.install.name.removeprefix("pginstall")
        if ours and made_by != ours:
            raise SetupProblem(
                f"The data in {self.data} was made by PostgreSQL {made_by}, not {ours}:"
                " dump it with that version first, or start over with make reset."
            )


def embedded_postgres(place: Place, *, durable: bool = True) -> Postgres:
    settings = SETTINGS | {"unix_socket_directories": str(socket_dir("pg"))}
    settings |= {} if durable else NOT_DURABLE
    flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
    return Postgres(
        name="postgres",
        command=[
            str(place.install / "bin" / "postgres"),
            "-D",
            str(place.data),
            *flags,
        ],
        environment={"LC_ALL": "C"},
        account=place.account,
        stop_signals=(signal.SIGINT, signal.SIGQUIT),
        death_signal=signal.SIGINT,
        is_server=True,
        data=place.data,
        install=place.install,
    )


def _ensure_database() -> None:
    host = str(socket_dir("pg"))
    connection = psycopg2.connect(host=host, user="oms", dbname="postgres", connect_timeout=2)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'oms'")
            if cursor.fetchone() is None:
                cursor.execute("CREATE DATABASE oms")
    finally:
        connection.close()
