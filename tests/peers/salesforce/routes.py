"""Which resource an address means, and what its methods do."""

import json
import re
from dataclasses import dataclass

import ids
from collections_api import Collections
from faults import ApiError, RecordFault, bad_json, not_found
from paging import Cursors
from sobjects import Rows

OLDEST, NEWEST = 46, 64


@dataclass
class Request:
    """A request that has been read whole. Segments and parameters are decoded."""

    method: str
    segments: list
    parameters: dict
    headers: object
    body: bytes
    here: str

    def json(self):
        """The body as a tree."""
        kind = (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type '{kind}' not supported")
        try:
            return json.loads(self.body, parse_constant=refused)
        except (ValueError, RecursionError) as error:
            raise bad_json(f"The body is not JSON: {error}") from error

    def list_of(self, name):
        """The parts of a parameter that commas separate."""
        return [part.strip() for part in self.parameters.get(name, "").split(",") if part.strip()]


def refused(constant):
    """JSON knows no NaN and no infinity."""
    raise ValueError(f"{constant} is not a value")


class Api:
    """The resources below `/services/data`."""

    def __init__(self, store, cursors: Cursors, usage):
        self.store, self.cursors, self.usage = store, cursors, usage
        self.rows, self.collections = Rows(store), Collections(store)

    def answer(self, request):
        """The status and the tree of an answer, None for no content, bytes for a blob."""
        if not request.segments:
            versions = [{"label": f"Version {version}", "url": f"/services/data/v{version}.0", "version": f"{version}.0"}
                        for version in range(OLDEST, NEWEST + 1)]
            return self.only(request, GET=lambda: versions)
        version, *rest = request.segments
        if not re.fullmatch(r"v\d\d\.0", version) or not OLDEST <= int(version[1:3]) <= NEWEST:
            raise not_found()
        base = f"/services/data/{version}"
        if not rest:
            names = ("sobjects", "query", "queryAll", "limits", "composite")
            return self.only(request, GET=lambda: {name: f"{base}/{name}" for name in names})
        try:
            resource = {"sobjects": self.sobjects, "query": self.query, "queryAll": self.query, "limits": self.limits,
                        "composite": self.composite}.get(rest[0])
            if resource is None:
                raise not_found()
            return resource(request, base, rest[0], rest[1:])
        except RecordFault as fault:
            raise fault.answer() from fault

    def only(self, request, status=200, **methods):
        """Runs the method of the request, which must be one of these."""
        run = methods.get(request.method)
        if run is None:
            raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. "
                                                      f"Allowed are {','.join(methods)}")
        return status, run()

    def entry(self, name):
        """The object of a name in an address."""
        found = next((entry for entry in self.store.objects.values() if entry.name.lower() == name.lower()), None)
        if found is None:
            raise not_found()
        return found

    def limits(self, request, _base, _name, rest):
        """How much may still be asked."""
        if rest:
            raise not_found()
        return self.only(request, GET=lambda: {"DailyApiRequests": {"Max": self.usage()[1],
                                                                     "Remaining": self.usage()[1] - self.usage()[0]}})

    def query(self, request, base, name, rest):
        """`query` and `queryAll`, and their further batches."""
        if len(rest) > 1:
            raise not_found()
        if rest:
            return self.only(request, GET=lambda: self.cursors.more(rest[0], base))
        options = request.headers.get("Sforce-Query-Options")
        return self.only(request, GET=lambda: self.cursors.query(
            request.parameters.get("q"), base, options, name == "queryAll"))

    def sobjects(self, request, base, _name, rest):
        """Descriptions, and single records."""
        if not rest:
            return self.only(request, GET=lambda: {
                "encoding": "UTF-8", "maxBatchSize": 200,
                "sobjects": [entry.brief(base) for entry in self.store.objects.values()]})
        entry = self.entry(rest[0])
        if len(rest) == 1:
            if request.method == "POST":
                return 201, self.rows.post(entry, request.json())
            return self.only(request, GET=lambda: {"objectDescribe": entry.brief(base), "recentItems": []}, POST=None)
        if len(rest) == 2 and rest[1] == "describe":
            return self.only(request, GET=lambda: entry.describe(base))
        fields = request.list_of("fields")
        if len(rest) == 2:
            if request.method in ("PATCH", "DELETE"):
                if request.method == "PATCH":
                    self.rows.patch(entry, rest[1], request.json())
                else:
                    self.rows.delete(entry, rest[1])
                return 204, None
            return self.only(request, GET=lambda: self.rows.get(entry, rest[1], fields, base), PATCH=None, DELETE=None)
        if len(rest) == 3:
            if request.method == "PATCH":
                return self.rows.put_by_key(entry, rest[1], rest[2], request.json(), base)
            if request.method == "GET" and ids.canonical(rest[1]):
                return 200, self.rows.get_blob(entry, rest[1], rest[2])
            if request.method == "GET":
                return self.rows.get_by_key(entry, rest[1], rest[2], fields, base)
            return self.only(request, GET=None, PATCH=None)
        raise not_found()

    def composite(self, request, base, _name, rest):
        """sObject Collections."""
        if not rest or rest[0] != "sobjects" or len(rest) > 3:
            raise not_found()
        many = self.collections
        if len(rest) == 1:
            all_or_none = request.parameters.get("allOrNone", "false").lower() == "true"
            return self.only(request, POST=lambda: many.create(request.json()), PATCH=lambda: many.update(request.json()),
                             DELETE=lambda: many.delete(request.list_of("ids"), all_or_none))
        entry = self.entry(rest[1])
        if len(rest) == 3:
            return self.only(request, PATCH=lambda: many.upsert(entry, rest[2], request.json()))

        def by_body():
            body = request.json()
            if not isinstance(body, dict):
                raise bad_json("The body must be an object with ids and fields")
            return many.retrieve(entry, body.get("ids"), body.get("fields"), base)

        return self.only(request, GET=lambda: many.retrieve(entry, request.list_of("ids"), request.list_of("fields"), base),
                         POST=by_body)
