"""Starts the server: `python3 tests/peers/salesforce --port 0`."""

import sys

# The folder stays as it is.
sys.dont_write_bytecode = True

from assembly import arguments, build  # noqa: E402


def main():
    """Serves until killed."""
    server = build(arguments())
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
