"""That Python does not look for garbage while an upload is answered, and does again after it."""

import gc
import json

import pytest

from chalicelib.dialects.devino.endpoints import upload_contacts
from chalicelib.domain.collecting import no_collecting
from chalicelib.domain.errors import InvalidDataError
from tests.account import account_in, caller_of
from tests.openapi import REQUEST

ACCOUNT = account_in("EE")


def test_garbage_is_looked_for_again_whatever_happens_meanwhile():
    assert gc.isenabled()
    with no_collecting(), no_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="any"), no_collecting():
        raise ValueError("any")
    assert gc.isenabled()


def test_collections_of_an_upload_do_not_grow_with_it():
    collections = []

    def note(phase, _info):
        collections.append(phase)

    def read(rows):
        collections.clear()
        body = json.dumps({"contactGroupId": "x", "contacts": [[]] * rows}).encode()
        gc.callbacks.append(note)
        try:
            with pytest.raises(InvalidDataError):
                upload_contacts(REQUEST._replace(body=body), caller_of(ACCOUNT))
        finally:
            gc.callbacks.remove(note)
        return len(collections)

    assert read(100_000) <= read(1) + 2
