"""Someone with a browser without JavaScript: follows links, fills in forms, keeps one cookie."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import urlencode, urljoin, urlsplit

VOID = {"input", "link", "meta", "line", "rect"}


@dataclass
class Form:
    """A form as it was served: where it goes, what is in it, and its buttons by their words."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: dict[str, tuple[str, str] | None] = field(default_factory=dict)


class Page(HTMLParser):
    """A page as it was served."""

    def __init__(self, answer, address, body):
        super().__init__()
        self.status, self.headers, self.address = answer.status, answer.headers, address
        self.html = self.body = body
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.texts: list[str] = []
        self.headings: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._area: str | None = None
        self._inside: tuple[str, str | None, tuple[str, str] | None] | None = None
        self._words = ""
        self.feed(body)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split()).replace(" ,", ",")

    @property
    def path(self):
        return urlsplit(self.address).path

    def form(self, button):
        return next(form for form in self.forms if button in form.buttons)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.tags.append((tag, named))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            self._form = Form(named.get("method", "get"), named["action"] or "")
            self.forms.append(self._form)
        elif tag == "input" and self._form and "name" in named:
            is_box = named.get("type") == "checkbox"
            if not is_box or "checked" in named:
                self._form.fields.append((named["name"], named.get("value") or ""))
        elif tag == "textarea" and self._form:
            self._area = named["name"]
        elif tag == "select" and self._form:
            self._select = named["name"]
            self._form.fields.append((self._select, ""))
        elif tag == "option" and self._form and self._select and "selected" in named:
            self._form.fields[-1] = (self._select, named["value"])
        elif tag in {"button", "a", "h1"}:
            pressed = (named["name"], named["value"]) if "name" in named else None
            self._inside, self._words = (tag, named.get("href"), pressed), ""

    def handle_endtag(self, tag):
        assert tag in VOID or self._open.pop() == tag, f"{tag} in {self.address}"
        words = " ".join(self._words.split())
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None
        elif self._inside and tag == self._inside[0]:
            _, href, pressed = self._inside
            if tag == "button" and self._form:
                self._form.buttons[words] = pressed
            elif tag == "a" and href:
                self.links[words] = href
            elif tag == "h1":
                self.headings.append(words)
            self._inside = None

    def handle_data(self, data):
        self.texts.append(data)
        self._words += data
        if self._area and self._form:
            # A browser drops the line end with which the text begins.
            self._form.fields.append((self._area, data.removeprefix("\n")))


def multipart(fields):
    """Return a form as a browser sends it with a file, which is the field that has bytes."""
    boundary = "----a-boundary-of-a-browser"
    body = b""
    for name, value in fields:
        said = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            said += '; filename="people.csv"\r\nContent-Type: application/octet-stream'
        body += f"{said}\r\n\r\n".encode()
        body += value if isinstance(value, bytes) else value.encode()
        body += b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


class Visitor:
    """Someone with a browser, who has the cookie that the console gave last."""

    def __init__(self, url, base=""):
        self.url, self.base = url, base
        self.cookie: str | None = None
        self.set_cookie = ""

    @classmethod
    def signed_in(cls, client):
        visitor = cls(client.url)
        page = visitor.sign_in(client)
        assert page.headings == ["Overview"], page.text
        return visitor

    def sign_in(self, client, to="/sign-in", secret=None):
        page = self.get(to)
        return self.send(page, "Sign in", username=client.username, secret=secret or client.secret)

    def get(self, path):
        return self._follow("GET", f"{self.url}/console{path}")

    def open(self, page, words):
        """Follow the link with these words."""
        return self._follow("GET", urljoin(page.address, page.links[words]))

    def send(self, page, button, /, **typed):
        """Fill in fields of a form and press one of its buttons; None leaves a field out."""
        form = page.form(button)
        fields = [(name, value) for name, value in form.fields if name not in typed]
        for name, value in typed.items():
            values = value if isinstance(value, list) else [value]
            fields += [(name, each) for each in values if each is not None]
        if pressed := form.buttons[button]:
            fields.append(pressed)
        address = urljoin(page.address, form.action)
        if "file" in typed:
            content_type, body = multipart(fields)
            return self._follow("POST", address, body, **{"Content-Type": content_type})
        if form.method == "get":
            return self._follow("GET", f"{address}?{urlencode(fields)}")
        return self._follow("POST", address, urlencode(fields))

    def post(self, path, **fields):
        """Send a form that no page has."""
        return self._follow("POST", f"{self.url}/console{path}", urlencode(fields, doseq=True))

    def ask(self, method, path, body=None, **headers):
        """Send one request, and follow nothing."""
        return self._ask(method, f"{self.url}{path}", body, headers)

    def _follow(self, method, address, body=None, **headers):
        page = self._ask(method, address, body, headers)
        for _ in range(3):
            if page.status != 303:
                return page
            address = urljoin(address, page.headers["Location"])
            assert address.startswith(f"{self.url}/console"), address
            page = self._ask("GET", address, None, {})
        raise AssertionError(f"{address} leads nowhere")

    def _ask(self, method, address, body, headers):
        parts = urlsplit(address)
        connection = HTTPConnection(parts.netloc, timeout=30)
        sent = dict(headers)
        if self.cookie:
            sent["Cookie"] = self.cookie
        if body is not None:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        try:
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if given := answer.headers.get("Set-Cookie"):
            self.set_cookie = given
            self.cookie = given.partition(";")[0]
        is_html = answer.headers.get("Content-Type", "").startswith("text/html")
        page = Page(answer, address, text if is_html else "")
        page.body = text
        return page
