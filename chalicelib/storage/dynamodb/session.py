"""The botocore session of the DynamoDB client, with less work at each start and each call.

docs/performance.md says what it leaves out, and how much time this saves. Its parser and serializer
are only for DynamoDB: for another service, they would leave bytes in base64 and dates as numbers.
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
"""The part of botocore's data that DynamoDB needs, from ``infra/pins/service_model.py``."""


def dynamodb_session() -> Session:
    """Return a session for a DynamoDB client that does not convert answers.

    A usual session searches four hundred services and reads data on all their regions; it builds
    its user agent twice for each call, and checks the type of each value of each item. Clients of
    other services load their usual models, since credentials may need them. But if their protocol
    is JSON, their answers are not converted either.
    """
    session = get_session()
    session.set_default_client_config(Config(user_agent=f"phonebook {session.user_agent()}"))
    session.register_component("data_loader", _Loader(extra_search_paths=[str(DATA)]))
    session.register_component("response_parser_factory", _ParserFactory())
    return session


class _Loader(Loader):
    """Loads the model of DynamoDB directly, and says that there are no endpoint rules.

    botocore then uses the table of endpoints: it looks up the region once, and does not evaluate
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
        self._dynamodb_parser = _DynamoDBParser()

    def create_parser(self, protocol_name: str) -> Any:  # noqa: ANN401 - botocore's
        if protocol_name == PROTOCOL:
            return self._dynamodb_parser
        return super().create_parser(protocol_name)


class _DynamoDBParser(JSONParser):
    """Returns DynamoDB's JSON without conversion, since PynamoDB reads items in this form.

    Only binary values would need decoding, and our items have none.
    """

    def _parse_shape(self, _shape: object, node: Any) -> Any:  # noqa: ANN401 - JSON
        return node


class DynamoDBSerializer(JSONSerializer):
    """Sends PynamoDB's requests without conversion, since they are in DynamoDB's JSON.

    Only binary values would need encoding, and our items have none.
    """

    def _serialize(
        self, serialized: dict[str, Any], value: dict[str, Any], _shape: object, _key: None = None
    ) -> None:
        serialized.update(value)
