"""When a sender must stop: what providers think of its mail, from its last results.

Amazon SES looks at a sender from 5 % bounces and 0.1 % complaints on and stops it at
10 % and 0.5 %; Gmail and Yahoo want less than 0.3 % complaints. We stop before they do.
"""

import smtplib
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import timedelta
from email.utils import getaddresses
from typing import NamedTuple

from .bounce import classify_status, find_status_in
from .sender_ramp import is_over

#: What can become of a mail.
OUTCOMES = (
    "sent",
    "deferred",
    "refused_policy",
    "refused_address",
    "unknown",
    "bounced_hard",
    "bounced_soft",
    "complained",
    "other",
)
#: Outcomes of handing a mail over: each mail has one of them for each try.
TRIES = ("sent", "deferred", "refused_policy", "refused_address", "unknown")
#: What is counted for each cause.
CAUSES = {
    "bounce": ("bounced_hard", "refused_address"),
    "complaint": ("complained",),
    "policy": ("refused_policy",),
    "deferral": ("deferred",),
    "server": ("unknown",),
}
#: So many are a fact and not chance, whatever the rate.
MIN_COUNTS = {"bounce": 5, "complaint": 3, "policy": 5, "deferral": 10, "server": 3}
#: Per cent of the mails of the window.
DEFAULT_LIMITS = {"bounce": 5.0, "complaint": 0.3, "policy": 5.0, "deferral": 20.0}
#: A mail server that breaks off within the content leaves mails of which nobody knows
#: whether they left. Nobody wants more of them, so there is nothing to set.
FIXED_LIMITS = {"server": 1.0}
#: Bounces and complaints are the fault of the list, and a mail server takes the mails
#: to everybody. What else a server answers is the opinion of a provider.
ABOUT_THE_SENDER = ("server", "bounce", "complaint")
#: Mails whose results are looked at: those that left within this time.
WINDOW = timedelta(hours=24)
#: The same for what readers and their servers tell days later.
LATE_WINDOW = timedelta(days=3)
LATE_CAUSES = ("bounce", "complaint")


class OutcomeLog:
    """What became of the mails of one run, by delivery.

    Travels in a context, hence no dictionary: two runs' logs are never the same.
    """

    __slots__ = ("outcomes",)

    def __init__(self) -> None:
        self.outcomes: dict[int, str] = {}


class OutsideMail(NamedTuple):
    """What mails that no delivery counts have in common.

    :param mailing_id: Odoo's own mailing, None for any other mail
    :param from_domain: what follows the @ in its From address
    :param to_domain: where it goes
    :param outcome: one of `TRIES`
    """

    mailing_id: int | None
    from_domain: str
    to_domain: str
    outcome: str


class OutsideLog:
    """What became of a batch of mails that leave past the lanes.

    :param mailings: `{message id: mailing id}` of those that belong to one
    """

    __slots__ = ("counts", "mailings")

    def __init__(self, mailings: Mapping[str, int]) -> None:
        self.mailings = mailings
        self.counts: Counter[OutsideMail] = Counter()

    def note(self, message: Mapping[str, str], outcome: str | None) -> None:
        """Count a mail that was handed over; nothing is heard of None."""
        if outcome:
            mail = OutsideMail(
                self.mailings.get(message["Message-Id"]),
                _read_domain(message["From"]),
                _read_domain(message["To"]),
                outcome,
            )
            self.counts[mail] += 1


def _read_domain(header: str | None) -> str:
    """Return the domain of the first address of a header, empty without one."""
    addresses = [address for _name, address in getaddresses([str(header or "")])]
    return addresses[0].rpartition("@")[2].strip().lower() if addresses else ""


class Brake(NamedTuple):
    """Something that must not go on.

    :param provider: whose mail stops, None for all of the sender
    :param count: how many mails had that outcome, of `total` in the window
    """

    provider: str | None
    cause: str
    count: int
    total: int


def decide_brakes(
    results: Mapping[str, Mapping[str, int]],
    limits: Mapping[str, float],
    stopped: Collection[str | None] = (),
) -> list[Brake]:
    """Return what has to stop now.

    :param results: `{provider: {outcome: mails}}` of the mails that left in a window:
        what comes back belongs to a mail that is counted
    :param limits: per cent by cause; 0 watches nothing
    :param stopped: providers whose mail has stopped already, None for everything
    """
    if None in stopped:
        return []
    whole: dict[str, int] = {}
    for counts in results.values():
        for outcome, number in counts.items():
            whole[outcome] = whole.get(outcome, 0) + number
    for cause in ABOUT_THE_SENDER:
        found = _find(None, cause, whole, limits)
        if found:
            return [found]
    brakes = []
    for provider, counts in sorted(results.items()):
        if provider in stopped:
            continue
        found = (
            _find(provider, cause, counts, limits)
            for cause in CAUSES
            if cause not in FIXED_LIMITS
        )
        brakes += [brake for brake in found if brake][:1]
    return brakes


def _find(
    provider: str | None,
    cause: str,
    counts: Mapping[str, int],
    limits: Mapping[str, float],
) -> Brake | None:
    limit = limits.get(cause, 0)
    count = sum(counts.get(outcome, 0) for outcome in CAUSES[cause])
    total = sum(counts.get(outcome, 0) for outcome in TRIES)
    if limit and total and is_over(count, total, limit, MIN_COUNTS[cause]):
        return Brake(provider, cause, count, total)
    return None


def classify_refusal(error: BaseException | None) -> str | None:
    """Return the outcome of a mail that an SMTP server did not take.

    4xx is for the moment. Who refuses the sender means the sender; of the others, the
    enhanced code tells (`tools/bounce.py`). Servers that give no such code mean the
    sender or the content when they refuse these, or answer 554, and the address
    otherwise.

    :param error: looked for along its chain of causes, since Odoo wraps it
    :return: one of `OUTCOMES`, None where no server answered
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        answer = _read_answer(error)
        if answer:
            return _classify_answer(*answer, type(error))
        error = error.__cause__ or error.__context__
    return None


def _read_answer(error: BaseException) -> tuple[int, str] | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = list(error.recipients.values())
        if not answers:
            return None
        code, message = max(answers, key=lambda answer: answer[0])
    elif isinstance(error, smtplib.SMTPResponseException):
        code, message = error.smtp_code, error.smtp_error
    else:
        return None
    if isinstance(message, bytes):
        message = message.decode(errors="replace")
    return code, str(message)


def _classify_answer(code: int, message: str, refused: type[BaseException]) -> str:
    if 400 <= code < 500:
        return "deferred"
    if issubclass(refused, smtplib.SMTPSenderRefused):
        return "refused_policy"
    is_address = issubclass(refused, smtplib.SMTPRecipientsRefused)
    status = find_status_in(message.lstrip().split(" ", 1)[0])
    if not status:
        is_policy = code == 554 or not is_address
    else:
        kind = classify_status(status, message)
        # Too large, not converted, a loop: whoever else is written gets the same.
        is_content = not is_address and status[1:] != (2, 2)
        is_policy = kind == "policy_bounce" or (kind == "soft_bounce" and is_content)
    return "refused_policy" if is_policy else "refused_address"
