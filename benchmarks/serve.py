"""Serves any Chalice app by the server of ``make dev``: its module, and a port."""

import signal
import sys
from importlib import import_module

from infra.local.server import create_server


def main() -> None:
    """Serve the app of the module in the first argument until SIGTERM."""
    module, port = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    create_server(import_module(module).app, int(port)).server.serve_forever()


if __name__ == "__main__":
    main()
