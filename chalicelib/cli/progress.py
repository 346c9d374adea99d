"""What progress bars show."""

from rich.progress import ProgressColumn, Task
from rich.text import Text


class Speed(ProgressColumn):
    """How many *things* are done in a second; nothing before this is known."""

    def __init__(self, things: str = "") -> None:
        super().__init__()
        self._unit = f"{things} a second".strip()

    def render(self, task: Task) -> Text:
        """Return it in words."""
        return Text(f"{task.speed:,.0f} {self._unit}" if task.speed else "", style="dim")
