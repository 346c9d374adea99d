"""``phonebook import``, ``export`` and ``migrate``: moving in and out."""

from chalicelib.cli.exporting import export_file
from chalicelib.cli.importing import import_file
from chalicelib.cli.migrating import migrate
from chalicelib.cli.table import TableCommands

commands = TableCommands()
commands.command("import")(import_file)
commands.command("export")(export_file)
commands.command("migrate")(migrate)
