"""Writes JSON; floating point numbers as the service's Java does, such as 5.0 and 1.25E8."""

from decimal import Decimal
from json.encoder import encode_basestring as quoted


def double_text(number):
    """A double as Java spells it: with an exponent from ten million on and below a thousandth (the limits are assumed)."""
    text = repr(number)
    size = abs(number)
    if size == 0 or 1e-3 <= size < 1e7:
        return text
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{exponent + len(digits) - 1}"


def dumps(value):
    """The text of a tree of dictionaries, lists, text, numbers, truth values and None."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return quoted(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{quoted(key)}:{dumps(member)}" for key, member in value.items()]) + "}"
    return "[" + ",".join([dumps(member) for member in value]) + "]"
