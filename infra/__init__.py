"""What runs the phonebook: on this machine, on AWS, and the pins of what it needs."""

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parent.parent
"""The root of the repository."""
