"""The embedded Redis: the queue's broker on a private socket, every write kept on disk."""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from oms.paths import redis_socket, socket_dir, var_dir
from oms.supervisor.binaries import redis_server
from oms.supervisor.folders import prepare_socket_dir
from oms.supervisor.processes import end, living_in
from oms.supervisor.program import Program


@dataclass(frozen=True)
class Redis(Program):
    data: Path = Path("/")

    def prepare(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        end(living_in(self.data, "redis-server"), signal.SIGTERM)
        prepare_socket_dir(socket_dir("redis"), None)
        redis_socket().unlink(missing_ok=True)

    def is_ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            try:
                client.connect(str(redis_socket()))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def embedded_redis() -> Redis:
    data = var_dir() / "redis"
    settings = {
        "port": "0",
        "unixsocket": str(redis_socket()),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
    }
    flags = [flag for name, value in settings.items() for flag in (f"--{name}", value)]
    return Redis(
        name="redis",
        command=[str(redis_server()), *flags],
        stop_signals=(signal.SIGTERM,),
        death_signal=signal.SIGTERM,
        is_server=True,
        data=data,
    )
