#!/usr/bin/env python
"""Django's command line for the order management system."""

import os
import sys
from contextlib import nullcontext

from django.core.management import execute_from_command_line

from oms.supervisor.problems import SetupProblem
from oms.supervisor.servers import embedded_servers

WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "version",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    is_plain = command in WITHOUT_DATABASE or command.startswith("-") or "--help" in sys.argv
    try:
        with nullcontext() if is_plain else embedded_servers():
            execute_from_command_line(sys.argv)
    except SetupProblem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
