"""Starts the server: `python3 tests/peers/salesforce --port 0`."""

import os
import sys
import threading

# The folder stays as it is.
sys.dont_write_bytecode = True

from assembly import arguments, build  # noqa: E402


def end_with_input():
    """Ends the process at the end of standard input."""
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    """Serves until killed, or until told to end."""
    flags = arguments()
    server = build(flags)
    if flags.until_eof:
        threading.Thread(target=end_with_input, daemon=True).start()
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
