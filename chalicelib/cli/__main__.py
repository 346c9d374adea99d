"""``python -m chalicelib.cli``."""

from chalicelib.cli import main

main()
