"""Checks recorded HTTP requests against the service models that botocore ships.

Reads JSON lines from standard input or from the file that is named, one request each:

    {"service": "lambda", "method": "GET", "target": "/path?query", "headers": {"Name": "text"}, "body": "base64"}

`service` is the name in the credential scope of the signature; headers may be pairs. Prints each operation with the
number of its requests, and below it what the service would refuse; exits with 1 if there is anything. Needs botocore and
regex.
"""

import collections
import functools
import json
import sys

import botocore.loaders

from wire import Request, Service, Unreadable

LOADER = botocore.loaders.Loader()


@functools.cache
def service(name):
    """A service by its name; None if botocore has no model of it."""
    if name not in LOADER.list_available_services("service-2"):
        return None
    return Service(name, LOADER.load_service_model(name, "service-2"))


class Findings:
    """What was seen, and what is wrong with it."""

    def __init__(self):
        self.seen = collections.Counter()
        self.wrong = collections.defaultdict(list)
        self._tokens = {}

    def add(self, number, record):
        """Checks one request."""
        request = Request(record)
        known = service(request.service)
        operation, found = f"{request.service}:?", []
        try:
            if known is None:
                raise Unreadable(f"botocore has no model of a service {request.service!r}")
            name, value, found = known.read(request)
            operation = f"{request.service}:{name}"
            shape = known.model["operations"][name].get("input", {}).get("shape")
            if shape:
                reused = self._reused(operation, known.shapes[shape], value)
                found = [*found, *known.shapes.check(shape, value), *reused]
        except Unreadable as error:
            found = found + [("", str(error))]
        self.seen[operation] += 1
        self.wrong[operation] += [f"request {number}: {' '.join(filter(None, problem))}" for problem in found]

    def _reused(self, operation, shape, value):
        """A token stands for one request: with other parameters, the service gives the first one's result, or fails."""
        tokens = (name for name, member in shape["members"].items() if member.get("idempotencyToken"))
        names = [name for name in tokens if value.get(name)]
        first = [(name, self._tokens.setdefault((operation, value[name]), value)) for name in names]
        return [(name, f"is {value[name]!r}, which a request with other parameters had") for name, had in first
                if had != value]

    def is_empty(self):
        """Whether nothing is wrong."""
        return not any(self.wrong.values())

    def lines(self):
        """The findings as text."""
        for operation, count in sorted(self.seen.items()):
            yield f"{operation} {count}"
            yield from (f"    {problem}" for problem in self.wrong[operation])


def main(lines):
    """Checks all requests; the exit code."""
    findings = Findings()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            findings.add(number, json.loads(line))
    print("\n".join(findings.lines()))
    return 0 if findings.is_empty() else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="utf-8") as file:
            sys.exit(main(file))
    sys.exit(main(sys.stdin))
