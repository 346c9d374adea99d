"""What MessageBird's other clients put on the wire, as their sources build it.

Each client's requests for one and the same story: two contacts, a group, both of them in it, one
taken out, and everything deleted. ``<…>`` stands for what is known only when it is replayed.
The sources are https://github.com/messagebird: ``messagebird-nodejs`` (``lib/messagebird.js``),
``php-rest-api``, ``ruby-rest-api``, ``go-rest-api``, ``java-rest-api`` and ``csharp-rest-api``.
"""

from dataclasses import dataclass, replace
from typing import Final

JSON: Final = "Content-Type: application/json"
FORM: Final = "Content-Type: application/x-www-form-urlencoded"
KEY: Final = "Authorization: AccessKey <key>"
HOST: Final = "Host: rest.messagebird.com"


@dataclass(frozen=True)
class Sent:
    """A request, the status it needs, and, if there is one, by what its object is known then."""

    line: str
    status: int
    body: str | None = None
    known_as: str = ""
    type: str = ""


@dataclass(frozen=True)
class Wire:
    """A client: the headers of all its requests, of those with and without a body; and these."""

    headers: tuple[str, ...]
    body_headers: tuple[str, ...]
    create: tuple[Sent, ...]
    read: tuple[Sent, ...]
    add: Sent
    remove: Sent
    delete: tuple[Sent, ...]
    bodiless_headers: tuple[str, ...] = ()

    def bytes_of(self, sent: Sent, known: dict[str, str]) -> bytes:
        """Return a request as it is on the wire."""
        line, body = sent.line, sent.body or ""
        for name, value in known.items():
            line, body = line.replace(f"<{name}>", value), body.replace(f"<{name}>", value)
        content = body.encode()
        headers = [*self.headers]
        if sent.body is None:
            headers += self.bodiless_headers
        else:
            headers += [each for each in self.body_headers if not (sent.type and each == JSON)]
            headers += [sent.type] if sent.type else []
            headers += [f"Content-Length: {len(content)}"]
        head = "\r\n".join([f"{line} HTTP/1.1", *headers, "", ""])
        return head.replace("<key>", known["key"]).encode() + content


DELETES: Final = (Sent("DELETE /groups/<group>", 204), Sent("DELETE /contacts/<contact>", 204))
REMOVE: Final = Sent("DELETE /groups/<group>/contacts/<contact>", 204)

NODE: Final = Wire(
    headers=(KEY, "User-Agent: MessageBird/ApiClient/4.0.1 Node.js/18.19.0", HOST,
             "Connection: close"),
    body_headers=(JSON,),
    create=(
        Sent("POST /contacts", 201, '{"firstName":"Jöhn","custom1":"x","msisdn":"31612345678"}',
             "contact"),
        Sent("POST /contacts", 201, '{"msisdn":31687654321}', "other"),
        Sent("POST /groups", 201, '{"name":"Friends"}', "group"),
        Sent("PATCH /contacts/<contact>", 200, '{"lastName":"Doe"}'),
        Sent("PATCH /groups/<group>", 200, '{"name":"Family"}'),
    ),
    read=(
        Sent("GET /contacts", 200),
        Sent("GET /contacts?limit=10&offset=0", 200),
        Sent("GET /contacts/<contact>", 200),
        Sent("GET /contacts/<contact>/groups", 200),
        Sent("GET /contacts/<contact>/messages?limit=10&offset=0", 200),
        Sent("GET /groups", 200),
        Sent("GET /groups/<group>", 200),
        Sent("GET /groups/<group>/contacts?limit=10&offset=0", 200),
    ),
    add=Sent("PUT /groups/<group>/contacts", 204,
             '{"groupId":"<group>","ids":["<contact>","<other>"]}'),
    remove=REMOVE,
    delete=DELETES,
)  # fmt: skip

OLD_NODE: Final = Wire(
    headers=(KEY, "User-Agent: MessageBird/ApiClient/3.6.4 Node.js/12.22.0", HOST,
             "Connection: close"),
    body_headers=(JSON,),
    create=NODE.create,
    read=NODE.read,
    add=Sent("GET /groups/<group>?_method=PUT&ids[]=<contact>&ids[]=<other>", 204),
    remove=REMOVE,
    delete=DELETES,
)  # fmt: skip

