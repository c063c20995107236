"""Runs a query: names are found, records tested and sorted, and the wanted members cut out."""

from faults import ApiError
from soql_grammar import read
from soql_tests import compiled, folding
from soql_words import malformed, wrong

GREATEST_OFFSET = 2000
DEEPEST_PATH = 5


class Plan:
    """A query that fits the objects, ready to run."""

    def __init__(self, store, text):
        self.store, self.query = store, read(text)
        source = self.query.source
        self.entry = next((entry for entry in store.objects.values() if entry.name.lower() == source.text.lower()), None)
        if self.entry is None:
            raise wrong(text, source.at, f"sObject type '{source.text}' is not supported. If you are attempting to use a "
                        "custom object, be sure to append the '__c' after the entity name.", "INVALID_TYPE")
        if not self.entry.queryable:
            raise wrong(text, source.at, f"entity type {self.entry.name} does not support query",
                        "INVALID_TYPE_FOR_OPERATION")
        self.is_count = self.query.selected[0][0] == "count"
        if self.is_count and len(self.query.selected) > 1:
            raise malformed(text, self.query.selected[1][1].at, f"unexpected token: '{self.query.selected[1][1].text}'")
        self.tree = {} if self.is_count else self.selection()
        self.test = compiled(self.query, self.entry, self.query.condition, self.found)
        self.order = [(*self.sortable(sort.field), sort) for sort in self.query.order]
        if self.query.offset > GREATEST_OFFSET:
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {GREATEST_OFFSET}")

    def found(self, word):
        """The field that a name means, and a function that takes its value from a record."""
        *relationships, name = word.text.split(".")
        if relationships and relationships[0].lower() == self.entry.name.lower():
            relationships = relationships[1:]
        if len(relationships) > DEEPEST_PATH:
            raise malformed(self.query.text, word.at, "more than five relationships follow each other")
        entry, steps = self.entry, []
        for relationship in relationships:
            link = entry.relationships.get(relationship.lower())
            if link is None:
                raise wrong(self.query.text, word.at, f"Didn't understand relationship '{relationship}' in field path. If "
                            "you are attempting to use a custom relationship, be sure to append the '__r' after the "
                            "custom relationship name.")
            entry = self.store.objects[link["referenceTo"][0]]
            steps.append((link["name"], link["relationshipName"], entry))
        field = entry.find(name)
        if field is None:
            raise wrong(self.query.text, word.at, f"No such column '{name}' on entity '{entry.name}'. If you are attempting "
                        "to use a custom field, be sure to append the '__c' after the custom field name.")
        last = field["name"]
        if not steps:
            return field, lambda record: record.get(last)
        find = self.store.find

        def through(record):
            for link, _, parent in steps:
                record = find(parent, record.get(link))
                if record is None or record["IsDeleted"]:
                    return None
            return record.get(last)

        field = {**field, "path": steps}
        return field, through

    def sortable(self, word):
        """A field that can be sorted by."""
        field, value_of = self.found(word)
        if not field["sortable"]:
            raise wrong(self.query.text, word.at, f"field '{field['name']}' can not be sorted in a query call")
        return field, value_of

    def selection(self):
        """The members of a record that are wanted: names of fields, and below the name of a relationship more of them."""
        tree = {}
        for kind, word in self.query.selected:
            if kind == "count":
                raise malformed(self.query.text, word.at, f"unexpected token: '{word.text}'")
            for field in self.group(word) if kind == "fields" else [self.found(word)[0]]:
                place = tree
                for link, relationship, parent in field.get("path", ()):
                    place = place.setdefault(relationship, (link, parent, {}))[2]
                if field["name"] in place:
                    raise wrong(self.query.text, word.at, f"duplicate field selected: {word.text}")
                place[field["name"]] = None
        return tree

    def group(self, word):
        """The fields of `FIELDS(…)`."""
        group = word.text.upper()
        if group not in ("ALL", "CUSTOM", "STANDARD"):
            raise malformed(self.query.text, word.at, f"unexpected token: '{word.text}'")
        if group != "STANDARD" and not (self.query.limit is not None and self.query.limit <= 200):
            raise malformed(self.query.text, word.at, "The SOQL FIELDS function must have a LIMIT of at most 200")
        wanted = {"ALL": (True, False), "CUSTOM": (True,), "STANDARD": (False,)}[group]
        return [field for field in self.entry.fields.values() if field["custom"] in wanted]

    def run(self, with_deleted):
        """The records, whole."""
        found = [record for record in list(self.store.records[self.entry.name].values())
                 if (with_deleted or not record["IsDeleted"]) and self.test(record)]
        for field, value_of, sort in reversed(self.order):
            fold = folding(field)
            having = [record for record in found if fold(value_of(record)) is not None]
            lacking = [record for record in found if fold(value_of(record)) is None]
            having.sort(key=lambda record: fold(value_of(record)), reverse=sort.is_descending)
            found = lacking + having if sort.nulls_first else having + lacking
        last = None if self.query.limit is None else self.query.offset + self.query.limit
        return found[self.query.offset:last]

    def cut(self, record, base):
        """A record as the answer has it."""
        return cut(self.store, self.entry, record, self.tree, base)


def cut(store, entry, record, tree, base):
    """The wanted members of a record, after what says which record it is. Of a blob there is the address only."""
    members = {"attributes": {"type": entry.name, "url": f"{base}/sobjects/{entry.name}/{record['Id']}"}}
    for name, below in tree.items():
        if below is None:
            value = record.get(name)
            is_blob = value is not None and entry.fields[name]["type"] == "base64"
            members[name] = f"{members['attributes']['url']}/{name}" if is_blob else value
            continue
        link, parent, wanted = below
        found = store.find(parent, record.get(link))
        is_there = found is not None and not found["IsDeleted"]
        members[name] = cut(store, parent, found, wanted, base) if is_there else None
    return members
