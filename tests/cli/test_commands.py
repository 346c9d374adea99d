"""The tree of commands: what each of them has, and that the documents name no other."""

import re
import shlex
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from chalicelib.cli.commands import cli
from chalicelib.cli.failures import EXIT_CODES, exit_code_of, message_of
from chalicelib.domain.errors import OperatorError, OperatorErrorCode
from chalicelib.settings import TABLE_VARIABLE
from infra.documents import table
from tests.paths import PROJECT

DOCUMENTS = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
ROOT = typer.main.get_command(cli)


def tree(command=ROOT, path=()):
    yield path, command
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from tree(inner, (*path, name))


TREE = dict(tree())
COMMANDS = {path: each for path, each in TREE.items() if not isinstance(each, TyperGroup)}
NAMES = {path[0] for path in TREE if path} | {path[-1] for path in COMMANDS}


PRINTS_DATA = {("export",), ("contacts", "everything")}
"""The commands whose output is data already, whoever reads it."""


@pytest.mark.parametrize("path", TREE, ids=" ".join)
def test_help_needs_no_table(path, monkeypatch, capsys):
    monkeypatch.delenv(TABLE_VARIABLE, raising=False)

    ROOT.main([*path, "--help"], prog_name="phonebook", standalone_mode=False)

    assert f"Usage: phonebook {' '.join(path)}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["accounts", "open", "--help"], ["--version"]])
def test_help_and_version_need_no_environment_at_all(arguments):
    script = Path(sys.executable).parent / "phonebook"
    done = subprocess.run([script, *arguments], env={}, capture_output=True, text=True, check=True)

    assert done.stdout.strip().startswith(("Usage: phonebook accounts open", "phonebook 0."))
    assert done.stderr == ""


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_takes_json_and_says_what_each_option_is(path):
    options = {option for each in COMMANDS[path].params for option in each.opts}

    assert "--json" in options or path in PRINTS_DATA
    assert COMMANDS[path].help
    assert [each.name for each in COMMANDS[path].params if not each.help] == []


def test_every_exit_code_is_documented_as_it_is():
    documented = table("docs/operations.md", "exit code")

    assert documented == [[str(code), meaning] for code, meaning in EXIT_CODES.items()]


SHELL = {">", "2>&1", "|"}
"""What ends a command in a line of a shell."""


def printed_lines(text):
    """Yield the words behind `phonebook` of each line in a block of code."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if re.search(rf"phonebook ({'|'.join(NAMES)}|--)", line):
                words = shlex.split(line, comments=True)
                start = next(n for n, word in enumerate(words) if word.endswith("phonebook"))
                yield list(takewhile(lambda word: word not in SHELL, words[start + 1 :]))


def mentioned_lines(text):
    """Yield the words behind `phonebook` of each command that a sentence names."""
    text = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"`([^`]+)`", text):
        words = code.split()
        is_whole = words[0].endswith("phonebook") and len(words) > 1
        if is_whole or (words[0] in NAMES and len(words) > 1):
            yield words[1:] if is_whole else words


def command_of(words):
    """Return the path of the command that a line begins with, and the words behind it."""
    words = list(words)
    first = words[0] if words else ""
    path = next((path[:-1] for path in COMMANDS if path[-1] == first and (first,) not in TREE), ())
    while words and isinstance(TREE[path], TyperGroup) and not words[0].startswith("-"):
        path = (*path, words.pop(0))
        assert path in TREE, f"no command {path}"
    return path, words


def written_lines(source):
    """Yield the words of each command that the code names, in a sentence or to be printed."""
    yield from mentioned_lines(source.replace("``", "`"))
    for arguments in re.findall(r"""command_line\((["'][^()]*)\)""", source):
        yield re.findall(r"""["']([\w-]+)["']""", arguments)


SOURCES = [
    each for folder in ("infra", "chalicelib/cli") for each in (PROJECT / folder).rglob("*.py")
]
WRITTEN = [words for source in SOURCES for words in written_lines(source.read_text())]
PRINTED = {document.name: list(printed_lines(document.read_text())) for document in DOCUMENTS}
MENTIONED = {document.name: list(mentioned_lines(document.read_text())) for document in DOCUMENTS}


def test_documents_show_every_command():
    shown = {" ".join(words) for lines in PRINTED.values() for words in lines}

    for path in COMMANDS:
        assert any(line.startswith(" ".join(path)) for line in shown), path


@pytest.mark.parametrize(
    "words", [words for lines in PRINTED.values() for words in lines], ids=" ".join
)
def test_command_line_in_the_documents_is_one(words):
    path, rest = command_of(words)

    TREE[path].make_context(path[-1], rest)  # which parses all, and runs nothing


@pytest.mark.parametrize(
    "words", [*(words for lines in MENTIONED.values() for words in lines), *WRITTEN], ids=" ".join
)
def test_command_that_a_sentence_or_the_code_names_is_one(words):
    """A sentence may leave out what a command needs, but names nothing that it lacks."""
    path, rest = command_of(words)

    options = {each for one in TREE[path].params for each in (*one.opts, *one.secondary_opts)}
    assert {word for word in rest if word.startswith("--")} <= options | {"--help"}


@pytest.mark.parametrize("code", OperatorErrorCode)
def test_each_refusal_of_an_operator_has_its_words_and_an_exit_code(code):
    assert message_of(OperatorError(code))
    assert exit_code_of(OperatorError(code)) in EXIT_CODES
