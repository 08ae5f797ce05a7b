"""Numbers in sentences, with the marks of the reader's language."""

from odoo.tools.misc import formatLang

#: Decimals of a number that says no more than it has to.
MOST_DIGITS = 2


def format_number(env, number, digits=2):
    """The number with this many decimals; what rounds to nothing has no sign."""
    return formatLang(env, round(number, digits) or 0.0, digits=digits)


def format_difference(env, number, digits=2):
    """The same of a difference, which says that it is one: “+1.25”."""
    text = format_number(env, number, digits)
    return f"+{text}" if round(number, digits) > 0 else text


def format_short(env, number):
    """The number with the decimals it needs: “1,000”, “2.5”."""
    rounded = round(number, MOST_DIGITS)
    digits = next(
        digits for digits in range(MOST_DIGITS + 1) if round(rounded, digits) == rounded
    )
    return format_number(env, rounded, digits)
