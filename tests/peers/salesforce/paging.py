"""Answers to queries, a batch at a time."""

import re
from collections import OrderedDict

import ids
from faults import ApiError
from soql_run import Plan

LARGEST = 2000
KEPT = 100


class Cursors:
    """Runs queries and keeps what is still to be fetched. What a cursor leads to is what was there when it was made."""

    def __init__(self, store, smallest=200, usual=LARGEST):
        self.store, self.smallest, self.usual = store, smallest, usual
        self.open, self.made = OrderedDict(), 0

    def batch_of(self, options):
        """The batch size that a header asks for, within the limits."""
        match = re.search(r"batchSize\s*=\s*(\d+)", options or "", re.IGNORECASE)
        return min(max(int(match.group(1)), self.smallest), LARGEST) if match else self.usual

    def query(self, text, base, options, with_deleted):
        """The first batch."""
        if not text:
            raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
        with self.store.lock:
            plan = Plan(self.store, text)
            found = plan.run(with_deleted)
            if plan.is_count:
                return {"totalSize": len(found), "done": True, "records": []}
            batch = self.batch_of(options)
            name = None
            if len(found) > batch:
                self.made += 1
                name = ids.make("01g", self.made)
                self.open[name] = (plan, found, batch)
                while len(self.open) > KEPT:
                    self.open.popitem(last=False)
            return self.answer(name, plan, found, batch, 0, base)

    def more(self, locator, base):
        """A further batch."""
        match = re.fullmatch(r"(01g\w{15})-(\d+)", locator)
        with self.store.lock:
            if match is None or match.group(1) not in self.open:
                raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
            plan, found, batch = self.open[match.group(1)]
            begin = int(match.group(2))
            if begin >= len(found):
                raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
            return self.answer(match.group(1), plan, found, batch, begin, base)

    def answer(self, name, plan, found, batch, begin, base):
        """A batch and what leads on, which is `query` for `queryAll` too."""
        end = min(begin + batch, len(found))
        answer = {"totalSize": len(found), "done": end == len(found)}
        if not answer["done"]:
            answer["nextRecordsUrl"] = f"{base}/query/{name}-{end}"
        answer["records"] = [plan.cut(record, base) for record in found[begin:end]]
        return answer
