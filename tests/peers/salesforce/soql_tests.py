"""What a test means: types are checked when it is compiled, and a function of a record comes out."""

import operator
from datetime import datetime, timedelta

import ids
from schema import NUMBERS, TEXT
from soql_grammar import Joined, Negated
from soql_words import malformed, pattern_of, text_of, wrong

SPOKEN = {"datetime": "dateTime", "currency": "double", "percent": "double", "reference": "reference"}
ORDERED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
EQUALITY = {"=", "!=", "IN", "NOT IN"}


def compiled(query, entry, condition, path_of):
    """The condition as a function of a record. `path_of` finds the field that a name means, and its value."""
    if condition is None:
        return lambda record: True
    if isinstance(condition, Negated):
        part = compiled(query, entry, condition.part, path_of)
        # A test is true or false and nothing else (assumed), so that its negation is the other.
        return lambda record: not part(record)
    if isinstance(condition, Joined):
        parts = [compiled(query, entry, part, path_of) for part in condition.parts]
        if condition.operator == "AND":
            return lambda record: all(part(record) for part in parts)
        return lambda record: any(part(record) for part in parts)
    return compiled_test(query, condition, *path_of(condition.field))


def compiled_test(query, test, field, value_of):
    """One test as a function of a record."""
    kind, name = field["type"], field["name"]
    if not field["filterable"]:
        raise wrong(query.text, test.field.at, f"field '{name}' can not be filtered in a query call")
    allowed = EQUALITY | set(ORDERED)
    if kind == "boolean":
        allowed = EQUALITY
    elif kind == "multipicklist":
        allowed = {"=", "!=", "INCLUDES", "EXCLUDES"}
    elif kind in TEXT:
        allowed = allowed | {"LIKE"}
    if test.operator not in allowed:
        raise wrong(query.text, test.field.at, f"invalid operator on {kind} field", "INVALID_QUERY_FILTER_OPERATOR")
    if test.operator == "LIKE":
        pattern = pattern_of(query.text, test.values[0])
        return lambda record: (value := value_of(record)) is not None and bool(pattern.fullmatch(value.lower()))
    values = [literal(query, field, word) for word in test.values]
    if kind == "multipicklist":
        return chosen(test.operator, values, value_of)
    fold = folding(field)
    values = [fold(value) for value in values]
    if test.operator in ORDERED:
        compare, bound = ORDERED[test.operator], values[0]
        if bound is None:
            raise malformed(query.text, test.values[0].at, "unexpected token: 'null'")
        # Nothing is smaller or greater than a missing value (assumed).
        return lambda record: (value := fold(value_of(record))) is not None and compare(value, bound)
    wanted = set(values)
    # A missing value is unequal to each that is named (assumed), and equal to null only.
    if test.operator in ("=", "IN"):
        return lambda record: fold(value_of(record)) in wanted
    return lambda record: fold(value_of(record)) not in wanted


def folding(field):
    """What of a value counts in comparisons: not the case of letters, and for a checkbox null is false."""
    kind = field["type"]
    if kind == "boolean":
        return bool
    if kind in TEXT and not field["caseSensitive"]:
        # Empty text is no value (assumed).
        return lambda value: value.lower() or None if value is not None else None
    return lambda value: value


def chosen(sign, values, value_of):
    """A test of a list of values; a semicolon joins those that must be there together."""
    groups = [frozenset(value.lower().split(";")) if value else frozenset() for value in values]

    def having(record):
        value = value_of(record)
        return frozenset(value.lower().split(";")) if value else frozenset()

    if sign in ("=", "!="):
        return lambda record: (having(record) == groups[0]) == (sign == "=")
    return lambda record: any(group and group <= having(record) for group in groups) == (sign == "INCLUDES")


def literal(query, field, word):
    """The value that a word means for a field; INVALID_FIELD if it is of another type."""
    kind, name = field["type"], field["name"]
    spoken = SPOKEN.get(kind, kind)
    if word.text.upper() == "NULL" and word.kind == "name":
        return None
    if kind in ("id", "reference"):
        if word.kind != "string":
            raise wrong(query.text, word.at, f"value of filter criterion for field '{name}' must be of type ID "
                                             "and should be enclosed in quotes")
        text = text_of(query.text, word)
        if not text:
            return None
        if (full := ids.canonical(text)) is None:
            raise wrong(query.text, word.at, f"invalid ID field: {text}", "INVALID_QUERY_FILTER_OPERATOR")
        return full
    if kind in TEXT or kind == "multipicklist":
        if word.kind != "string":
            raise wrong(query.text, word.at, f"value of filter criterion for field '{name}' must be of type string "
                                             "and should be enclosed in quotes")
        return text_of(query.text, word)
    problem = wrong(query.text, word.at, f"value of filter criterion for field '{name}' must be of type {spoken} "
                                         "and should not be enclosed in quotes")
    if kind == "boolean":
        if word.kind != "name":
            raise problem
        return word.text.upper() == "TRUE"
    if kind in NUMBERS:
        # Whole numbers do not take a fraction (assumed).
        if word.kind != "number" or (kind in ("int", "long") and "." in word.text):
            raise problem
        return int(word.text) if "." not in word.text else float(word.text)
    if kind != word.kind:
        raise problem
    reading = {"date": date_text, "datetime": datetime_text, "time": time_text}[kind]
    try:
        return reading(word.text)
    except ValueError as error:
        raise malformed(query.text, word.at, f"Invalid {kind}: {word.text}") from error


def in_range(moment):
    """Refuses years that the service does not have."""
    if not 1700 <= moment.year <= 4000:
        raise ValueError("the year is out of range")
    return moment


def date_text(text):
    """A day as records have it."""
    return in_range(datetime.strptime(text, "%Y-%m-%d")).strftime("%Y-%m-%d")


def datetime_text(text):
    """A moment as records have it: in UTC, with milliseconds. Fractions and `+0000` are not documented (assumed)."""
    if text.endswith("Z"):
        clock, zone = text[:-1], "+0000"
    else:
        at = max(text.rfind("+"), text.rfind("-"))
        clock, zone = text[:at], text[at:].replace(":", "")
    whole, _, fraction = clock.partition(".")
    moment = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S")
    hours, minutes = int(zone[1:3]), int(zone[3:5])
    if hours > 23 or minutes > 59:
        raise ValueError("the zone is out of range")
    shift = timedelta(hours=hours, minutes=minutes)
    moment = in_range(moment - shift if zone[0] == "+" else moment + shift)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:0<3}+0000"


def time_text(text):
    """A time of day as records have it."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    datetime.strptime(whole, "%H:%M:%S")
    return f"{whole}.{fraction:0<3}Z"
