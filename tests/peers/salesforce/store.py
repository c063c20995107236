"""The records, in memory. A record is never changed but replaced, so that who reads one keeps what it was."""

import threading
from datetime import datetime, timezone

import ids


def now():
    """The time of a change, to the second."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


class Store:
    """All records by object and id, in the order in which they were made."""

    def __init__(self, objects):
        self.objects = objects
        self.lock = threading.RLock()
        self.records = {name: {} for name in objects}
        self.keys = {(name, key): {} for name, entry in objects.items() for key in entry.keys}
        self.numbers = {name: 0 for name in objects}
        self.journal = None

    def key(self, entry, name, value):
        """A value as the index of its field has it."""
        return value if entry.fields[name]["caseSensitive"] or not isinstance(value, str) else value.lower()

    def find(self, entry, record_id):
        """The record of an id in its full form, deleted or not; None if there never was one."""
        return self.records[entry.name].get(record_id)

    def by_key(self, entry, name, value):
        """The records, not deleted, whose external id has this value."""
        found = self.keys[entry.name, name].get(self.key(entry, name, value), ())
        return [self.records[entry.name][record_id] for record_id in found]

    def insert(self, entry, values, stamp=None):
        """Makes a record and answers with its id."""
        self.numbers[entry.name] += 1
        number = self.numbers[entry.name]
        record_id = ids.make(entry.prefix, 37 * number)
        stamp = stamp or now()
        made = {"Id": record_id, "IsDeleted": False}
        made.update({name: False for name, of in entry.fields.items() if of["type"] == "boolean"})
        made.update(values)
        made.update({"CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp})
        name = entry.fields.get("Name")
        if name and name["autoNumber"]:
            made["Name"] = f"AO-{number:06}"
        self.put(entry, record_id, derived(entry, made))
        return record_id

    def update(self, entry, record_id, values):
        """Replaces values of a record."""
        stamp = now()
        changed = {**self.find(entry, record_id), **values, "LastModifiedDate": stamp, "SystemModstamp": stamp}
        self.put(entry, record_id, derived(entry, changed))

    def delete(self, entry, record_id):
        """Moves a record to the recycle bin."""
        self.put(entry, record_id, {**self.find(entry, record_id), "IsDeleted": True, "SystemModstamp": now()})

    def put(self, entry, record_id, record):
        """Sets what a record is, None for that it is not, and keeps the index."""
        records = self.records[entry.name]
        before = records.get(record_id)
        if self.journal is not None:
            self.journal.append((entry, record_id, before))
        for name in entry.keys:
            index = self.keys[entry.name, name]
            for state, is_new in ((before, False), (record, True)):
                if state is None or state["IsDeleted"] or state.get(name) is None:
                    continue
                having = index.setdefault(self.key(entry, name, state[name]), {})
                having.pop(record_id, None)
                if is_new:
                    having[record_id] = True
        if record is None:
            records.pop(record_id, None)
        else:
            records[record_id] = record

    def begin(self):
        """From here on, `undo` takes back."""
        self.journal = []

    def undo(self):
        """Takes back all since `begin`."""
        journal, self.journal = self.journal, None
        for entry, record_id, before in reversed(journal):
            self.put(entry, record_id, before)

    def commit(self):
        """Keeps all since `begin`."""
        self.journal = None


def derived(entry, record):
    """The record with the fields that follow from others."""
    if entry.name == "Contact":
        record["Name"] = " ".join(part for part in (record.get("FirstName"), record.get("LastName")) if part)
    if entry.name == "Account":
        parts = {"street": "BillingStreet", "city": "BillingCity", "postalCode": "BillingPostalCode",
                 "country": "BillingCountry"}
        address = {part: record.get(name) for part, name in parts.items()}
        empty = {"state": None, "latitude": None, "longitude": None, "geocodeAccuracy": None}
        record["BillingAddress"] = {**address, **empty} if any(address.values()) else None
    if entry.name == "Opportunity":
        record["IsWon"] = record.get("StageName") == "Closed Won"
    return record
