"""Which encoding the text of a file has, and reading it line by line without holding it."""

import codecs
from collections.abc import Iterator
from io import TextIOWrapper
from typing import BinaryIO, Final, NamedTuple

from chalicelib.domain.imports import UnreadableFileError
from chalicelib.domain.limits import MAX_ROW_CHARACTERS
from chalicelib.domain.text import has_lone_surrogate

ENCODINGS: Final = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be",
    *(f"windows-125{index}" for index in range(9)), "windows-874",
    *(f"iso-8859-{index}" for index in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
    "koi8-r", "koi8-u", "cp437", "cp850", "cp852", "cp866", "mac-roman",
    "shift-jis", "euc-jp", "gb18030", "big5", "euc-kr",
)  # fmt: skip
"""Those that a caller can name."""

_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The byte order marks, each with the codec that drops it."""

_FALLBACK: Final = "windows-1252"
"""What Excel writes in most of Europe and America if it does not write UTF-8."""

_CHUNK_BYTES: Final = 1 << 20


class Line(NamedTuple):
    """A line with its end, and its number, counted from 1."""

    number: int
    text: str


def encoding_of(file: BinaryIO, named: str | None = None) -> str:
    """Return the codec of a file, by its byte order mark, or else by trying UTF-8 on all of it.

    The file is at its beginning afterwards. *named* is one of :data:`ENCODINGS`; it goes before
    everything but a byte order mark.

    Raises:
        UnreadableFileError: It is none of these.

    """
    if named is not None and named not in ENCODINGS:
        raise UnreadableFileError(f"The encoding {named} is not one of {', '.join(ENCODINGS)}.")
    file.seek(0)
    beginning = file.read(4)
    file.seek(0)
    for mark, codec in _MARKS.items():
        if beginning.startswith(mark):
            return codec
    if named is not None:
        return named
    if b"\0" in beginning:
        raise UnreadableFileError(
            "This seems to be UTF-16 without a byte order mark, or no text at all: name its "
            "encoding, utf-16-le or utf-16-be."
        )
    return "utf-8" if _is_in(file, "utf-8") else _FALLBACK


def lines_of(file: BinaryIO, codec: str) -> Iterator[Line]:
    """Yield the lines of a file from its beginning; a line ends in LF, CR LF or CR.

    Raises:
        UnreadableFileError: A line has more than :data:`.MAX_ROW_CHARACTERS`, or bytes that its
            encoding does not have.

    """
    file.seek(0)
    # A byte that the encoding lacks becomes half of a surrogate pair, so its line is known.
    text = TextIOWrapper(file, encoding=codec, errors="surrogateescape", newline="")
    number = 1
    try:
        while line := text.readline(MAX_ROW_CHARACTERS + 1):
            if len(line) > MAX_ROW_CHARACTERS:
                raise UnreadableFileError(
                    f"Line {number} has more than {MAX_ROW_CHARACTERS:,} characters."
                )
            if has_lone_surrogate(line):
                raise UnreadableFileError(f"Line {number} {_has_no_text(codec)}")
            yield Line(number, line)
            number += 1
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"A line near line {number} {_has_no_text(codec)}") from error
    finally:
        text.detach()


def _has_no_text(codec: str) -> str:
    return f"has a byte that is not text in {codec}: name the encoding of the file."


def _is_in(file: BinaryIO, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        while chunk := file.read(_CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True
