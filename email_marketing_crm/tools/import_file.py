"""Reads the rows of a CSV or XLSX file, whatever program wrote it.

A file is a header and rows of texts. Nothing here knows what the columns mean.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import NamedTuple

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

#: Encodings a user may choose; what spreadsheet programs of all countries write.
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1252")
SEPARATORS = (",", ";", "\t", "|")
#: Share of bytes above ASCII that stand in pairs in Chinese text, and never in Latin.
PAIRED_SHARE = 0.9
#: A workbook is a ZIP file; unpacked larger than this it is a mistake or an attack.
MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
#: A cell longer than this many characters is a quotation mark that was not closed.
MAX_CELL_LENGTH = 100_000
#: Rows looked at to find the separator.
SAMPLE_ROWS = 20


class ImportFileError(Exception):
    """A file that cannot be read.

    :ivar code: `"empty"`, `"old_excel"`, `"workbook"`, `"too_large"`, `"encoding"` or
        `"quotes"`
    :ivar line: number of the line where it happened, or None
    """

    def __init__(self, code: str, line: int | None = None):
        super().__init__(code)
        self.code = code
        self.line = line


class Table(NamedTuple):
    """A file that is open for reading.

    :param kind: `"csv"` or `"xlsx"`
    :param encoding: of a CSV file, one of ENCODINGS
    :param separator: of a CSV file, one of SEPARATORS
    :param header: texts of the first row that is not empty
    :param rows: `(number, texts)` of each further row that is not empty; the number
        is the one a spreadsheet program shows, 1 for the first row of the file
    """

    kind: str
    encoding: str | None
    separator: str | None
    header: list[str]
    rows: Iterator[tuple[int, list[str]]]


def read_table(
    content: bytes, encoding: str | None = None, separator: str | None = None
) -> Table:
    """Open a file; what is not given is found out.

    :raises ImportFileError: it is no CSV or XLSX file, or has nothing in it
    """
    if content.startswith(b"PK\x03\x04"):
        kind, encoding, separator = "xlsx", None, None
        rows = _read_workbook(content)
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        raise ImportFileError("old_excel")
    else:
        kind = "csv"
        encoding = encoding or find_encoding(content)
        text = _decode(content, encoding)
        separator = separator or find_separator(text)
        rows = _read_text(text, separator)
    filled = ((number, row) for number, row in rows if any(row))
    try:
        _number, header = next(filled)
    except StopIteration:
        raise ImportFileError("empty") from None
    while header and not header[-1]:
        header.pop()
    header = [text or get_column_letter(i + 1) for i, text in enumerate(header)]
    return Table(kind, encoding, separator, header, filled)


def find_encoding(content: bytes) -> str:
    """The encoding of a text that does not say it.

    UTF-8 has rules that other text breaks at once. Between Chinese and Western
    European text the neighbours decide: a Chinese character is two bytes above
    ASCII, while an accented letter stands alone between letters.
    """
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if _is_written_in(content, "utf-8"):
        return "utf-8"
    is_chinese = (
        _is_written_in(content, "gb18030")
        and _get_paired_share(content) >= PAIRED_SHARE
    )
    return "gb18030" if is_chinese else "cp1252"


def _is_written_in(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _get_paired_share(content: bytes) -> float:
    """Share of the bytes above ASCII that stand in runs of an even length."""
    high = paired = run = 0
    for byte in content + b" ":
        if byte >= 0x80:
            run += 1
        elif run:
            high += run
            paired += run if run % 2 == 0 else 0
            run = 0
    return paired / high if high else 0.0


def find_separator(text: str) -> str:
    """The separator that gives the most columns, the same in every row."""
    best, best_rank = ",", (0, 0)
    for separator in SEPARATORS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        widths = []
        try:
            for row in reader:
                if any(row):
                    widths.append(len(row))
                if len(widths) == SAMPLE_ROWS:
                    break
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        rank = (widths.count(widths[0]) / len(widths), widths[0])
        if rank > best_rank:
            best, best_rank = separator, rank
    return best


def _decode(content: bytes, encoding: str) -> str:
    try:
        # A letter that Windows does not know is no reason to refuse a whole file.
        errors = "replace" if encoding == "cp1252" else "strict"
        text = content.decode(encoding, errors)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ImportFileError("encoding", line) from error
    return text.replace("\0", "")


def _read_text(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(MAX_CELL_LENGTH)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            yield number, [cell.strip() for cell in row]
    except csv.Error as error:
        raise ImportFileError("quotes", number + 1) from error


def _read_workbook(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise ImportFileError("too_large")
        workbook = load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        sheet = workbook.worksheets[0]
        # Some programs write a size that is wrong; then cells would be missing.
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            yield number, [_write_cell(value) for value in row]
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        IndexError,
        OSError,
        SyntaxError,  # of the XML inside
        TypeError,
        ValueError,
    ) as error:
        raise ImportFileError("workbook") from error


def _write_cell(value: object) -> str:
    """A cell of a workbook as a user would type it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return str(value.date() if value.time() == time() else value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
