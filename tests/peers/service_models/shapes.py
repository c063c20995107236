"""Checks a value against a shape of a service model: members, types, patterns, lengths, ranges, enumerated values."""

import base64
import binascii
import functools

import regex

NUMBERS = {"integer": int, "long": int, "float": (int, float), "double": (int, float)}
TYPES = {"structure": dict, "map": dict, "list": list, "string": str, "blob": str, "boolean": bool,
         "timestamp": (int, float, str), **NUMBERS}


class Shapes:
    """The shapes of one service."""

    def __init__(self, model):
        self._shapes = model["shapes"]

    def __getitem__(self, name):
        return self._shapes[name]

    def of(self, member):
        """The shape that a member, or the value of a list or map, refers to."""
        return self._shapes[member["shape"]]

    def check(self, name, value, place=""):
        """Yields (place, what is wrong) for everything that the service would refuse."""
        shape = self._shapes[name]
        kind = shape["type"]
        if shape.get("document"):
            return
        if not is_a(kind, value):
            yield place, f"is {described(value)}, where the model has a {kind}"
            return
        yield from ((place, what) for what in limits(name, shape, value))
        if kind == "structure":
            yield from self._members(shape, value, place)
        elif kind == "list":
            for index, item in enumerate(value):
                yield from self.check(shape["member"]["shape"], item, f"{place}[{index}]")
        elif kind == "map":
            for key, item in value.items():
                yield from self.check(shape["key"]["shape"], key, f"{place}, key {key!r}")
                yield from self.check(shape["value"]["shape"], item, joined(place, key))

    def _members(self, shape, value, place):
        known = shape["members"]
        for name in shape.get("required", []):
            if name not in value:
                yield joined(place, name), "is required and missing"
        for name, item in value.items():
            if name not in known:
                yield joined(place, name), "is not in the model"
                continue
            yield from self.check(known[name]["shape"], item, joined(place, name))
        for name, member in known.items():
            if member.get("idempotencyToken") and not value.get(name):
                yield joined(place, name), "is an idempotency token and missing"
        if shape.get("union") and len(value) != 1:
            yield place, f"is a union and has {len(value)} members"


def limits(name, shape, value):
    """What is wrong with a value by the limits that its shape states."""
    kind = shape["type"]
    measure, unit = value, ""
    if kind == "blob":
        try:
            measure, unit = len(base64.b64decode(value, validate=True)), " bytes"
        except binascii.Error:
            yield "is not base64"
            return
    elif kind in ("string", "list", "map"):
        measure, unit = len(value), " characters" if kind == "string" else " entries"
    elif kind not in NUMBERS:
        return
    if measure < shape.get("min", measure):
        yield f"has {measure}{unit}, less than {shape['min']} ({name})"
    if measure > shape.get("max", measure):
        yield f"has {measure}{unit}, more than {shape['max']} ({name})"
    if kind == "string":
        if "enum" in shape and value not in shape["enum"]:
            yield f"is {value!r}, none of {', '.join(shape['enum'])} ({name})"
        if "pattern" in shape:
            try:
                if not compiled(shape["pattern"]).fullmatch(value):
                    yield f"is {value!r}, which does not match {shape['pattern']} ({name})"
            except regex.error as error:
                # Told rather than passed over: nothing was checked.
                yield f"has a pattern that cannot be read, {shape['pattern']} ({name}): {error}"


@functools.cache
def compiled(pattern):
    """AWS matches the whole text. Patterns use classes of Unicode, which Python's own module does not know."""
    return regex.compile(pattern)


def is_a(kind, value):
    """Whether a value is of a shape's type. Python's booleans are numbers; JSON's are not."""
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def described(value):
    """A value as a reader of JSON would call it."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def joined(place, name):
    """The place of a member."""
    return f"{place}.{name}" if place else name
