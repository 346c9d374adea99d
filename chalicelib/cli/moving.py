"""``phonebook import`` and ``export``: moving contacts in and out as files."""

from chalicelib.cli.exporting import export_file
from chalicelib.cli.importing import import_file
from chalicelib.cli.table import TableCommands

commands = TableCommands()
commands.command("import")(import_file)
commands.command("export")(export_file)
