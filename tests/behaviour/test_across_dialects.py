"""One phonebook behind all dialects: what is said in one is true in every other."""

from itertools import permutations

import pytest

from tests.behaviour.devino import DevinoSpeaker
from tests.behaviour.messagebird import MessagebirdSpeaker
from tests.behaviour.messente import MessenteSpeaker
from tests.behaviour.speaker import Refusal, RefusedError
from tests.behaviour.speakers import SPEAKERS, can, details_of
from tests.behaviour.v2 import V2Speaker
from tests.conftest import open_client
from tests.patience import eventually

ANN = "+37251000001"
BOB = "+37251000002"
CEM = "+37251000003"
PAIRS = list(permutations(SPEAKERS, 2))


def each_of(pairs):
    return pytest.mark.parametrize(
        ("writer", "reader"), pairs, ids=["-".join(kind.dialect for kind in pair) for pair in pairs]
    )


@each_of(PAIRS)
def test_contact_of_one_dialect_is_at_home_in_another(client, writer, reader):
    writer, reader = writer(client), reader(client)
    written = {detail: f"{detail} of Ann" for detail in details_of(writer.dialect)}
    shared = [detail for detail in written if detail in details_of(reader.dialect)]
    friends = writer.create_group("Friends")
    contact = writer.create_contact(ANN, written, friends)

    # It is found and read.
    friends_there = reader.find_group("Friends")
    contact_there = reader.find_contact(ANN, friends_there)
    shown = reader.read_contact(contact_there)
    assert shown["phone_number"] == ANN
    assert {detail: shown[detail] for detail in shared} == {
        detail: written[detail] for detail in shared
    }

    # It is changed, and keeps what the other dialect has no words for.
    changes = {"first_name": "Anna", "last_name": None}
    reader.change_contact(contact_there, changes)
    assert writer.read_contact(contact).items() >= {**written, **changes}.items()

    # It is grouped.
    reader.put_into_group(contact_there, reader.create_group("Family"))
    family = writer.find_group("Family")
    assert writer.list_members(family) == [ANN]
    assert writer.list_members(friends) == [ANN]
    if can(reader.dialect, "take_out_of_group"):
        reader.take_out_of_group(contact_there, reader.find_group("Family"))
        assert writer.list_members(family) == []

    # It is the same person for whoever adds it again.
    with pytest.raises(RefusedError, match=Refusal.DUPLICATE.name):
        reader.create_contact(ANN, {}, friends_there)

    if can(reader.dialect, "delete_contact"):
        reader.delete_contact(contact_there)
        with pytest.raises(RefusedError, match=Refusal.MISSING.name):
            writer.read_contact(contact)
        assert writer.list_members(friends) == []

    reader.delete_group(friends_there)
    with pytest.raises(RefusedError, match=Refusal.MISSING.name):
        writer.list_members(friends)


@each_of([pair for pair in PAIRS if can(pair[0].dialect, "change_number")])
def test_number_that_changes_in_one_dialect_changes_in_another(client, writer, reader):
    writer, reader = writer(client), reader(client)
    contact = writer.create_contact(ANN, {"first_name": "Ann"}, writer.create_group("Friends"))

    writer.change_number(contact, BOB)

    friends = reader.find_group("Friends")
    assert reader.list_members(friends) == [BOB]
    assert reader.read_contact(reader.find_contact(BOB, friends))["first_name"] == "Ann"


@pytest.mark.parametrize("other", SPEAKERS, ids=lambda kind: kind.dialect)
def test_what_only_one_dialect_knows_is_lost_in_no_other(client, other):
    devino, other = DevinoSpeaker(client), other(client)
    friends = devino.create_group("Friends")
    contact = devino.create_contact(ANN, {"city": "Tartu"}, friends)

    found = other.find_contact(ANN, other.find_group("Friends"))
    other.change_contact(found, {"first_name": "Anna"})

    shown = devino.read_contact(contact)
    assert (shown["first_name"], shown["city"]) == ("Anna", "Tartu")


def test_number_on_the_blacklist_is_unsubscribed(client):
    messente, devino = MessenteSpeaker(client), DevinoSpeaker(client)
    friends = devino.create_group("Friends")
    ann = devino.create_contact(ANN, {}, friends)
    bob = devino.create_contact(BOB, {}, friends)

    messente.put_on_blacklist(ANN)
    assert (devino.is_unsubscribed(ann), devino.is_unsubscribed(bob)) == (True, False)
    assert devino.list_unsubscribed(friends) == [ANN]

    messente.take_off_blacklist(ANN)
    assert not devino.is_unsubscribed(ann)


def test_opt_out_of_an_erased_person_holds_in_every_dialect_until_it_is_taken_off(client):
    messente, devino, v2 = MessenteSpeaker(client), DevinoSpeaker(client), V2Speaker(client)
    friends = devino.create_group("Friends")
    devino.create_contact(ANN, {}, friends)
    messente.put_on_blacklist(ANN)

    v2._send("POST", f"/contacts/{ANN}/erase")
    assert messente.list_blacklist() == []
    check = f"/v1/phonebook/blacklist/{ANN}"
    assert client.send("GET", check).status == 204
    for kind in SPEAKERS:
        speaker = kind(client)
        speaker.create_contact(ANN, {}, speaker.find_group("Friends"))
        assert devino.list_unsubscribed(friends) == [ANN]
        messente.delete_contact(ANN)

    messente.take_off_blacklist(ANN)
    assert client.send("GET", check).status == 404


def test_contact_of_a_stoplist_is_on_the_blacklist(client):
    messente, devino = MessenteSpeaker(client), DevinoSpeaker(client)
    friends = devino.create_group("Friends")
    ann = devino.create_contact(ANN, {}, friends)
    stoplist = devino.create_stoplist("Never again")

    devino.put_into_group(ann, stoplist)
    assert messente.list_blacklist() == [ANN]
    assert devino.is_unsubscribed(ann)

    messente.take_out_of_group(ANN, messente.find_group("Never again"))
    assert messente.list_blacklist() == []
    assert not devino.is_unsubscribed(ann)


def test_opt_out_that_is_written_nationally_stops_that_number_in_every_dialect(ministack, app_url):
    russian = open_client(ministack, app_url, region="RU")
    messente, devino = MessenteSpeaker(russian), DevinoSpeaker(russian)

    devino.put_into_stoplist("9161234567", devino.create_stoplist("Never again"))

    assert messente.list_blacklist() == ["+79161234567"]


def test_counts_agree(client, events):
    messente, messagebird, devino = (
        speaker(client) for speaker in (MessenteSpeaker, MessagebirdSpeaker, DevinoSpeaker)
    )
    speakers = [messente, messagebird, devino]
    for speaker, number in zip(speakers, (ANN, BOB, CEM), strict=True):
        if speaker is messente:
            speaker.create_group("Friends")
        speaker.create_contact(number, {}, speaker.find_group("Friends"))
    messente.create_contact("+37251000004", {})

    def counts():
        return [speaker.count_members(speaker.find_group("Friends")) for speaker in speakers]

    assert eventually(counts, [3, 3, 3])
    assert eventually(messagebird.count_contacts, 4)
    assert messente.count_contacts() == 4

    messente.take_out_of_group(BOB, messente.find_group("Friends"))
    messagebird.delete_contact(messagebird.find_contact(CEM, messagebird.find_group("Friends")))

    assert eventually(counts, [1, 1, 1])
    assert eventually(messagebird.count_contacts, 3)
