"""What SpamAssassin thinks of a mail, where it is installed.

`spamc` asks a running daemon and `spamassassin` does the work itself; both print a
report with the points of each rule. Rules that ask the network are left out: what they
say depends on the server that sends, not on the mail.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

#: Programs that may be run; nothing else is, whatever a setting says.
PROGRAMS = ("spamc", "spamassassin")
#: Seconds a report may take.
TIMEOUT = 60
_ARGUMENTS = {"spamc": ["-R"], "spamassassin": ["-t", "-L"]}
_TOTAL = re.compile(
    r"^Content analysis details:\s*\(\s*(-?\d+(?:\.\d+)?) points,\s*"
    r"(-?\d+(?:\.\d+)?) required\)",
    re.MULTILINE,
)
_RULE = re.compile(r"^\s{0,3}(-?\d+(?:\.\d+)?)\s+([A-Z][A-Z0-9_]{2,})\s*(.*)$")
_MORE = re.compile(r"^\s{20,}(\S.*)$")


@dataclass(frozen=True, slots=True)
class SpamRule:
    """A rule that matched."""

    points: float
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class SpamReport:
    """Points of a mail; from `required` points on it is taken for spam."""

    points: float
    required: float
    rules: list[SpamRule] = field(default_factory=list)


class SpamReportError(Exception):
    """The program gave no report."""


def find_program(setting: str = "") -> str | None:
    """The program to run, or None when there is none on this machine.

    :param setting: name or path of one of `PROGRAMS`; empty: whichever there is
    """
    wanted = [setting.strip()] if (setting or "").strip() else PROGRAMS
    for name in wanted:
        if Path(name).name in PROGRAMS and (found := shutil.which(name)):
            return found
    return None


def ask_program(program: str, message: bytes, timeout: float = TIMEOUT) -> SpamReport:
    """Let a program judge a mail.

    :param program: path, from `find_program`
    :param message: the whole mail with its headers
    :raise SpamReportError: no report, with the reason
    """
    arguments = _ARGUMENTS.get(Path(program).name)
    if arguments is None:
        raise SpamReportError(f"{program} is none of {', '.join(PROGRAMS)}")
    try:
        answer = subprocess.run(
            [program, *arguments],
            input=message,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SpamReportError(f"no answer within {timeout:.0f} seconds") from error
    except OSError as error:
        raise SpamReportError(str(error)) from error
    report = parse_report(answer.stdout.decode("utf-8", "replace"))
    if report is None:
        reason = answer.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SpamReportError(reason[-1] if reason else "there was no report")
    return report


def parse_report(text: str) -> SpamReport | None:
    """Read the report that both programs print, or None when there is none."""
    total = list(_TOTAL.finditer(text or ""))
    if not total:
        return None
    rules: list[SpamRule] = []
    for line in text[total[-1].end() :].splitlines():
        if match := _RULE.match(line):
            rules.append(SpamRule(float(match[1]), match[2], match[3].strip()))
        elif rules and (match := _MORE.match(line)):
            last = rules.pop()
            rules.append(SpamRule(last.points, last.name, f"{last.text} {match[1]}"))
    return SpamReport(float(total[-1][1]), float(total[-1][2]), rules)
