"""The stack of ``resources.yaml``; all other modules read it through this one.

Resources, parameters and properties have CloudFormation's names.
"""

from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

Properties: TypeAlias = dict[str, Any]
"""The properties of a resource, as CloudFormation reads them."""

_FILE: Final = Path(__file__).with_suffix(".yaml")


def template() -> dict[str, Any]:
    """Return the whole template."""
    said: dict[str, Any] = yaml.safe_load(_FILE.read_text())
    return said


def defaults() -> dict[str, str]:
    """Return the default of each parameter of the stack, by the parameter's name."""
    return {name: str(each["Default"]) for name, each in template()["Parameters"].items()}


def properties_of(resource: str) -> Properties:
    """Return the properties of the resource of this name.

    Raises:
        KeyError: There is none.

    """
    properties: Properties = template()["Resources"][resource]["Properties"]
    return properties


def properties_of_each(kind: str) -> list[Properties]:
    """Return the properties of each resource of a kind, such as ``AWS::SQS::Queue``."""
    return [
        each["Properties"] for each in template()["Resources"].values() if each.get("Type") == kind
    ]


def table_properties() -> Properties:
    """Return the properties of the table."""
    return properties_of("PhonebookTable")


def lambda_runtime() -> str:
    """Return the runtime of the Lambdas, such as ``python3.13``."""
    runtime: str = properties_of("APIHandler")["Runtime"]
    return runtime
