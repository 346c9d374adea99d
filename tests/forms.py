"""Sending a file by a form, as a browser does."""

import urllib.error
import urllib.request
from uuid import uuid4


def post_form(url, fields, content):
    """Send a file as a browser does; return the status."""
    boundary = uuid4().hex
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    )
    body += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="any"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    body += (content.encode() if isinstance(content, str) else content) + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
