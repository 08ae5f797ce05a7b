"""A copy of somebody's data that he can read, and that a machine can read.

One archive with two files: ``data.html`` opens in any browser, without a network, at
any width; ``data.json`` has the same content (GDPR, article 15, paragraph 3, and
article 20, paragraph 1: "structured, commonly used and machine-readable"). Sections are
written row by row, so that a long history needs no memory.
"""

import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from tempfile import TemporaryFile
from typing import IO, Any

_STYLE = """
body { font-family: sans-serif; line-height: 1.4; margin: 0 auto; max-width: 80rem;
       padding: 1rem; color: #222; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { border: 1px solid #ccc; padding: .3rem .5rem; text-align: start;
         vertical-align: top; overflow-wrap: anywhere; }
th { background: #f2f2f2; }
"""


@dataclass(frozen=True)
class Section:
    """One kind of data.

    :param code: its key in the JSON file
    :param title: its heading for people
    :param columns: `(key, label)` of what a row has
    :param rows: dictionaries by key; values that JSON knows; may be read only once
    """

    code: str
    title: str
    columns: Sequence[tuple[str, str]]
    rows: Iterable[dict[str, Any]]


def write_archive(
    target: IO[bytes],
    title: str,
    notes: Sequence[str],
    sections: Iterable[Section],
    lang: str,
    empty: str,
) -> dict[str, int]:
    """Write the archive.

    :param notes: paragraphs below the title
    :param lang: language of the texts, as HTML has it, such as `zh-CN`
    :param empty: what is said of a section without rows
    :returns: number of rows by code of the section
    """
    counts: dict[str, int] = {}
    with (
        TemporaryFile("w+", encoding="utf-8") as page,
        TemporaryFile("w+", encoding="utf-8") as data,
    ):
        page.write(
            f'<!DOCTYPE html>\n<html lang="{escape(lang)}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
            f"<h1>{escape(title)}</h1>"
        )
        page.writelines(f"<p>{escape(note)}</p>" for note in notes)
        data.write("{")
        for section in sections:
            if counts:
                data.write(",")
            counts[section.code] = _write_section(section, page, data, empty)
        page.write("</body></html>\n")
        data.write("\n}\n")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, file in (("data.html", page), ("data.json", data)):
                file.seek(0)
                with archive.open(name, "w") as member:
                    while chunk := file.read(1 << 20):
                        member.write(chunk.encode())
    return counts


def _write_section(section: Section, page: IO[str], data: IO[str], empty: str) -> int:
    """Write one section to both files; returns the number of its rows."""
    page.write(f'<h2 id="{escape(section.code)}">{escape(section.title)}</h2>')
    data.write(f"\n{json.dumps(section.code)}: [")
    count = 0
    for row in section.rows:
        if not count:
            heads = "".join(f"<th>{escape(label)}</th>" for _, label in section.columns)
            page.write(
                f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>'
            )
        cells = "".join(
            f"<td>{escape(_to_text(row.get(key)))}</td>" for key, _ in section.columns
        )
        page.write(f"<tr>{cells}</tr>\n")
        data.write(
            f"{',' if count else ''}\n  "
            + json.dumps(
                {key: row.get(key) for key, _ in section.columns}, ensure_ascii=False
            )
        )
        count += 1
    page.write("</tbody></table></div>" if count else f"<p>{escape(empty)}</p>")
    data.write("]")
    return count


def _to_text(value: Any) -> str:
    """A value as people read it."""
    if value is None or value is False or value == "":
        return ""
    if value is True:
        return "✓"
    if isinstance(value, list):
        return ", ".join(_to_text(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_to_text(item)}" for key, item in value.items())
    return str(value)
