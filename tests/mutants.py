"""Changing the code in small ways, and telling which changes no test notices (``make mutants``).

mutmut makes the mutants of an area's files, in a copy of the project, and runs for each the tests
of that area which reach its function. What comes of it is written to ``docs/mutants.md``, where
each mutant that survives has its reason. A new one has none yet, and that fails.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.documents import as_table, put_into, table
from tests.paths import PROJECT

DOCUMENT: Final = "docs/mutants.md"
MIN_KILLED: Final = 0.95
"""Of an area's mutants."""

_FOLDER: Final = PROJECT / "build" / "mutants"
_SURVIVED: Final = frozenset({0, 5, 33})
"""The exit codes of a mutant which its tests pass, or which no test reaches."""

_END_A_TEST_THAT_HANGS: Final = (
    "-o", "faulthandler_timeout=60", "-o", "faulthandler_exit_on_timeout=true",
)  # fmt: skip

_PHONE: Final = "chalicelib/domain/phone*.py"


@dataclass(frozen=True)
class Area:
    """Files that are changed together, and the tests that have to notice."""

    files: Sequence[str]
    tests: Sequence[str]
    but: Sequence[str] = ()


AREAS: Final[Mapping[str, Area]] = {
    "domain": Area(
        files=["chalicelib/domain/*.py"],
        but=[_PHONE],
        tests=[
            "tests/webhooks/test_rules.py",
            "tests/webhooks/test_deliveries.py",
            *(f"tests/unit/test_{name}.py"
            for name in (
                "caller", "chance", "collecting", "contact", "credentials", "cursors", "errors",
                "extra", "field", "field_values", "ids", "rows", "selection", "text",
            )),
        ],
    ),
    "numbers": Area(files=[_PHONE], tests=["tests/unit/test_phone_reading.py"]),
    "authentication": Area(
        files=["chalicelib/services/authentication.py"], tests=["tests/storage/test_accounts.py"]
    ),
    "blacklist": Area(
        files=["chalicelib/storage/blacklist.py", "chalicelib/storage/ledger.py"],
        tests=[
            f"tests/storage/test_{name}.py"
            for name in ("blacklist", "ledger", "stoplists", "stamps")
        ],
    ),
    "messente": Area(
        files=["chalicelib/dialects/pages.py", "chalicelib/dialects/messente/*.py"],
        tests=[
            "tests/unit/test_pages.py",
            "tests/unit/test_messente_errors.py",
            "tests/unit/test_messente_parse.py",
            "tests/contract/test_messente_http.py",
            "tests/contract/test_messente_lists.py",
            "tests/contract/test_messente_sdk.py",
        ],
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test notices: where it is, what it changes, and into what."""

    function: str
    code: str
    mutant: str


@dataclass(frozen=True)
class Result:
    """How many mutants an area has, and which of them survived."""

    mutants: int
    survivors: Sequence[Survivor]

    @property
    def share(self) -> float:
        """Which part of them was killed."""
        return 1 - len(self.survivors) / self.mutants


class MutmutError(Exception):
    """mutmut could not run; the message is the last of what it said."""


def main() -> int:
    """Run the areas on the command line, or all; write the document; return the exit code."""
    names = sys.argv[1:] or list(AREAS)
    results = {name: _result_of(name, AREAS[name]) for name in names}
    survivors = sorted(
        {each for result in results.values() for each in result.survivors},
        key=lambda each: (each.function, each.code, each.mutant),
    )
    reasons = {(function, code, mutant): why for function, code, mutant, why in _told()}
    rows = [(*cells, reasons.get(cells, "")) for cells in map(_cells, survivors)]
    if names == list(AREAS):
        _write(results, rows)
    unexplained = [row for row in rows if not row[-1]]
    for row in unexplained:
        print("| " + " | ".join(_as_code(cell) for cell in row[:-1]) + " |  |")
    for name, result in results.items():
        print(f"{name}: {result.share:.1%} of {result.mutants} mutants killed")
    print(f"{len(survivors)} survived, {len(unexplained)} of them without a reason in {DOCUMENT}.")
    is_low = any(result.share < MIN_KILLED for result in results.values())
    return 1 if unexplained or is_low else 0


def _result_of(name: str, area: Area) -> Result:
    began = time.monotonic()
    folder = _FOLDER / name
    _copy_project(folder, area)
    print(f"{name} ...", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", "run", "--max-children", "2"],
        cwd=folder,
        # The engine and the app are in the process, where the mutants are.
        env=os.environ | {"ENGINE": "moto", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MutmutError(done.stdout[-4_000:] + done.stderr[-4_000:])
    codes = {
        (meta, mutant): code
        for meta in sorted(folder.glob("mutants/**/*.meta"))
        for mutant, code in json.loads(meta.read_text())["exit_code_by_key"].items()
    }
    survivors = [
        _survivor(folder, mutant) for (_, mutant), code in codes.items() if code in _SURVIVED
    ]
    print(f"{name}: {(time.monotonic() - began) / 60:.0f} minutes", flush=True)
    return Result(len(codes), survivors)


def _copy_project(folder: Path, area: Area) -> None:
    """Copy what git knows of the project, and say in its pyproject.toml what mutmut is to do."""
    shutil.rmtree(folder, ignore_errors=True)
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, files.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    settings = {
        "source_paths": ["chalicelib"],
        "only_mutate": area.files,
        "do_not_mutate": area.but,
        "also_copy": ["app.py", "benchmarks", "docs", "growth", "infra"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", *_END_A_TEST_THAT_HANGS],
        "pytest_add_cli_args_test_selection": area.tests,
        # Never: mutmut would end whatever has the process id by then.
        "timeout_constant": 1e6,
        "track_dependencies": False,
    }
    with (folder / "pyproject.toml").open("a") as pyproject:
        lines = (f"{name} = {json.dumps(value)}" for name, value in settings.items())
        pyproject.write("\n".join(["", "[tool.mutmut]", *lines, ""]))


def _survivor(folder: Path, mutant: str) -> Survivor:
    shown = subprocess.run(
        [sys.executable, "-m", "mutmut", "show", mutant],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    module, _, function = mutant.rpartition("__mutmut_")[0].rpartition(".")
    place = function.removeprefix("x_").replace("xǁ", "").replace("ǁ", ".")
    lines = shown.stdout.splitlines()
    return Survivor(
        f"{module.rpartition('.')[2]}.{place}",
        " ".join(_changed(lines, "-")),
        " ".join(_changed(lines, "+")),
    )


def _changed(lines: Sequence[str], mark: str) -> Iterator[str]:
    """Yield the lines of a diff that have a mark, but for the names of its files."""
    for line in lines:
        if line.startswith(mark) and not line.startswith(mark * 3):
            yield line[1:].strip()


def _cells(survivor: Survivor) -> tuple[str, str, str]:
    """Return a survivor as a table has it, in which a bar would end a cell."""
    texts = (survivor.function, survivor.code, survivor.mutant)
    function, code, mutant = (text.replace("|", "¦").replace("`", "'") for text in texts)
    return function, code, mutant


def _as_code(cell: str) -> str:
    return f"`{cell}`"


def _told() -> list[list[str]]:
    return table(DOCUMENT, "function")


def _write(results: Mapping[str, Result], rows: Sequence[tuple[str, ...]]) -> None:
    document = PROJECT / DOCUMENT
    areas = [
        (name, f"{result.mutants:,}", f"{len(result.survivors):,}", f"{100 * result.share:.1f} %")
        for name, result in results.items()
    ]
    tables = {
        "areas": as_table(("area", "mutants", "survived", "killed"), areas),
        "survivors": as_table(
            ("function", "code", "mutant", "why nothing notices"),
            [(*map(_as_code, row[:-1]), row[-1]) for row in rows],
        ),
    }
    document.write_text(put_into(document.read_text(), tables))


if __name__ == "__main__":
    sys.exit(main())