PHP: Final = Wire(
    headers=(HOST, "User-agent: MessageBird/ApiClient/3.1.3 PHP/80102", "Accept: application/json",
             JSON, "Accept-Charset: utf-8", KEY),
    body_headers=(),
    create=(
        Sent("POST /contacts", 201,
             '{"msisdn":"31612345678","firstName":"J\\u00f6hn","lastName":null,"custom1":"x",'
             '"custom2":null,"custom3":null,"custom4":null}', "contact"),
        Sent("POST /contacts", 201,
             '{"msisdn":31687654321,"firstName":null,"lastName":null,"custom1":null,'
             '"custom2":null,"custom3":null,"custom4":null}', "other"),
        Sent("POST /groups", 201, '{"name":"Friends"}', "group"),
        Sent("PATCH /contacts/<contact>", 200, '{"lastName":"Doe"}'),
        Sent("PATCH /groups/<group>", 200, '{"name":"Family"}'),
    ),
    read=(
        Sent("GET /contacts", 200),
        Sent("GET /contacts?offset=0&limit=30", 200),
        Sent("GET /contacts/<contact>", 200),
        Sent("GET /contacts/<contact>/groups", 200),
        Sent("GET /contacts/<contact>/messages", 200),
        Sent("GET /groups", 200),
        Sent("GET /groups/<group>", 200),
        Sent("GET /groups/<group>/contacts", 200),
    ),
    add=Sent("PUT /groups/<group>/contacts", 204, '{"ids":["<contact>","<other>"]}'),
    remove=REMOVE,
    delete=DELETES,
)  # fmt: skip

RUBY: Final = Wire(
    headers=("Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
             "Accept: application/json", "User-Agent: MessageBird/ApiClient/4.0.0 Ruby/3.1.2",
             HOST, KEY, "Connection: close"),
    body_headers=(FORM,),
    create=(
        Sent("POST /contacts", 201, "firstName=J%C3%B6hn&custom1=x&msisdn=31612345678", "contact"),
        Sent("POST /contacts", 201, "msisdn=%2B31687654321", "other"),
        Sent("POST /groups", 201, "name=Friends", "group"),
        Sent("PATCH /contacts/<contact>", 200, "lastName=Doe"),
        Sent("PATCH /groups/<group>", 200, "name=Family"),
    ),
    read=(
        Sent("GET /contacts?limit=0&offset=0", 200),
        Sent("GET /contacts/<contact>", 200),
        Sent("GET /groups?limit=0&offset=0", 200),
        Sent("GET /groups/<group>", 200),
    ),
    add=Sent("GET /groups/<group>?_method=PUT&ids[]=<contact>&ids[]=<other>", 204),
    remove=REMOVE,
    delete=DELETES,
)  # fmt: skip

GO: Final = Wire(
    headers=(HOST, "User-Agent: MessageBird/ApiClient/9.0.0 Go/go1.19", "Accept: application/json",
             KEY, "Accept-Encoding: gzip"),
    body_headers=(JSON,),
    create=(
        Sent("POST /contacts", 201, '{"msisdn":"31612345678","firstName":"Jöhn","custom1":"x"}',
             "contact"),
        Sent("POST /contacts", 201, '{"msisdn":"31687654321"}', "other"),
        Sent("POST /groups", 201, '{"name":"Friends"}', "group"),
        Sent("PATCH /contacts/<contact>", 200, '{"lastName":"Doe"}'),
        Sent("PATCH /groups/<group>", 200, '{"name":"Family"}'),
    ),
    read=(
        Sent("GET /contacts?", 200),
        Sent("GET /contacts?limit=20&offset=0", 200),
        Sent("GET /contacts/<contact>", 200, "null"),
        Sent("GET /contacts/<contact>", 200, '{"msisdn":"31612345678","firstName":"Foo"}'),
        Sent("GET /groups?limit=20&offset=0", 200),
        Sent("GET /groups/<group>", 200),
        Sent("GET /groups/<group>/contacts?limit=20&offset=0", 200),
    ),
    add=Sent("PUT /groups/<group>/contacts", 204, "ids[]=<contact>&ids[]=<other>", type=FORM),
    remove=REMOVE,
    delete=DELETES,
)  # fmt: skip

