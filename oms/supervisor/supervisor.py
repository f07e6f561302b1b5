"""Starts children in order, starts them again when they die, and stops them in reverse order."""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from oms.supervisor.folders import rotate
from oms.supervisor.problems import SetupProblem, phrase_log
from oms.supervisor.processes import end, spawn
from oms.supervisor.program import Program, child_environment

STEADY_SECONDS = 60.0
LONGEST_PAUSE = 30.0


@dataclass
class Child:
    program: Program
    process: subprocess.Popen[bytes]
    log_offset: int
    started_at: float = field(default_factory=time.monotonic)
    failures: int = 0
    start_again_at: float | None = None


class Supervisor:
    """Owns its children; `say` tells the person in front of it what happens."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.children: list[Child] = []

    def start(self, *programs: Program, seconds: float = 60.0) -> None:
        """Start the programs side by side and come back when all of them answer."""
        started = [self._begin(program) for program in programs]
        self.children += started
        deadline = time.monotonic() + seconds
        for child in started:
            while not child.program.is_ready():
                self._refuse_if_dead(child)
                if time.monotonic() > deadline:
                    why = phrase_log(child.program.log, child.log_offset)
                    raise SetupProblem(
                        f"{child.program.name} does not answer after {seconds:.0f} s: {why}."
                    )
                time.sleep(0.05)

    def check(self) -> None:
        """Start what has died again, each time after a longer pause."""
        for child in self.children:
            if child.start_again_at is not None:
                self._start_again_when_due(child)
            elif child.process.poll() is not None:
                self._plan_restart(child)

    def stop(self) -> None:
        """Stop the children politely: the servers' clients all at once, then the servers."""
        for child in self.children:
            if not child.program.is_server and child.process.poll() is None:
                os.kill(child.process.pid, child.program.stop_signals[0])
        while self.children:
            child = self.children.pop()
            if child.process.poll() is None:
                program = child.program
                end(
                    [child.process.pid],
                    *program.stop_signals,
                    patience=program.patience,
                )
                child.process.wait()

    def _begin(self, program: Program) -> Child:
        rotate(program.log)
        program.prepare()
        offset = program.log.stat().st_size if program.log.exists() else 0
        process = spawn(
            program.command,
            log=program.log,
            environment=child_environment(**program.environment),
            death_signal=program.death_signal,
            account=program.account,
            folder=program.folder,
        )
        return Child(program, process, offset)

    def _refuse_if_dead(self, child: Child) -> None:
        if child.process.poll() is not None:
            why = phrase_log(child.program.log, child.log_offset)
            raise SetupProblem(f"{child.program.name} did not start: {why}.")

    def _plan_restart(self, child: Child) -> None:
        if time.monotonic() - child.started_at > STEADY_SECONDS:
            child.failures = 0
        pause = min(2.0**child.failures, LONGEST_PAUSE)
        child.failures += 1
        child.start_again_at = time.monotonic() + pause
        how = _how_it_ended(child.process.returncode)
        if "disk is full" in phrase_log(child.program.log, child.log_offset):
            how += ", because the disk is full"
        self.say(f"{child.program.name} ended ({how}); it starts again in {pause:.0f} s.")

    def _start_again_when_due(self, child: Child) -> None:
        if child.start_again_at is None or time.monotonic() < child.start_again_at:
            return
        try:
            fresh = self._begin(child.program)
        except (SetupProblem, OSError) as problem:
            pause = min(2.0**child.failures, LONGEST_PAUSE)
            child.failures += 1
            child.start_again_at = time.monotonic() + pause
            self.say(f"{child.program.name} cannot start: {problem} Next try in {pause:.0f} s.")
            return
        child.process, child.log_offset = fresh.process, fresh.log_offset
        child.started_at, child.start_again_at = time.monotonic(), None
        self.say(f"{child.program.name} runs again (process {child.process.pid}).")


def _how_it_ended(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
