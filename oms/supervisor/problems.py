import errno
from pathlib import Path


class SetupProblem(Exception):
    """Something a person has to put right; its text is the whole message, in one sentence."""


def phrase_os_error(error: OSError) -> str:
    """Put an error of the operating system into a sentence that says what to do."""
    place = error.filename or "the data folder"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full ({place}): free some space and start again."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"{place} cannot be written by this user: run as its owner, or set OMS_VAR."
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return f"{place} cannot be made or found: set OMS_VAR to a folder that can."
    return f"{error.strerror or error} ({place})."


def phrase_log(log: Path, offset: int) -> str:
    """Tell from what a server wrote since `offset` why it did not start."""
    try:
        written = log.read_bytes()[offset:].decode(errors="replace")
    except OSError:
        return f"see {log}"
    if "No space left on device" in written or "Disk quota exceeded" in written:
        return "the disk is full; free some space and start again"
    lines = [line for line in written.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error:" in line.lower()]
    last = (telling or lines or ["it wrote nothing"])[-1]
    return f"{last.strip()} (more in {log})"
