"""What tests arrange and look at: faults on demand, and the requests that were seen. No part of Salesforce's API."""

import threading

KNOWN = {"path", "method", "status", "errorCode", "message", "times", "after", "headers", "body", "cut", "stall"}
ORDERS = {"fail", "expire_tokens", "api_limit", "forget_cursors", "reset"}


class Rehearsal:
    """The faults that are arranged, and the log."""

    def __init__(self):
        self.faults, self.seen, self.lock = [], [], threading.Lock()
        self.limit, self.used = 15_000, 0

    def note(self, entry):
        """Keeps a request for the log."""
        with self.lock:
            self.seen.append(entry)

    def count(self):
        """Counts a call of the API; whether it is still within the limit."""
        with self.lock:
            self.used += 1
            return self.used <= self.limit

    def usage(self):
        """Calls made and calls allowed."""
        return self.used, self.limit

    def arrange(self, orders, identity, cursors):
        """Does what a test asks for; the text of what is wrong with it, if something is."""
        if not isinstance(orders, dict) or set(orders) - ORDERS:
            return f"known are {', '.join(sorted(ORDERS))}"
        faults = orders.get("fail", [])
        faults = faults if isinstance(faults, list) else [faults]
        if any(not isinstance(fault, dict) or set(fault) - KNOWN for fault in faults):
            return f"of a fault, known are {', '.join(sorted(KNOWN))}"
        with self.lock:
            if orders.get("reset"):
                self.faults, self.seen, self.limit, self.used = [], [], 15_000, 0
            self.faults += [{"times": 1, "after": 0, **fault} for fault in faults]
            if "api_limit" in orders:
                self.limit, self.used = orders["api_limit"], 0
        if orders.get("expire_tokens"):
            identity.expire()
        if orders.get("forget_cursors"):
            cursors.open.clear()
        return None

    def fault(self, method, path):
        """The fault for a request, if one is arranged. Its path is the beginning of the request's or a part of it."""
        with self.lock:
            for fault in self.faults:
                if fault["times"] <= 0 or fault.get("path", "") not in path or fault.get("method", method) != method:
                    continue
                if fault["after"] > 0:
                    fault["after"] -= 1
                    continue
                fault["times"] -= 1
                return fault
        return None
