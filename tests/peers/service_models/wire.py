"""Finds the operation that an HTTP request asks for, and reads its input as the protocol of the service lays down."""

import base64
import json
import urllib.parse
from xml.etree import ElementTree

from shapes import NUMBERS, Shapes

# Headers that signing, retries and tracing add to every operation.
OF_EVERY_OPERATION = {"x-amz-date", "x-amz-security-token", "x-amz-user-agent", "x-amz-content-sha256", "x-amz-target",
                      "x-amz-trailer", "x-amz-decoded-content-length"}


class Unreadable(Exception):
    """The request is none that the service could read."""


class Service:
    """One service as its model describes it."""

    def __init__(self, name, model):
        self.name = name
        self.model = model
        self.shapes = Shapes(model)
        self.protocol = model["metadata"]["protocol"]

    def read(self, request):
        """The operation's name, its input, and what is wrong beside the input: (place, what) pairs."""
        reader = {"rest-json": self._rest, "rest-xml": self._rest, "query": self._query, "json": self._json}
        return reader[self.protocol](request)

    def operation(self, name, request):
        """An operation by its name, with the method and path that it must have."""
        found = self.model["operations"].get(name)
        if found is None:
            raise Unreadable(f"{self.name} has no operation {name}")
        http, path = found["http"], request.target.partition("?")[0]
        if (request.method, path) != (http["method"], http["requestUri"]):
            raise Unreadable(f"{name} is {http['method']} {http['requestUri']}, not {request.method} {path}")
        return found

    # --- query: a form with the operation in `Action` ---------------------------------------------------------------

    def _query(self, request):
        request.wants("application/x-www-form-urlencoded")
        try:
            form = dict(urllib.parse.parse_qsl(request.text(), keep_blank_values=True, strict_parsing=True))
        except ValueError as error:
            raise Unreadable(f"the body is no form: {error}") from error
        name = form.pop("Action", None)
        operation = self.operation(name, request)
        version = form.pop("Version", None)
        expected = self.model["metadata"]["apiVersion"]
        wrong = [] if version == expected else [("Version", f"is {version!r}, where the model has {expected!r}")]
        value = {}
        if "input" in operation:
            value = self._form_value(self.shapes.of(operation["input"]), "", form) or {}
        # What is left over belongs to no member.
        return name, value, wrong + [(key, "is not in the model") for key in form]

    def _form_value(self, shape, prefix, form):
        """Takes a value out of the form; None when it is not there."""
        kind = shape["type"]
        if kind == "structure":
            value = {}
            for name, member in shape["members"].items():
                inner = self.shapes.of(member)
                key = member.get("locationName", name)
                found = self._form_value(inner, f"{prefix}.{key}" if prefix else key, form)
                if found is not None:
                    value[name] = found
            return value or None
        if kind == "list":
            if form.get(prefix) == "":
                # An empty list is the bare name.
                form.pop(prefix)
                return []
            step = "" if shape.get("flattened") else "." + shape["member"].get("locationName", "member")
            item = self.shapes.of(shape["member"])
            return self._numbered(f"{prefix}{step}", lambda key: self._form_value(item, key, form))
        if kind == "map":
            step = "" if shape.get("flattened") else ".entry"
            names = [shape[part].get("locationName", part) for part in ("key", "value")]
            read = lambda key: self._form_entry(shape, [f"{key}.{name}" for name in names], form)
            entries = self._numbered(f"{prefix}{step}", read)
            return None if entries is None else dict(entries)
        return None if prefix not in form else scalar(kind, form.pop(prefix))

    def _form_entry(self, shape, keys, form):
        values = [self._form_value(self.shapes.of(shape[part]), key, form) for part, key in zip(("key", "value"), keys)]
        return None if values[0] is None else tuple(values)

    @staticmethod
    def _numbered(prefix, read):
        values = []
        while (value := read(f"{prefix}.{len(values) + 1}")) is not None:
            values.append(value)
        return values or None

    # --- json: the operation in a header, the input in the body ------------------------------------------------------

    def _json(self, request):
        metadata = self.model["metadata"]
        request.wants(f"application/x-amz-json-{metadata['jsonVersion']}")
        prefix, _, name = request.headers.get("x-amz-target", "").rpartition(".")
        if prefix != metadata["targetPrefix"]:
            raise Unreadable(f"X-Amz-Target begins with {prefix!r}, where the model has {metadata['targetPrefix']!r}")
        self.operation(name, request)
        return name, request.json(), []

    # --- rest: the operation in method and path, the input in path, query, headers and body --------------------------

    def _rest(self, request):
        name, labels, query = self._route(request)
        operation = self.model["operations"][name]
        if "input" not in operation:
            return name, {}, [(key, "is not in the model") for key, _ in query]
        shape = self.shapes.of(operation["input"])
        value, wrong, known = {}, [], set(OF_EVERY_OPERATION)
        left = list(query)
        in_body = {}
        for member_name, member in shape["members"].items():
            location, key = member.get("location"), member.get("locationName", member_name)
            inner = self.shapes.of(member)
            if location == "uri":
                value[member_name] = scalar(inner["type"], labels[key])
            elif location == "querystring":
                found = [text for asked, text in query if asked == key]
                left = [(asked, text) for asked, text in left if asked != key]
                if inner["type"] == "list":
                    kind = self.shapes.of(inner["member"])["type"]
                    value |= {member_name: [scalar(kind, text) for text in found]} if found else {}
                elif found:
                    value[member_name] = scalar(inner["type"], found[0])
                    wrong += [(member_name, "is given more than once")] if len(found) > 1 else []
            elif location == "header":
                known.add(key.lower())
                if (text := request.headers.get(key.lower())) is not None:
                    value[member_name] = scalar(inner["type"], text)
            elif location == "headers":
                found = {header[len(key):]: text for header, text in request.headers.items()
                         if header.startswith(key.lower())}
                known |= {key.lower() + rest for rest in found}
                value |= {member_name: found} if found else {}
            elif shape.get("payload") != member_name:
                in_body[key] = member_name
        wrong += [(key, "is a query parameter that is not in the model") for key, _ in left]
        wrong += [(header, "is a header that is not in the model") for header in request.headers
                  if header.startswith("x-amz-") and header not in known
                  and not (header.startswith("x-amz-checksum-") and "httpChecksum" in operation)]
        value |= self._payload(shape, request) if "payload" in shape else self._body(in_body, request, wrong)
        return name, value, wrong

    def _payload(self, shape, request):
        """The member that is the whole body."""
        name = shape["payload"]
        inner = self.shapes.of(shape["members"][name])
        if not request.body:
            return {}
        if inner["type"] == "structure":
            return {name: request.json() if self.protocol == "rest-json" else self._xml(inner, request.xml())}
        return {name: request.text() if inner["type"] == "string" else base64.b64encode(request.body).decode()}

    @staticmethod
    def _body(members, request, wrong):
        """The members that have no other place, in a JSON object."""
        if not request.body:
            return {}
        found = request.json()
        if not members and found != {}:
            wrong.append(("", "has a body, where the model has none"))
            return {}
        return {members.get(key, key): value for key, value in found.items()}

    def _xml(self, shape, element):
        if shape["type"] == "structure":
            names = {member.get("locationName", name): name for name, member in shape["members"].items()}
            value = {}
            for child in element:
                tag = child.tag.rpartition("}")[2]
                name = names.get(tag, tag)
                inner = self.shapes.of(shape["members"][name]) if name in shape["members"] else {"type": "string"}
                if inner["type"] == "list" and inner.get("flattened"):
                    value.setdefault(name, []).append(self._xml(self.shapes.of(inner["member"]), child))
                else:
                    value[name] = self._xml(inner, child)
            return value
        if shape["type"] == "list":
            return [self._xml(self.shapes.of(shape["member"]), child) for child in element]
        return scalar(shape["type"], element.text or "")

    def _route(self, request):
        """The operation whose method, path and constant query parameters fit best."""
        path, _, query = request.target.partition("?")
        parameters = urllib.parse.parse_qsl(query, keep_blank_values=True)
        # Two SDKs say in it which operation they mean.
        told = dict(parameters).get("x-id")
        parameters = [(key, text) for key, text in parameters if key != "x-id"]
        fitting = []
        for name, operation in self.model["operations"].items():
            template, _, constants = operation["http"]["requestUri"].partition("?")
            constants = urllib.parse.parse_qsl(constants, keep_blank_values=True)
            labels = matched(template.split("/"), path.split("/"))
            if operation["http"]["method"] != request.method or labels is None or told not in (None, name):
                continue
            # What tells two operations on one path from each other is in the query or in a header.
            needed, rank = self._needed(operation), len(constants)
            present = sum(key in dict(parameters) or key.lower() in request.headers for key in needed)
            if all(constant in parameters for constant in constants):
                literals = sum("{" not in part for part in template.split("/"))
                fitting.append(((present == len(needed), literals, rank + present), name, labels, constants))
        if not fitting:
            raise Unreadable(f"{self.name} has no operation {request.method} {path}")
        _, name, labels, constants = max(fitting, key=lambda fit: fit[0])
        return name, labels, [parameter for parameter in parameters if parameter not in constants]

    def _needed(self, operation):
        """The query parameters and headers that an operation requires."""
        shape = self.shapes.of(operation["input"]) if "input" in operation else {}
        members = [shape["members"][name] for name in shape.get("required", [])]
        return [member["locationName"] for member in members if member.get("location") in ("querystring", "header")]