JAVA_11: Final = Wire(
    headers=("Accept: application/json", "charset: utf-8", "Connection: close", KEY,
             "User-agent: MessageBird Java/11.0.22 ApiClient/6.2.5", "Cache-Control: no-cache",
             "Pragma: no-cache", HOST),
    body_headers=(JSON,),
    bodiless_headers=("Content-Type: text/plain",),
    create=(
        Sent("POST /contacts", 201, '{"msisdn":"31612345678","firstName":"Jöhn","custom1":"x"}',
             "contact"),
        Sent("POST /contacts", 201, '{"msisdn":"31687654321"}', "other"),
        Sent("POST /groups", 201, '{"name":"Friends"}', "group"),
        Sent("PATCH /contacts/<contact>", 200, '{"lastName":"Doe"}'),
        Sent("PATCH /groups/<group>", 200, '{"name":"Family"}'),
    ),
    read=(
        Sent("GET /contacts?offset=0&limit=20", 200),
        Sent("GET /contacts/<contact>", 200),
        Sent("GET /groups?offset=0&limit=20", 200),
        Sent("GET /groups/<group>", 200),
    ),
    add=Sent("GET /groups/<group>/contacts?_method=PUT&ids[]=<contact>&ids[]=<other>", 204),
    remove=REMOVE,
    delete=DELETES,
)  # fmt: skip

# From 12 on, Java lets nobody make HttpURLConnection send PATCH, as the client would.
JAVA_17: Final = replace(
    JAVA_11,
    headers=tuple(each.replace("Java/11.0.22", "Java/17.0.10") for each in JAVA_11.headers),
    create=tuple(
        replace(each, line=f"{each.line.replace('PATCH', 'POST')}?_method=PATCH")
        if each.line.startswith("PATCH")
        else each
        for each in JAVA_11.create
    ),
)

CSHARP: Final = Wire(
    headers=("User-Agent: MessageBird/ApiClient/2.0 DotNet/3.1.0.0", "Accept: application/json",
             JSON, KEY, HOST),
    body_headers=("Expect: 100-continue",),
    create=(
        Sent("POST /contacts", 201, '{"msisdn":31612345678,"firstName":"Jöhn","custom1":"x"}',
             "contact"),
        Sent("POST /contacts", 201, '{"msisdn":31687654321}', "other"),
        Sent("POST /groups", 201, '{"name":"Friends"}', "group"),
        Sent("PATCH /contacts/<contact>", 200, '{"lastName":"Doe"}'),
        Sent("PATCH /groups/<group>", 200, '{"name":"Family"}'),
    ),
    read=(
        Sent("GET /contacts?limit=20&offset=0", 200),
        Sent("GET /contacts/<contact>", 200),
        Sent("GET /groups?limit=20&offset=0", 200),
        Sent("GET /groups/<group>", 200),
    ),
    add=Sent("GET /groups/<group>?_method=PUT&ids[]=<contact>&ids[]=<other>", 204),
    remove=REMOVE,
    delete=DELETES,
)  # fmt: skip

PYTHON: Final = Wire(
    headers=(HOST, "User-Agent: MessageBird/ApiClient/2.2.0 Python/3.11.2",
             "Accept-Encoding: gzip, deflate", "Accept: application/json",
             "Connection: keep-alive", KEY, "Content-Type: application/json; charset=UTF-8"),
    body_headers=(),
    create=(
        Sent("POST /contacts", 201, '{"firstName": "Jöhn", "custom1": "x", "msisdn": 31612345678}',
             "contact"),
        Sent("POST /contacts", 201, '{"msisdn": "+31687654321"}', "other"),
        Sent("POST /groups", 201, '{"name": "Friends"}', "group"),
        Sent("PATCH /contacts/<contact>", 200, '{"lastName": "Doe", "custom2": null}'),
        Sent("PATCH /groups/<group>", 200, '{"name": "Family"}'),
    ),
    read=(
        Sent("GET /contacts?limit=10&offset=0", 200),
        Sent("GET /contacts/<contact>", 200),
        Sent("GET /contacts/+31612345678", 200),
        Sent("GET /groups?limit=10&offset=0", 200),
        Sent("GET /groups/<group>", 200),
    ),
    add=Sent("PUT /groups/<group>?ids%5B%5D=<contact>&ids%5B%5D=<other>", 204, "{}"),
    remove=Sent("DELETE /groups/<group>/contacts/<contact>", 204, "{}"),
    delete=(Sent("DELETE /groups/<group>", 204, "{}"),
            Sent("DELETE /contacts/<contact>", 204, "{}")),
)  # fmt: skip

CLIENTS: Final = {
    "Node 4.0.1": NODE,
    "Node 3.6.4": OLD_NODE,
    "PHP 3.1.3": PHP,
    "Ruby 4.0.0": RUBY,
    "Go 9": GO,
    "Java 6.2.5 on 11": JAVA_11,
    "Java 6.2.5 on 17": JAVA_17,
    "C# 3.1.0": CSHARP,
    "Python 2.2.0": PYTHON,
}
