"""Which of the languages of a mail somebody gets."""

from collections.abc import Sequence


def choose_language(
    reader: str | None, own: str | None, others: Sequence[str]
) -> str | None:
    """The language to write in, of those there are.

    The very language of the reader; else the same one of another country ("pt_BR" for
    a reader of "pt_PT"), the mail's own before translations; else the mail's own.

    :param reader: code of a locale, as `zh_CN` or `fr`; None when nobody knows
    :param own: the language the mail itself is written in
    :param others: those it is translated to
    """
    if not reader:
        return own
    if reader == own or reader in others:
        return reader
    candidates = [own, *sorted(others)]
    base = _get_base(reader)
    return next(
        (lang for lang in candidates if lang and _get_base(lang) == base),
        own,
    )


def _get_base(code: str) -> str:
    return code.replace("-", "_").split("_")[0].split("@")[0].lower()
