"""What a domain names by a text: a figure, or a part, of some record."""


def read_search_key(records, key):
    """The record and the code that “<id>:<code>” names.

    :param records: of the model, in whose context the record is looked for
    :returns: `(record, code)`; no record where there is none of this number
    :raises AccessError: for a record that the user may not read
    """
    number, _separator, code = str(key or "").partition(":")
    record = records.browse(int(number) if number.isdecimal() else 0).exists()
    if record:
        record.check_access("read")
    return record, code
