import pytest

from tests.behaviour.speakers import Storyteller


@pytest.fixture
def speaker(request, client):
    """Someone with an empty account of their own, who speaks the dialect in question."""
    kind, gaps = request.param
    return Storyteller(kind, gaps, client)
