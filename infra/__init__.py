"""What runs the phonebook here and on AWS, the pins of what it needs, its documents' tables."""

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parent.parent
"""The root of the repository."""