def matched(template, path):
    """The labels of a path that fits a template, decoded; None if it does not fit."""
    labels = {}
    for index, part in enumerate(template):
        if part.endswith("+}"):
            rest = "/".join(path[index:])
            return labels | {part[1:-2]: urllib.parse.unquote(rest)} if rest else None
        if index >= len(path) or (not path[index] and part):
            return None
        if part.startswith("{"):
            labels[part[1:-1]] = urllib.parse.unquote(path[index])
        elif part != path[index]:
            return None
    return labels if len(template) == len(path) else None


def scalar(kind, text):
    """A value that travels as text. What is no such value stays text, which the check of types then tells."""
    try:
        if kind in NUMBERS:
            return float(text) if kind in ("float", "double") else int(text)
    except ValueError:
        return text
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


class Request:
    """A recorded HTTP request."""

    def __init__(self, record):
        self.service = record["service"]
        self.method = record["method"]
        self.target = record["target"]
        self.headers = {name.lower(): text for name, text in dict(record["headers"]).items()}
        self.body = base64.b64decode(record["body"])

    def wants(self, content_type):
        """Refuses another type of content."""
        given = self.headers.get("content-type", "").partition(";")[0].strip()
        if given != content_type:
            raise Unreadable(f"Content-Type is {given!r}, where the protocol has {content_type!r}")

    def text(self):
        """The body as text."""
        try:
            return self.body.decode()
        except UnicodeDecodeError as error:
            raise Unreadable(f"the body is no UTF-8: {error}") from error

    def xml(self):
        """The body as an XML element."""
        try:
            return ElementTree.fromstring(self.body)
        except ElementTree.ParseError as error:
            raise Unreadable(f"the body is no XML: {error}") from error

    def json(self):
        """The body as a JSON object."""
        try:
            value = json.loads(self.text())
        except json.JSONDecodeError as error:
            raise Unreadable(f"the body is no JSON: {error}") from error
        if not isinstance(value, dict):
            raise Unreadable("the body is no JSON object")
        return value
