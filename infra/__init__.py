"""Running the phonebook here and on AWS, pinning its dependencies, and its documents' tables."""

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parent.parent
"""The root of the repository."""
