"""Puts the server together from its flags."""

import argparse

from data import fill
from identity import Identity
from paging import LARGEST, Cursors
from rehearsal import Rehearsal
from routes import Api
from schema import all_objects
from server import Server
from store import Store


def arguments(given=None):
    """The flags."""
    parser = argparse.ArgumentParser(prog="salesforce", description="A small Salesforce for tests, on the loopback interface.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, lets the system choose")
    for name, count in (("accounts", 1200), ("contacts", 500), ("opportunities", 300), ("orders", 400), ("wide", 20)):
        parser.add_argument(f"--{name}", type=int, default=count, help=f"records; {count} unless given")
    parser.add_argument("--min-batch", type=int, default=200, help="the smallest batch that a query may ask for")
    parser.add_argument("--batch", type=int, default=LARGEST, help="the batch of queries that ask for none")
    parser.add_argument("--token", default="00D000000000001!sample", help="an access token that is good from the start")
    parser.add_argument("--client-id", default="sample-client")
    parser.add_argument("--client-secret", default="sample-secret")
    parser.add_argument("--refresh-token", default="sample-refresh")
    parser.add_argument("--code", default="sample-code", help="the authorization code that is good")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input does, as it does with its parent")
    return parser.parse_args(given)


def build(flags):
    """The server with its records, listening."""
    store = Store(all_objects())
    fill(store, flags.accounts, flags.contacts, flags.opportunities, flags.orders, flags.wide)
    rehearsal = Rehearsal()
    identity = Identity(flags.token, flags.client_id, flags.client_secret, flags.refresh_token, flags.code)
    api = Api(store, Cursors(store, flags.min_batch, flags.batch), rehearsal.usage)
    return Server(flags.port, api, identity, rehearsal)
