import pytest


@pytest.fixture
def speaker(request, client):
    """Someone with an empty account of their own, who speaks the dialect in question."""
    return request.param(client)
