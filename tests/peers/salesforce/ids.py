"""Record ids: three characters that tell the object, twelve that tell the record, three that guard the letters' case."""

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def suffix(short):
    """The three characters that follow an id of 15: each says which of five characters are capitals."""
    parts = (short[0:5], short[5:10], short[10:15])
    return "".join(CHECKS[sum(1 << at for at, sign in enumerate(part) if "A" <= sign <= "Z")] for part in parts)


def make(prefix, number):
    """The id of 18 characters of the record with this number, which must be below 62 to the power of 9."""
    digits = ""
    for _ in range(9):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    short = f"{prefix}Dn0{digits}"
    return short + suffix(short)


def canonical(text):
    """The id of 18 characters of an id of 15 or 18; None if it is neither."""
    if not isinstance(text, str) or len(text) not in (15, 18) or not all(sign in DIGITS for sign in text):
        return None
    full = text[:15] + suffix(text[:15])
    return full if text in (full, text[:15]) else None
