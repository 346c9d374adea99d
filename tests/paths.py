"""Where the project is."""

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parent.parent
