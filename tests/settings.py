"""The settings of the product with what a test session needs: own data folder, cheap passwords."""

import os
from pathlib import Path

TESTS = Path(__file__).resolve().parent
os.environ.setdefault("SECRET_KEY", "only for tests, and never anywhere else")
os.environ.setdefault("OMS_LOCAL", "1")
os.environ.setdefault("OMS_VAR", str(TESTS.parent / "var" / "test"))
os.environ.setdefault("OMS_DURABLE", "0")

from oms.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
