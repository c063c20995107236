"""Random conditions, against the same condition said in Python over the records as they are kept."""

import random
import unittest

from client import Peer

TEXT, NUMBER, CHECKBOX, DAY, MOMENT = range(5)
FIELDS = {"Name": TEXT, "Type": TEXT, "Remark__c": TEXT, "BillingCity": TEXT, "AnnualRevenue": NUMBER, "Factor__c": NUMBER,
          "NumberOfEmployees": NUMBER, "Active__c": CHECKBOX, "Founded__c": DAY, "Last_Visit__c": MOMENT}
ESCAPED = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n", "\t": r"\t", '"': r"\""})


def written(kind, value):
    """A value as a query has it."""
    if value is None:
        return "null"
    if kind == TEXT:
        return f"'{value.translate(ESCAPED)}'"
    if kind == MOMENT:
        return value[:19] + "Z"
    if kind == NUMBER:
        return f"{value:.15f}" if isinstance(value, float) else str(value)
    return str(value).lower() if kind == CHECKBOX else value


def folded(kind, value):
    """What of a value is compared."""
    return value.lower() if kind == TEXT and value is not None else value


def random_test(chance, records):
    """A test of one field, as text and as a function."""
    name = chance.choice(list(FIELDS))
    kind = FIELDS[name]
    value = chance.choice(records)[name]
    text, wanted = written(kind, value), folded(kind, value)

    def of(record):
        return folded(kind, record[name])

    sign = chance.choice(["=", "<>"] if kind == CHECKBOX or value is None else ["=", "<>", "<", ">=", "NOT IN"])
    if sign == "=":
        return f"{name} = {text}", lambda record: of(record) == wanted
    if sign == "<>":
        return f"{name} <> {text}", lambda record: of(record) != wanted
    if sign == "<":
        return f"{name} < {text}", lambda record: of(record) is not None and of(record) < wanted
    if sign == ">=":
        return f"{name} >= {text}", lambda record: of(record) is not None and of(record) >= wanted
    return f"{name} NOT IN ({text}, null)", lambda record: of(record) not in (wanted, None)


def random_condition(chance, records, depth):
    """A condition, as text and as a function."""
    if depth == 0 or chance.random() < 0.3:
        return random_test(chance, records)
    if chance.random() < 0.25:
        text, meaning = random_condition(chance, records, depth - 1)
        return f"(NOT {text})", lambda record: not meaning(record)
    parts = [random_condition(chance, records, depth - 1) for _ in range(chance.randrange(2, 4))]
    meanings = [meaning for _, meaning in parts]
    if chance.random() < 0.5:
        return f"({' AND '.join(text for text, _ in parts)})", lambda record: all(part(record) for part in meanings)
    return f"({' OR '.join(text for text, _ in parts)})", lambda record: any(part(record) for part in meanings)


class Conditions(unittest.TestCase):
    """The same records are found both ways."""

    def test_random_conditions(self):
        peer, chance, telling = Peer(), random.Random(4), 0
        records = list(peer.server.api.store.records["Account"].values())
        try:
            for _ in range(300):
                text, meaning = random_condition(chance, records, 3)
                wanted = [record["Id"] for record in records if meaning(record)]
                self.assertEqual(peer.all(f"SELECT Id FROM Account WHERE {text}"), wanted, text)
                telling += 0 < len(wanted) < len(records)
        finally:
            peer.close()
        # Most of them find some and leave others.
        self.assertGreater(telling, 150)


if __name__ == "__main__":
    unittest.main()
