"""``phonebook maintenance``: looking after what runs unattended."""

from chalicelib.cli.purging import purge
from chalicelib.cli.recounting import recount
from chalicelib.cli.redriving import redrive
from chalicelib.cli.reindexing import reindex
from chalicelib.cli.table import TableCommands
from chalicelib.cli.verifying import verify

commands = TableCommands(
    help="Maintain the counts and the data, and run the clean-up.", no_args_is_help=True
)
commands.command("purge")(purge)
commands.command("recount")(recount)
commands.command("redrive")(redrive)
commands.command("reindex")(reindex)
commands.command("verify")(verify)
