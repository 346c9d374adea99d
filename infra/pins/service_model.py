"""The part of botocore's data that the phonebook needs to call DynamoDB.

For its first client, botocore reads 1.3 MB of JSON about every region of every service and every
operation of DynamoDB. A Lambda would do so at each cold start. ``make lock`` writes the needed
part from the pinned botocore's own data.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

import botocore

from chalicelib.storage.dynamodb.session import DATA, MODEL, SERVICE

OPERATIONS: Final = (
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "TransactWriteItems",
    "UpdateItem",
)

_BOTOCORES_DATA: Final = Path(botocore.__file__).parent / "data"
_MODEL: Final = f"{MODEL}.json"
_ENDPOINTS: Final = "endpoints.json"
_LICENCE: Final = ("LICENSE.txt", "NOTICE")


def main() -> None:
    """Write the data where the phonebook's session reads it."""
    for name, text in service_data().items():
        file = DATA / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def service_data() -> Mapping[str, str]:
    """Return the text of each file, by its path in the folder."""
    licence = distribution("botocore")
    return {
        _MODEL: _text(_model()),
        _ENDPOINTS: _text(_endpoints()),
        **{name: licence.read_text(name) or "" for name in _LICENCE},
    }


def _model() -> dict[str, Any]:
    full = json.loads(gzip.decompress((_BOTOCORES_DATA / f"{_MODEL}.gz").read_bytes()))
    operations = {name: _undocumented(full["operations"][name]) for name in OPERATIONS}
    shapes = _undocumented(full["shapes"])
    return {
        "version": full["version"],
        "metadata": full["metadata"],
        "operations": operations,
        "shapes": {name: shapes[name] for name in sorted(set(_shapes_in(operations, shapes)))},
    }


def _endpoints() -> dict[str, Any]:
    full: dict[str, Any] = json.loads((_BOTOCORES_DATA / _ENDPOINTS).read_text())
    for partition in full["partitions"]:
        partition["services"] = {
            name: endpoints for name, endpoints in partition["services"].items() if name == SERVICE
        }
    return full


def _undocumented(part: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, dict):
        return {
            name: _undocumented(value)
            for name, value in part.items()
            if name != "documentation" or not isinstance(value, str)
        }
    return [_undocumented(value) for value in part] if isinstance(part, list) else part


def _shapes_in(part: Any, shapes: Mapping[str, Any]) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the names of all shapes that a part of the model uses, directly or not."""
    waiting, known = [part], set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += each.values()
            name = each.get("shape")
            if isinstance(name, str) and name not in known:
                known.add(name)
                waiting.append(shapes[name])
                yield name


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    main()
