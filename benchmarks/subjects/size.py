"""The size of what is deployed, beside the peers packaged in the same way."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import packages
from benchmarks.contenders import PEERS, PHONEBOOK
from benchmarks.report import Row, Subject
from infra.aws.package import MAX_ZIP_BYTES


def measure(quick: bool) -> Subject:  # noqa: FBT001 - what every subject takes
    """Package, and weigh."""
    ours = _size_of(packages.package(PHONEBOOK))
    rows = [
        Row(
            name="phonebook",
            unit="bytes",
            measured=ours,
            against="what is allowed",
            mark=MAX_ZIP_BYTES,
        ),
    ]
    if not quick:
        rows += _beside_the_peers(ours)
    return Subject(
        name="size",
        title="Size of the deployment",
        engine="none",
        method=(
            "Zips written in one way, compiled, the peers with all of their packages, and without"
            " what the Lambda runtime has (boto3, botocore and what they need)."
        ),
        rows=rows,
    )


def _beside_the_peers(ours: int) -> Iterator[Row]:
    for peer, name in PEERS.items():
        yield Row(
            name=f"phonebook, beside {name}",
            unit="bytes",
            measured=ours,
            against=name,
            mark=_size_of(packages.package(peer)),
            below=True,
        )
    with TemporaryDirectory() as folder:
        tutorial = packages.package_peer("plain_chalice", Path(folder), also=packages.DRAGGED_IN)
        yield Row(
            name="phonebook, beside Chalice + PynamoDB with botocore",
            unit="bytes",
            measured=ours,
            against="what Chalice packages when it is not told that the runtime has botocore",
            mark=_size_of(tutorial),
            below=True,
        )


def _size_of(packaged: packages.Packaged) -> int:
    return packaged.zip_file.stat().st_size
