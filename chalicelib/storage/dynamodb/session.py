"""The botocore session of the one client, without what it would do at each start and each call.

What it leaves out, and what that gave, is in docs/performance.md.
"""

from pathlib import Path
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.serialize import JSONSerializer
from botocore.session import Session, get_session

SERVICE: Final = "dynamodb"
PROTOCOL: Final = "json"
MODEL: Final = f"{SERVICE}/2012-08-10/service-2"

DATA: Final = Path(__file__).parent / "botocore_data"
"""The part of botocore's own data that this service needs, from ``infra/pins/service_model.py``."""


def lean_session() -> Session:
    """Return a session that finds DynamoDB at once, names itself once, and leaves answers as is.

    botocore's own looks through four hundred services, and reads what it knows of all their
    regions; it puts its user agent together twice for each call, and looks for each type that
    there is in each value of each item. Other services are as ever: credentials may need them.
    """
    session = get_session()
    session.set_default_client_config(Config(user_agent=f"phonebook {session.user_agent()}"))
    session.register_component("data_loader", _Loader(extra_search_paths=[str(DATA)]))
    session.register_component("response_parser_factory", _ParserFactory())
    return session


class _Loader(Loader):
    """Knows where the model of DynamoDB is, and that it has no rules for its endpoints.

    botocore then takes the table of endpoints: that of a region is looked up once, and not by
    rules for each call.
    """

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Any:  # noqa: ANN401 - JSON
        if service_name != SERVICE:
            return super().load_service_model(service_name, type_name, api_version)
        if type_name != "service-2":
            raise UnknownServiceError(service_name=service_name, known_service_names="")
        return self.load_data(MODEL)


class _ParserFactory(ResponseParserFactory):
    def __init__(self) -> None:
        super().__init__()
        self._plain_parser = _PlainParser()

    def create_parser(self, protocol_name: str) -> Any:  # noqa: ANN401 - botocore's
        if protocol_name == PROTOCOL:
            return self._plain_parser
        return super().create_parser(protocol_name)


class _PlainParser(JSONParser):
    """Leaves DynamoDB's JSON as it is, since that is the form in which PynamoDB reads items.

    Only binary values would have to be decoded, and no item has one.
    """

    def _parse_shape(self, _shape: object, node: Any) -> Any:  # noqa: ANN401 - JSON
        return node


class PlainSerializer(JSONSerializer):
    """Sends what PynamoDB puts together as it is, since that is DynamoDB's JSON already.

    Only binary values would have to be encoded, and no item has one.
    """

    def _serialize(
        self, serialized: dict[str, Any], value: dict[str, Any], _shape: object, _key: None = None
    ) -> None:
        serialized.update(value)
