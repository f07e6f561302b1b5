"""Prints the URL of a PostgreSQL of the wanted major version on 127.0.0.1:5432, or nothing."""

import getpass
import os
import sys

import psycopg2

# The tests run in "test_" + this name, so that two runs on one server do not meet.
OWN_NAME = f"oms_ci_{os.getppid()}"


def find(major: int) -> str:
    candidates = [os.environ.get("OMS_CI_DATABASE_URL", "")]
    candidates += [f"postgres://{user}@127.0.0.1:5432/{OWN_NAME}" for user in _users()]
    return next((url for url in candidates if url and _serves(url, major)), "")


def _users() -> list[str]:
    return list(dict.fromkeys([getpass.getuser(), "postgres"]))


def _serves(url: str, major: int) -> bool:
    try:
        connection = psycopg2.connect(url.replace(OWN_NAME, "postgres"), connect_timeout=3)
    except psycopg2.OperationalError:
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = user")
            row = cursor.fetchone()
            return connection.server_version // 10_000 == major and bool(row and row[0])
    finally:
        connection.close()


if __name__ == "__main__":
    sys.stdout.write(find(int(sys.argv[1])))
