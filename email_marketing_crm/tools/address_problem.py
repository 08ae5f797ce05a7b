"""What is wrong with an address that cannot be used."""


def find_address_problem(address: str | None) -> str | None:
    """Code of the first thing a human would correct, `None` for no address at all.

    To be asked about addresses that could not be normalised; it does not judge
    whether an address is good.

    :returns: `"no_at"`, `"several_at"`, `"no_name"`, `"no_domain"`, `"space"` or
        `"other"`
    """
    text = (address or "").strip()
    if not text:
        return None
    if "@" not in text:
        return "no_at"
    if text.count("@") > 1:
        return "several_at"
    name, domain = text.split("@")
    if not name.strip(' "<'):
        return "no_name"
    if not domain.strip(' ".>'):
        return "no_domain"
    return "space" if any(character.isspace() for character in text) else "other"
