#!/usr/bin/env python3
"""What the documents ask of curl, for a machine that has none.

It knows the options that the documents use, as curl has them, and refuses all others by name.
"""

import base64
import getopt
import re
import sys
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

USAGE: Final = 2
"""As curl exits when it is called in a wrong way."""

_EXPANDED_BY_CURL: Final = re.compile(r"[\[\]{}]")
_KNOWN_OF_A_FORMAT: Final = re.compile(r"%\{http_code\}|\\n|[^%\\]")


def main() -> int:
    """Send the request that the command line says, print the answer, and return the exit code."""
    try:
        options, rest = getopt.gnu_getopt(sys.argv[1:], "sgw:u:H:d:X:")
        (url,) = rest
    except (getopt.GetoptError, ValueError) as error:
        return _refuse(str(error))
    said = dict(options)
    write_out, sent = said.get("-w", ""), [value for name, value in options if name == "-d"]
    if _KNOWN_OF_A_FORMAT.sub("", write_out):
        return _refuse(f"-w {write_out}")
    if any(each.startswith("@") for each in sent):
        return _refuse("-d with a file")
    if "-g" not in said and _EXPANDED_BY_CURL.search(url):
        return _refuse("a URL with brackets, without -g")
    headers = {"Accept": "*/*"}
    if sent:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if "-u" in said:
        headers["Authorization"] = f"Basic {base64.b64encode(said['-u'].encode()).decode()}"
    headers |= dict(re.split(r":\s*", value, maxsplit=1) for name, value in options if name == "-H")
    where = urlsplit(url)
    connection = HTTPConnection(where.netloc)
    connection.request(
        said.get("-X") or ("POST" if sent else "GET"),
        f"{where.path}?{where.query}" if where.query else where.path,
        "&".join(sent).encode() if sent else None,
        headers,
    )
    answer = connection.getresponse()
    told = write_out.replace("%{http_code}", str(answer.status)).replace("\\n", "\n")
    sys.stdout.buffer.write(answer.read() + told.encode())
    return 0


def _refuse(what: str) -> int:
    print(f"The documents' curl does not know this: {what}", file=sys.stderr)  # noqa: T201 - a program
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
