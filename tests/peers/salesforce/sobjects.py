"""Single records: what may be written into a field, and the requests for one record."""

import base64
import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

import ids
from faults import ApiError, RecordFault, bad_json, not_found
from schema import NUMBERS, TEXT, object_of_id
from soql_run import cut
from soql_tests import date_text, datetime_text, time_text

MOMENTS = {"date": date_text, "datetime": datetime_text, "time": time_text}
GREATEST_INT = 2**31 - 1
EXACT = Context(prec=60)


def checked(store, entry, body, is_new):
    """The values of a body by the fields' own names; a fault of the record if they cannot be written."""
    if not isinstance(body, dict):
        raise bad_json("Unexpected value in the place of a record: an object is expected")
    values, refused = {}, []
    for name, value in body.items():
        if name == "attributes":
            continue
        field = entry.find(name)
        if field is None:
            raise RecordFault("INVALID_FIELD", f"No such column '{name}' on sobject of type {entry.name}")
        if not field["createable" if is_new else "updateable"]:
            refused.append(field["name"])
            continue
        values[field["name"]] = fitting(store, field, value)
    if refused:
        raise RecordFault("INVALID_FIELD_FOR_INSERT_UPDATE",
                          f"Unable to create/update fields: {', '.join(refused)}. Please check the security settings of "
                          "this field and verify that it is read/write for your profile or permission set.", refused)
    missing = [name for name, field in entry.fields.items()
               if field["createable"] and not field["nillable"] and field["type"] != "boolean"
               and values.get(name, None if is_new else "") is None]
    if missing:
        raise RecordFault("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    return values


def fitting(store, field, value):
    """A value as records have it."""
    kind, name = field["type"], field["name"]
    if value is None:
        return False if kind == "boolean" else None
    if kind in NUMBERS:
        return number(field, value)
    if kind == "boolean":
        if value not in (True, False, "true", "false") or isinstance(value, (int, float)) and not isinstance(value, bool):
            raise bad_json(f"Cannot deserialize instance of boolean from value {value!r} for field {name}")
        return value in (True, "true")
    if kind == "location":
        return value if isinstance(value, dict) else bad_value(field, value)
    if not isinstance(value, str):
        bad_value(field, value)
    if kind in MOMENTS:
        return moment(field, value)
    # Blanks around a text are not kept, and empty text is no value.
    value = value.strip(" ")
    if not value:
        return None
    if kind == "reference":
        return reference(store, field, value)
    if kind == "base64":
        try:
            base64.b64decode(value, validate=True)
        except ValueError:
            bad_value(field, value)
        return value
    return text(field, value)


def bad_value(field, value):
    """A value of a type that the field has not; the whole request is refused for it (assumed for collections)."""
    raise bad_json(f"Cannot deserialize instance of {field['type']} from value {value!r} for field {field['name']}")


def number(field, value):
    """A number within the field's digits; more behind the point than it has are rounded, a half up (assumed)."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        bad_value(field, value)
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        bad_value(field, value)
    if not exact.is_finite():
        bad_value(field, value)
    if field["type"] in ("int", "long"):
        if exact != exact.to_integral_value():
            bad_value(field, value)
        if field["type"] == "int" and abs(exact) > GREATEST_INT or abs(exact) >= 2**63:
            bad_value(field, value)
        return int(exact)
    if abs(exact) < Decimal(10) ** 18:
        exact = exact.quantize(Decimal(1).scaleb(-field["scale"]), ROUND_HALF_UP, EXACT)
    if abs(exact) >= Decimal(10) ** (field["precision"] - field["scale"]):
        raise RecordFault("NUMBER_OUTSIDE_VALID_RANGE", f"{field['label']}: value outside of valid range on numeric field: "
                                                        f"{value}", [field["name"]])
    return float(exact)


def moment(field, value):
    """A day, moment or time of day."""
    kind = field["type"]
    try:
        if kind == "date":
            return date_text(value[:10]) if len(value) in (10, 28, 24, 20) else bad_value(field, value)
        if kind == "datetime":
            if len(value) == 10:
                return datetime_text(f"{value}T00:00:00Z")
            if not re.fullmatch(r"[\d-]+T[\d:]+(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)", value):
                bad_value(field, value)
            # Fractions of a second are not kept (assumed).
            return datetime_text(value)[:19] + ".000+0000"
        return time_text(value)
    except ValueError:
        return bad_value(field, value)


def reference(store, field, value):
    """The id of a record that is there."""
    parent = store.objects[field["referenceTo"][0]]
    full = ids.canonical(value)
    if full is None or not full.startswith(parent.prefix):
        raise RecordFault("MALFORMED_ID", f"{field['label']}: id value of incorrect type: {value}", [field["name"]])
    found = store.find(parent, full)
    if found is None:
        raise RecordFault("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field["name"]])
    if found["IsDeleted"]:
        raise RecordFault("ENTITY_IS_DELETED", "entity is deleted", [field["name"]])
    return full


def text(field, value):
    """A text that fits."""
    kind, name = field["type"], field["name"]
    if field["length"] and len(value) > field["length"]:
        raise RecordFault("STRING_TOO_LONG", f"{field['label']}: data value too large: {value[:100]} "
                                             f"(max length={field['length']})", [name])
    if kind == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise RecordFault("INVALID_EMAIL_ADDRESS", f"{field['label']}: invalid email address: {value}", [name])
    if field["restrictedPicklist"] and value not in [entry["value"] for entry in field["picklistValues"]]:
        raise RecordFault("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                          f"{field['label']}: bad value for restricted picklist field: {value}", [name])
    assert kind in TEXT or kind in ("multipicklist", "encryptedstring")
    return value


def unique(store, entry, values, itself=None):
    """A fault if another record has the value of a field that may not occur twice."""
    for name in entry.keys:
        if not entry.fields[name]["unique"] or values.get(name) is None:
            continue
        for other in store.by_key(entry, name, values[name]):
            if other["Id"] != itself:
                raise RecordFault("DUPLICATE_VALUE", f"duplicate value found: {name} duplicates value on record with id: "
                                                     f"{other['Id']}")


def create(store, entry, body):
    """Makes a record; its id."""
    if isinstance(body, dict) and any(name.lower() == "id" and value is not None for name, value in body.items()):
        raise RecordFault("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
    body = {name: value for name, value in body.items() if name.lower() != "id"} if isinstance(body, dict) else body
    values = checked(store, entry, body, True)
    unique(store, entry, values)
    return store.insert(entry, values)


def existing(store, entry, record_id):
    """The full id of a record that is there; a fault otherwise."""
    full = ids.canonical(record_id)
    if full is None or not full.startswith(entry.prefix):
        raise RecordFault("MALFORMED_ID", f"{entry.label} ID: id value of incorrect type: {record_id}", ["Id"])
    found = store.find(entry, full)
    if found is None:
        raise RecordFault("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if found["IsDeleted"]:
        raise RecordFault("ENTITY_IS_DELETED", "entity is deleted")
    return full


def change(store, entry, record_id, body):
    """Changes a record."""
    full = existing(store, entry, record_id)
    values = checked(store, entry, body, False)
    unique(store, entry, values, full)
    store.update(entry, full, values)
    return full


def remove(store, record_id):
    """Deletes a record of whichever object."""
    entry = object_of_id(store.objects, record_id)
    if entry is None:
        raise RecordFault("MALFORMED_ID", f"malformed id {record_id}")
    full = existing(store, entry, record_id)
    store.delete(entry, full)
    return full


def key_field(entry, name):
    """The external id field of a name."""
    field = entry.find(name)
    if field is None or not field["externalId"]:
        raise not_found("Provided external ID field does not exist or is not accessible: " + name)
    return field


def upsert(store, entry, field, value, body):
    """Makes or changes the record with this value of the external id; its id, and whether it was made."""
    value = fitting(store, field, value)
    if value is None:
        raise RecordFault("MISSING_ARGUMENT", f"{field['name']} not specified", [field["name"]])
    found = store.by_key(entry, field["name"], value)
    if len(found) > 1:
        raise RecordFault("DUPLICATE_EXTERNAL_ID", f"{field['label']}: more than one record found for external id field: "
                                                   f"{[record['Id'] for record in found]}", [field["name"]])
    if found:
        return change(store, entry, found[0]["Id"], body), False
    return create(store, entry, {**body, field["name"]: value}), True


def members(entry, names):
    """The tree of wanted members of names; all fields if there are none."""
    tree = {}
    for name in names or entry.fields:
        field = entry.find(name)
        if field is None:
            raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on entity '{entry.name}'. If you are attempting "
                                                 "to use a custom field, be sure to append the '__c' after the custom "
                                                 "field name. Please reference your WSDL or the describe call for the "
                                                 "appropriate names.")
        tree[field["name"]] = None
    return tree


class Rows:
    """The requests for one record."""

    def __init__(self, store):
        self.store = store

    def get(self, entry, record_id, fields, base):
        """A record by id."""
        full = ids.canonical(record_id)
        if not entry.queryable:
            raise ApiError(405, "METHOD_NOT_ALLOWED", f"{entry.name} cannot be read")
        found = self.store.find(entry, full) if full else None
        if found is None or found["IsDeleted"]:
            raise not_found()
        return cut(self.store, entry, found, members(entry, fields), base)

    def get_blob(self, entry, record_id, name):
        """The bytes of a blob."""
        field, found = entry.find(name), self.store.find(entry, ids.canonical(record_id))
        if field is None or field["type"] != "base64" or found is None or found["IsDeleted"] or not found.get(field["name"]):
            raise not_found()
        return base64.b64decode(found[field["name"]])

    def get_by_key(self, entry, name, value, fields, base):
        """A record by external id."""
        found = self.store.by_key(entry, key_field(entry, name)["name"], fitting(self.store, key_field(entry, name), value))
        if not found:
            raise not_found()
        if len(found) > 1:
            return 300, [f"{base}/sobjects/{entry.name}/{record['Id']}" for record in found]
        return 200, cut(self.store, entry, found[0], members(entry, fields), base)

    def post(self, entry, body):
        """A new record."""
        with self.store.lock:
            try:
                return {"id": create(self.store, entry, body), "success": True, "errors": []}
            except RecordFault as fault:
                raise fault.answer() from fault

    def patch(self, entry, record_id, body):
        """A changed record. That a record is not there is said with 404, as reading it would be."""
        with self.store.lock:
            try:
                change(self.store, entry, record_id, body)
            except RecordFault as fault:
                is_gone = fault.code in ("INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED") and not fault.fields
                raise (not_found() if is_gone and fault.code != "ENTITY_IS_DELETED"
                       else fault.answer(404 if is_gone else 400)) from fault

    def delete(self, entry, record_id):
        """A record less."""
        with self.store.lock:
            try:
                existing(self.store, entry, record_id)
                remove(self.store, record_id)
            except RecordFault as fault:
                if fault.code == "INVALID_CROSS_REFERENCE_KEY":
                    raise not_found() from fault
                raise fault.answer(404 if fault.code == "ENTITY_IS_DELETED" else 400) from fault

    def put_by_key(self, entry, name, value, body, base):
        """A record made or changed by external id; the status and the answer."""
        field = key_field(entry, name)
        with self.store.lock:
            found = self.store.by_key(entry, field["name"], fitting(self.store, field, value))
            if len(found) > 1:
                return 300, [f"{base}/sobjects/{entry.name}/{record['Id']}" for record in found]
            if not isinstance(body, dict):
                raise bad_json("Unexpected value in the place of a record: an object is expected")
            if any(entry.find(member) is field for member in body):
                raise ApiError(400, "INVALID_FIELD", f"The {field['name']} field should not be specified in the sobject data.")
            try:
                record_id, created = upsert(self.store, entry, field, value, body)
            except RecordFault as fault:
                raise fault.answer() from fault
        return 201 if created else 200, {"id": record_id, "success": True, "errors": [], "created": created}
