"""SOQL cut into words, with the place of each, and the reading of text between quotes."""

import re
from collections import namedtuple

from faults import ApiError

Word = namedtuple("Word", "kind text at")

PATTERN = re.compile(r"""
    (?P<space>\s+)
  | (?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|[+-]\d{2}:?\d{2})(?![\w.]))
  | (?P<date>\d{4}-\d{2}-\d{2}(?![\w.:]))
  | (?P<time>\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z?(?![\w.]))
  | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?![\w.]))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<sign><=|>=|<>|!=|[=<>(),])
""", re.VERBOSE | re.DOTALL)

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\a", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


def malformed(query, at, message):
    """The query breaks the grammar at a place."""
    return wrong(query, at, message, "MALFORMED_QUERY")


def wrong(query, at, message, code="INVALID_FIELD"):
    """An error that shows its place, as the service's do: an extract, a mark below, row and column, what is wrong."""
    before = query[:at]
    row = before.count("\n") + 1
    column = at - (before.rfind("\n") + 1) + 1
    begin = max(at - 30, before.rfind("\n") + 1)
    extract = query[begin:at + 40].split("\n")[0]
    mark = " " * (at - begin) + "^"
    return ApiError(400, code, f"\n{extract}\n{mark}\nERROR at Row:{row}:Column:{column}\n{message}")


def words(query):
    """The words of a query and one more, of kind `end`."""
    found, at = [], 0
    while at < len(query):
        match = PATTERN.match(query, at)
        if match is None:
            if query[at] == "'":
                raise malformed(query, at, "unexpected end of the query: a quote is not closed")
            raise malformed(query, at, f"unexpected token: '{query[at]}'")
        if match.lastgroup != "space":
            found.append(Word(match.lastgroup, match.group(), at))
        at = match.end()
    found.append(Word("end", "<EOF>", len(query)))
    return found


def characters(query, word, is_pattern):
    """The characters between quotes; in a pattern, wildcards are the texts `any` and `one`."""
    inner, found, at = word.text[1:-1], [], 0
    while at < len(inner):
        sign = inner[at]
        at += 1
        if sign != "\\":
            found.append({"%": "any", "_": "one"}.get(sign, sign) if is_pattern else sign)
            continue
        escape = inner[at]
        at += 1
        if escape == "u" and re.fullmatch("[0-9A-Fa-f]{4}", inner[at:at + 4]):
            found.append(chr(int(inner[at:at + 4], 16)))
            at += 4
        elif is_pattern and escape in "%_":
            found.append(escape)
        elif escape in ESCAPES or (escape in "NRTBF" and escape.lower() in ESCAPES):
            found.append(ESCAPES[escape if escape in ESCAPES else escape.lower()])
        else:
            raise malformed(query, word.at, f"Invalid string literal {word.text}. "
                                            f"Illegal character sequence '\\{escape}' in string literal.")
    return found


def text_of(query, word):
    """The text that a word in quotes means, outside of LIKE."""
    # Halves of a pair that were written as two escapes are joined.
    joined = "".join(characters(query, word, False))
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def pattern_of(query, word):
    """What LIKE tests, as a regular expression; case does not matter."""
    parts = {"any": ".*", "one": "."}
    signs = characters(query, word, True)
    return re.compile("".join(parts.get(sign) or re.escape(sign.lower()) for sign in signs), re.DOTALL)
