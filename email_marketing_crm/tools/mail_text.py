"""Texts of mails that differ in few places: encoded once, filled in for each recipient.

A text is cut at its *holes* into `Line`s. What Python's `email` package makes of a text
(its choice of a transfer encoding, the lines of quoted-printable and base64) is
computed for the fixed pieces once; the result is the same, byte for byte, as if each
text had gone through the package by itself. The tests compare.

The rules followed are those of `email.contentmanager._encode_text` and
`email.quoprimime.body_encode` of Python 3.10 to 3.13.
"""

import binascii
import email.policy
import email.quoprimime
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby

#: Longest line of a body that is sent as it is (RFC 5322: 78 characters).
MAX_LINE_LENGTH = email.policy.SMTP.max_line_length
#: Lines that `email` looks at to choose between quoted-printable and base64.
SNIFFED_LINES = 10
#: Bytes of a line of base64.
BASE64_BYTES = MAX_LINE_LENGTH // 4 * 3
BASE64_CHARACTERS = BASE64_BYTES // 3 * 4
#: From this length on a fixed piece of a line is broken once for each place that its
#: first line can start at.
LONG_PIECE = 4 * MAX_LINE_LENGTH
#: Characters of broken pieces that a line keeps at most.
MAX_KEPT_BREAKS = 8_000_000

_LINE_END = re.compile(r"\r\n|\r|\n")
_QUOTED = email.quoprimime._QUOPRI_BODY_ENCODE_MAP
#: Characters of a value that Odoo, lxml or SMTP would treat in a special way: control
#: characters, spaces beside the ordinary one, what is markup or could be an attribute.
_AWKWARD = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad<>=\\\\\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    "\ufeff\ufff0-\uffff\ud800-\udfff]|&(?! )|  |^ | $"
)


def is_plain_value(value: str) -> bool:
    """Tell whether a text can be put into a mail that is written already."""
    return not _AWKWARD.search(value)


