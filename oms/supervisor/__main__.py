"""Command line of the supervisor: ``python -m oms.supervisor demo|servers``."""

import argparse
import signal
import sys
from types import FrameType

from oms.supervisor.demo import run_demo
from oms.supervisor.problems import SetupProblem, phrase_os_error
from oms.supervisor.processes import die_with_parent
from oms.supervisor.servers import run_servers_until_unused


def main() -> int:
    options = _parser().parse_args()
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, _interrupt)
    try:
        if options.what == "demo":
            die_with_parent(signal.SIGTERM)
            run_demo(options.host, options.port)
        else:
            run_servers_until_unused()
    except KeyboardInterrupt:
        print("\nStopped. The data stays; make demo goes on with it.", flush=True)
    except SetupProblem as problem:
        print(f"\n{problem}", file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        print(f"\n{phrase_os_error(error)}", file=sys.stderr, flush=True)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m oms.supervisor", description=__doc__)
    parser.add_argument("what", choices=["demo", "servers"])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    return parser


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
