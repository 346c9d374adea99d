"""Sends each operation of each dialect once, then opens the console; prints what is loaded."""

import sys

from chalicelib.dialects.registry import DIALECTS
from tests.served import Client, app_served_here, engine_here
from tests.served import send_anonymously as send


def main() -> None:
    """Print the modules that are loaded before the console is opened, and after that."""
    with engine_here() as engine, app_served_here() as url:
        from tests.conftest import open_client  # noqa: PLC0415 - it loads the test's own fixtures

        client: Client = open_client(engine, url)
        for dialect in DIALECTS:
            for route, operations in dialect.endpoints.items():
                path = route.replace("{", "").replace("}", "")
                for method in operations:
                    scheme = "Basic" if dialect.name == "messente" else "Bearer"
                    send(url, method, path, {"Authorization": client.authorization(scheme)})
        print(*sys.modules)  # noqa: T201 - it is what this is for
        send(url, "GET", "/console/sign-in")
        print(*sys.modules)  # noqa: T201 - as above


if __name__ == "__main__":
    main()