class Line:
    """A line of a text: fixed pieces and, between them, names of holes."""

    __slots__ = ("breaks", "fixed", "holes", "kept", "quoted", "size", "wrapped")

    def __init__(self, fixed: Sequence[str], holes: Sequence[str]):
        self.fixed = [piece.encode() for piece in fixed]
        self.holes = list(holes)
        self.size = sum(map(len, self.fixed))
        self.quoted = [_quote(piece) for piece in self.fixed]
        self.wrapped = None if self.holes else _wrap(self.quoted[0])
        #: Long pieces with soft breaks, by number and by where the first line starts.
        self.breaks: dict[tuple[int, int], tuple[str, int]] = {}
        self.kept = 0

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """Return the line with its holes filled."""
        if not self.holes:
            return self.fixed[0]
        parts = [b""] * (2 * len(self.holes) + 1)
        parts[::2] = self.fixed
        parts[1::2] = [values[hole] for hole in self.holes]
        return b"".join(parts)

    def get_size(self, values: Mapping[str, bytes]) -> int:
        """Return the bytes of the line with its holes filled."""
        return self.size + sum([len(values[hole]) for hole in self.holes])

    def fill_quoted(self, quoted: Mapping[str, str]) -> str:
        """Return the line in quoted-printable, with soft breaks."""
        if self.wrapped is not None:
            return self.wrapped
        parts = [""] * (2 * len(self.holes) + 1)
        parts[::2] = self.quoted
        parts[1::2] = [quoted[hole] for hole in self.holes]
        line = "".join(parts)
        pieces: list[str] = []
        start = position = 0
        for number, part in enumerate(parts):
            if number % 2 == 0 and len(part) >= LONG_PIECE:
                # Where its first line starts depends on what is before it, nothing
                # else about it does.
                start = _break(line, start, position, pieces)
                broken, length = self._break_piece(number // 2, start - position)
                pieces.append(broken)
                start += length
            position += len(part)
        return _break_rest(line, start, pieces)

    def _break_piece(self, number: int, start: int) -> tuple[str, int]:
        """Return a fixed piece with soft breaks, up to its last lines, and its length.

        :param start: where its first line starts
        """
        found = self.breaks.get((number, start))
        if found is None:
            piece, pieces = self.quoted[number], []
            stop = _break(piece, start, len(piece) - MAX_LINE_LENGTH, pieces)
            found = "\r\n".join(pieces), stop - start
            if self.kept > MAX_KEPT_BREAKS:
                self.breaks.clear()
                self.kept = 0
            self.breaks[number, start] = found
            self.kept += len(found[0])
        return found


def _quote(piece: bytes) -> str:
    return piece.decode("latin-1").translate(_QUOTED)


def _wrap(line: str) -> str:
    """Put soft breaks into a quoted line, as `quoprimime.body_encode` does."""
    return _break_rest(line, 0, [])


def _break(line: str, start: int, stop: int, pieces: list[str]) -> int:
    """Break off pieces that start before a place.

    :param pieces: those before, to which the new ones are added
    :return: where the next one starts
    """
    while start < stop:
        end = start + MAX_LINE_LENGTH - 1
        if line[end - 2] == "=":
            pieces.append(line[start : end - 1])
            start = end - 2
        elif line[end - 1] == "=":
            pieces.append(line[start:end])
            start = end - 1
        else:
            pieces.append(line[start:end] + "=")
            start = end
    return start


def _break_rest(line: str, start: int, pieces: list[str]) -> str:
    """Return a line whose first pieces are broken off already, with all its breaks."""
    last_start = len(line) - 1 - MAX_LINE_LENGTH
    start = _break(line, start, last_start + 1, pieces)
    if line and line[-1] in " \t":
        room = start - last_start
        if room >= 3:
            end = email.quoprimime.quote(line[-1])
        elif room == 2:
            end = line[-1] + "=\r\n"
        else:
            end = "=\r\n" + email.quoprimime.quote(line[-1])
        pieces.append(line[start:-1] + end)
    elif pieces:
        pieces.append(line[start:])
    else:
        return line
    return "\r\n".join(pieces)


class Text:
    """A text with holes that is encoded for each recipient.

    A last line of nothing but holes is no line where all of them are empty; `shorter`
    is the text without it.

    :param text: the text, with a marker for each hole
    :param markers: name of the hole by its marker; a value has no line breaks
    """

    __slots__ = (
        "blocks",
        "head",
        "is_ascii",
        "last_holes",
        "lines",
        "longest",
        "open_lines",
        "rest",
        "shorter",
        "used",
    )

    def __init__(self, text: str, markers: Mapping[str, str]):
        pattern = re.compile("|".join(map(re.escape, markers)) or r"(?!)")
        texts = _LINE_END.split(text)
        if not texts[-1]:
            texts.pop()
        self.lines = [
            Line(
                pattern.split(line),
                [markers[marker] for marker in pattern.findall(line)],
            )
            for line in texts
        ]
        self.used = {hole for line in self.lines for hole in line.holes}
        self.open_lines = [line for line in self.lines if line.holes]
        self.longest = max((line.size for line in self.lines), default=0)
        self.is_ascii = all(
            piece.isascii() for line in self.lines for piece in line.fixed
        )
        is_open = len(texts) > 1 and not _LINE_END.search(text[-1:])
        self.last_holes = self.lines[-1].holes if is_open else []
        self.shorter = None
        if self.last_holes and not any(self.lines[-1].fixed):
            self.shorter = Text("".join(f"{line}\n" for line in texts[:-1]), markers)
        # Lines that are the same in every mail are put together, and stay so.
        self.head = min(SNIFFED_LINES, len(self.lines))
        self.rest = _make_blocks(self.lines[self.head :])
        self.blocks = [*_make_blocks(self.lines[: self.head]), *self.rest]

    def encode(self, values: Mapping[str, bytes]) -> tuple[str, bytes]:
        """Return the transfer encoding and the body for some values.

        :param values: UTF-8 by name of hole
        """
        if not self.lines:
            return "7bit", b"\r\n"
        if self.shorter and not any(values[hole] for hole in self.last_holes):
            return self.shorter.encode(values)
        if self.longest <= MAX_LINE_LENGTH and all(
            line.get_size(values) <= MAX_LINE_LENGTH for line in self.open_lines
        ):
            is_ascii = self.is_ascii and all(
                values[hole].isascii() for hole in self.used
            )
            return "7bit" if is_ascii else "8bit", self._join(values)
        quoted = {hole: _quote(values[hole]) for hole in self.used}
        first = [
            line.wrapped if line.wrapped is not None else line.fill_quoted(quoted)
            for line in self.lines[: self.head]
        ]
        if self._is_short_in_base64(values, first):
            return "base64", _base64(self._join(values))
        parts = first + [
            block.quoted if block.line is None else block.line.fill_quoted(quoted)
            for block in self.rest
        ]
        return "quoted-printable", ("\r\n".join(parts) + "\r\n").encode("ascii")

    def _join(self, values: Mapping[str, bytes]) -> bytes:
        parts = [
            block.plain if block.line is None else block.line.fill(values)
            for block in self.blocks
        ]
        return b"\r\n".join(parts) + b"\r\n"

    def _is_short_in_base64(
        self, values: Mapping[str, bytes], first: Sequence[str]
    ) -> bool:
        """Tell what `email` finds out from the first lines.

        :param first: these lines in quoted-printable
        """
        lines = self.lines[: self.head]
        size = sum([line.get_size(values) for line in lines]) + 2 * len(lines)
        size_quoted = sum(map(len, first)) + len(lines)
        limit = -(-size // 3) * 4 + 1
        if size_quoted <= limit:
            return False
        # `email` counts a line break as one character here.
        return size_quoted - sum([written.count("\r\n") for written in first]) > limit


class Block:
    """A line with holes, or lines without."""

    __slots__ = ("line", "plain", "quoted")

    def __init__(self, lines: Sequence[Line]):
        self.line = lines[0] if lines[0].holes else None
        self.plain = b"" if self.line else b"\r\n".join(one.fixed[0] for one in lines)
        self.quoted = (
            "" if self.line else "\r\n".join(one.fill_quoted({}) for one in lines)
        )


def _make_blocks(lines: Sequence[Line]) -> list[Block]:
    blocks: list[Block] = []
    # Neighbours only: the order of lines is the text.
    # pylint: disable-next=bad-builtin-groupby
    for is_fixed, group in groupby(lines, key=lambda line: not line.holes):
        if is_fixed:
            blocks.append(Block(list(group)))
        else:
            blocks += [Block([line]) for line in group]
    return blocks


def encode_text(text: str) -> tuple[str, str]:
    """Return the transfer encoding and the payload that `email` gives a text.

    Lines that were in an earlier mail are not encoded again.
    """
    lines = text.encode().splitlines()
    if max(map(len, lines), default=0) <= MAX_LINE_LENGTH:
        body = b"\r\n".join(lines) + b"\r\n"
        if body.isascii():
            return "7bit", body.decode("ascii")
        return "8bit", body.decode("ascii", "surrogateescape")
    quoted = [_quote_line(line) for line in lines]
    size = size_quoted = 0
    for line, written in zip(lines[:SNIFFED_LINES], quoted, strict=False):
        size += len(line) + 2
        size_quoted += len(written) + 1 - written.count("\r\n")
    if size_quoted > -(-size // 3) * 4 + 1:
        return "base64", _base64(b"\r\n".join(lines) + b"\r\n").decode("ascii")
    return "quoted-printable", "\r\n".join(quoted) + "\r\n"


@lru_cache(maxsize=4_000)
def _quote_line(line: bytes) -> str:
    return _wrap(_quote(line))


def _base64(data: bytes) -> bytes:
    encoded = binascii.b2a_base64(data, newline=False)
    return b"".join(
        [
            encoded[start : start + BASE64_CHARACTERS] + b"\r\n"
            for start in range(0, len(encoded), BASE64_CHARACTERS)
        ]
    )
