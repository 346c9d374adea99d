"""Print the tables (``make scaling``), or put them into a document."""

import sys
from pathlib import Path

from growth.tables import all_tables
from infra.documents import put_into


def main(arguments: list[str]) -> None:
    """Print every table, or write all of them into the document that *arguments* name."""
    tables = all_tables()
    if arguments:
        document = Path(arguments[0])
        document.write_text(put_into(document.read_text(), tables))
        return
    for name, table in tables.items():
        print(f"{name}\n\n{table}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
