"""Reads a query into its parts. Nothing here knows an object or a field."""

from collections import namedtuple

from soql_words import malformed, words

Query = namedtuple("Query", "text selected source condition order limit offset")
Test = namedtuple("Test", "field operator values")
Joined = namedtuple("Joined", "operator parts")
Negated = namedtuple("Negated", "part")
Sort = namedtuple("Sort", "field is_descending nulls_first")

# What the language has and this server has not.
ABSENT = {"GROUP", "HAVING", "WITH", "FOR", "USING", "UPDATE", "TYPEOF", "ALL"}
DEEPEST = 100
COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Reader:
    """Goes through the words of one query."""

    def __init__(self, text):
        self.text, self.words, self.at, self.depth = text, words(text), 0, 0

    @property
    def word(self):
        """The word that is next."""
        return self.words[self.at]

    def is_next(self, *keywords):
        """Whether these keywords are next."""
        following = self.words[self.at:self.at + len(keywords)]
        return [word.text.upper() for word in following if word.kind == "name"] == list(keywords)

    def accept(self, *keywords):
        """Goes past keywords if they are next."""
        if not self.is_next(*keywords):
            return False
        self.at += len(keywords)
        return True

    def accept_sign(self, sign):
        """Goes past a sign if it is next."""
        if self.word.kind != "sign" or self.word.text != sign:
            return False
        self.at += 1
        return True

    def take(self, kind, text=None):
        """Goes past a word of a kind, which must be next."""
        word = self.word
        if word.kind != kind or (text is not None and word.text.upper() != text):
            raise self.unexpected()
        self.at += 1
        return word

    def unexpected(self):
        """The next word cannot stand here."""
        return malformed(self.text, self.word.at, f"unexpected token: '{self.word.text}'")

    def query(self):
        """All of the query."""
        self.take("name", "SELECT")
        selected = [self.selection()]
        while self.accept_sign(","):
            selected.append(self.selection())
        self.take("name", "FROM")
        source = self.take("name")
        condition = self.condition() if self.accept("WHERE") else None
        order = []
        if self.accept("ORDER", "BY"):
            order.append(self.sort())
            while self.accept_sign(","):
                order.append(self.sort())
        limit = self.whole() if self.accept("LIMIT") else None
        offset = self.whole() if self.accept("OFFSET") else 0
        if self.word.kind == "name" and self.word.text.upper() in ABSENT:
            raise malformed(self.text, self.word.at, f"this server does not know {self.word.text.upper()}")
        self.take("end")
        return Query(self.text, selected, source, condition, order, limit, offset)

    def selection(self):
        """A field, `COUNT()` or `FIELDS(…)`."""
        word = self.take("name")
        if self.accept_sign("("):
            name = word.text.upper()
            if name == "COUNT":
                self.take("sign", ")")
                return ("count", word)
            if name == "FIELDS":
                group = self.take("name")
                self.take("sign", ")")
                return ("fields", group)
            raise malformed(self.text, word.at, f"this server does not know {word.text}()")
        return ("field", word)

    def condition(self):
        """A condition. Operators of two kinds do not stand side by side without parentheses, NOT being one of them."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise malformed(self.text, self.word.at, "the condition is nested too deeply")
        if self.accept("NOT"):
            found = Negated(self.operand())
        else:
            parts, operator = [self.operand()], None
            while self.is_next("AND") or self.is_next("OR"):
                this = self.word.text.upper()
                if operator not in (None, this):
                    raise self.unexpected()
                operator = this
                self.at += 1
                parts.append(self.operand())
            found = Joined(operator, parts) if operator else parts[0]
        self.depth -= 1
        return found

    def operand(self):
        """A test, or a condition in parentheses."""
        if self.accept_sign("("):
            found = self.condition()
            self.take("sign", ")")
            return found
        if self.is_next("NOT"):
            raise self.unexpected()
        return self.test()

    def test(self):
        """A field, an operator and what it is compared with."""
        field = self.take("name")
        if self.word.kind == "sign" and self.word.text == "(":
            raise malformed(self.text, field.at, f"this server does not know {field.text}()")
        if self.word.kind == "sign" and self.word.text in COMPARISONS:
            operator = COMPARISONS[self.word.text]
            self.at += 1
            return Test(field, operator, [self.literal()])
        if self.accept("LIKE"):
            return Test(field, "LIKE", [self.take("string")])
        for operator in (("NOT", "IN"), ("IN",), ("INCLUDES",), ("EXCLUDES",)):
            if self.accept(*operator):
                return Test(field, " ".join(operator), self.literals())
        raise self.unexpected()

    def literals(self):
        """Values in parentheses."""
        self.take("sign", "(")
        if self.is_next("SELECT"):
            raise malformed(self.text, self.word.at, "this server does not know queries within queries")
        found = [self.literal()]
        while self.accept_sign(","):
            found.append(self.literal())
        self.take("sign", ")")
        return found

    def literal(self):
        """A value."""
        word = self.word
        if word.kind == "name" and word.text.upper() not in ("NULL", "TRUE", "FALSE"):
            raise self.unexpected()
        if word.kind in ("sign", "end"):
            raise self.unexpected()
        self.at += 1
        return word

    def sort(self):
        """A field to sort by. Records without a value come first unless told otherwise."""
        field = self.take("name")
        is_descending = self.accept("DESC")
        if not is_descending:
            self.accept("ASC")
        nulls_first = True
        if self.accept("NULLS"):
            nulls_first = self.accept("FIRST")
            if not nulls_first:
                self.take("name", "LAST")
        return Sort(field, is_descending, nulls_first)

    def whole(self):
        """A count."""
        word = self.take("number")
        if not word.text.isdigit():
            raise malformed(self.text, word.at, f"unexpected token: '{word.text}'")
        return int(word.text)


def read(text):
    """The parts of a query; MALFORMED_QUERY if it has others."""
    return Reader(text).query()
