"""sObject Collections: up to 200 records in one request, each with a result of its own."""

from collections import Counter

import ids
from faults import ApiError, RecordFault, bad_json
from schema import object_of_id
from sobjects import change, create, fitting, key_field, members, remove, upsert
from soql_run import cut

MOST_WRITTEN = 200
MOST_READ = 2000
ROLLED_BACK = RecordFault("ALL_OR_NONE_OPERATION_ROLLED_BACK",
                          "Record rolled back because not all records were valid and the request was using AllOrNone header")


def within(count, most):
    """Refuses more than a request may have."""
    if count > most:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {most} records into this call")


def records_of(body):
    """The records of a body, and whether all are wanted or none."""
    if not isinstance(body, dict) or not isinstance(body.get("records"), list):
        raise bad_json("The body must be an object with a list of records")
    unknown = set(body) - {"records", "allOrNone"}
    if unknown:
        raise bad_json(f"Unrecognized field {sorted(unknown)[0]!r}")
    if not isinstance(body.get("allOrNone", False), bool):
        raise bad_json("allOrNone must be true or false")
    within(len(body["records"]), MOST_WRITTEN)
    return body["records"], body.get("allOrNone", False)


class Collections:
    """The requests for many records."""

    def __init__(self, store):
        self.store = store

    def each(self, items, all_or_none, write):
        """The results in the order of the items. With `all_or_none` one that fails takes back the others."""
        results, has_failed = [], False
        with self.store.lock:
            self.store.begin()
            try:
                for item in items:
                    try:
                        results.append({**write(item), "errors": []})
                    except RecordFault as fault:
                        has_failed = True
                        results.append(fault.result())
            except BaseException:
                self.store.undo()
                raise
            if not (has_failed and all_or_none):
                self.store.commit()
                return results
            self.store.undo()
        return [ROLLED_BACK.result() if result["success"] else result for result in results]

    def entry_of(self, record, only=None):
        """The object that a record says it belongs to."""
        attributes = record.get("attributes") if isinstance(record, dict) else None
        name = attributes.get("type") if isinstance(attributes, dict) else None
        if not isinstance(name, str):
            raise ApiError(400, "INVALID_INPUT", "Each record must have attributes with a type")
        entry = next((entry for entry in self.store.objects.values() if entry.name.lower() == name.lower()), None)
        if entry is None:
            raise RecordFault("INVALID_TYPE", f"sObject type '{name}' is not supported")
        if only is not None and entry is not only:
            raise RecordFault("INVALID_TYPE", f"The record's type {entry.name} is not {only.name}, as the address says")
        return entry

    def create(self, body):
        """New records."""
        items, all_or_none = records_of(body)
        return self.each(items, all_or_none, lambda item: {
            "id": create(self.store, self.entry_of(item), item), "success": True})

    def update(self, body):
        """Changed records."""
        items, all_or_none = records_of(body)

        def write(item):
            entry = self.entry_of(item)
            record_id = next((value for name, value in item.items() if name.lower() == "id"), None)
            if record_id is None:
                raise RecordFault("MISSING_ARGUMENT", "Id not specified in an update call")
            rest = {name: value for name, value in item.items() if name.lower() != "id"}
            return {"id": change(self.store, entry, record_id, rest), "success": True}

        return self.each(items, all_or_none, write)

    def upsert(self, entry, name, body):
        """Records made or changed by external id. One value twice in a request is a fault of both."""
        field = key_field(entry, name)
        items, all_or_none = records_of(body)

        def value_of(item):
            found = [value for member, value in item.items() if member.lower() == field["name"].lower()]
            return fitting(self.store, field, found[0]) if found else None

        for item in items:
            self.entry_of(item, None)
        times = Counter(self.store.key(entry, field["name"], value_of(item)) for item in items)

        def write(item):
            self.entry_of(item, entry)
            value = value_of(item)
            if value is not None and times[self.store.key(entry, field["name"], value)] > 1:
                raise RecordFault("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [field["name"]])
            rest = {member: other for member, other in item.items() if member.lower() != field["name"].lower()}
            record_id, created = upsert(self.store, entry, field, value, rest)
            return {"id": record_id, "success": True, "created": created}

        results = self.each(items, all_or_none, write)
        return [{**result, "created": result.get("created", False)} for result in results]

    def delete(self, record_ids, all_or_none):
        """Records less; of several objects, if so wanted."""
        if not record_ids:
            raise ApiError(400, "MISSING_ARGUMENT", "The ids parameter is required")
        within(len(record_ids), MOST_WRITTEN)
        return self.each(record_ids, all_or_none, lambda item: {"id": remove(self.store, item), "success": True})

    def retrieve(self, entry, record_ids, fields, base, most=MOST_READ):
        """Records by id, and null for each that is not there."""
        if not all(isinstance(given, list) and all(isinstance(part, str) for part in given) for given in (record_ids, fields)):
            raise bad_json("The body must have lists of ids and of fields, which are texts")
        if not record_ids or not fields:
            raise ApiError(400, "MISSING_ARGUMENT", "Both ids and fields are required")
        within(len(record_ids), most)
        tree, found = members(entry, fields), []
        for record_id in record_ids:
            full = ids.canonical(record_id)
            record = self.store.find(entry, full) if object_of_id(self.store.objects, record_id) is entry else None
            is_there = record is not None and not record["IsDeleted"]
            found.append(cut(self.store, entry, record, tree, base) if is_there else None)
        return found
