import pytest

from chalicelib.storage.dynamodb.batches import MAX_KEYS, in_batches, size_of_batches


@pytest.mark.parametrize("wanted", [1, 2, 99, 100, 101, 250, 1_001])
def test_batches_hold_what_is_wanted_and_hardly_more(wanted):
    size = size_of_batches(wanted)
    batches = -(-wanted // size)

    assert size <= MAX_KEYS
    assert batches == -(-wanted // MAX_KEYS)
    assert batches * size - wanted < batches


def test_all_that_there_is_comes_in_the_largest_batches():
    assert list(map(len, in_batches(range(250), size_of_batches(None)))) == [100, 100, 50]
