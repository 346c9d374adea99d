"""What the template says where everything is turned on."""

from typing import Any


def when_all_is_on(value: Any) -> Any:
    """Return what a choice by a condition is then; anything else is as it is."""
    return value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value
