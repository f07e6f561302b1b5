"""Whatever stands in a file, reading it costs bounded memory and the bad row alone."""

import gzip
import io
import lzma
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from channels.order_lines import MAX_LINE_BYTES, UnreadableFile, open_binary, read_rows


def rows_of(content: bytes) -> list[tuple[int, list[str], str, int]]:
    return [tuple(row) for row in read_rows(io.BytesIO(content))]


def test_rows_come_with_their_first_line() -> None:
    found = rows_of(b'a,b\r\n"x\ny",1\r\n\r\n2,3')

    assert found == [
        (1, ["a", "b"], "", -1),
        (2, ["x\ny", "1"], "", -1),
        (5, ["2", "3"], "", -1),
    ]


def test_a_byte_order_mark_is_left_out_and_semicolons_are_seen() -> None:
    assert rows_of(b"\xef\xbb\xbfa;b\n1;2\n")[0] == (1, ["a", "b"], "", -1)


@pytest.mark.parametrize(
    ("line", "problem", "field"),
    [
        (b"1,\xa3", "is not UTF-8 (byte 0xA3).", 1),
        (b"1\x00,2", "holds a NUL byte.", 0),
        (b'"never closed,2', "A quote is opened and never closed.", -1),
        (b"x" * 70_000, f"The line is longer than {MAX_LINE_BYTES} bytes.", -1),
    ],
)
def test_a_broken_line_costs_itself_alone(line: bytes, problem: str, field: int) -> None:
    found = rows_of(b"a,b\n" + line + b"\n" + b"3,4\n" * 30)

    assert found[1][0] == 2
    assert found[1][2:] == (problem, field)
    assert [row[:2] for row in found[2:]] == [(n, ["3", "4"]) for n in range(3, 33)]


def test_pounds_and_umlauts_are_fine_in_utf_8() -> None:
    assert rows_of("a,b\nTür,£\n".encode())[1] == (2, ["Tür", "£"], "", -1)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "The file is empty."),
        ("a,b\n".encode("utf-16"), "looks like UTF-16"),
        (b"PK\x03\x04rest", "zip or Excel"),
        (b"\x1f\x8brest", "name it .csv.gz"),
        (b"a,\xe4\n", "header is not UTF-8"),
        (b"a\0,b\n", "NUL bytes"),
    ],
)
def test_what_is_no_csv_is_refused_as_a_whole(content: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        rows_of(content)


class _EndlessLine(io.RawIOBase):
    """100 MB without a line end, made while it is read."""

    left = 100 * 2**20

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self.left)
        buffer[:count] = b"x" * count
        self.left -= count
        return count


def test_a_huge_line_takes_no_memory() -> None:
    tracemalloc.start()
    found = list(read_rows(io.BufferedReader(_EndlessLine())))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found[0].problem == f"The line is longer than {MAX_LINE_BYTES} bytes."
    assert peak < 2 * 2**20


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_compressed_files_are_read_and_damaged_ones_refused(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"orders.csv{suffix}"
    data = compress(b"a,b\n" + b"1,2\n" * 10_000)
    path.write_bytes(data)
    with open_binary(path) as stream:
        assert len(list(read_rows(stream))) == 10_001

    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UnreadableFile), open_binary(path) as stream:
        list(read_rows(stream))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(UnreadableFile, match=r"none.csv cannot be read"),
        open_binary(tmp_path / "none.csv"),
    ):
        pass
