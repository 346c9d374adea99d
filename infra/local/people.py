"""Believable people for the demo account: names in many scripts, groups, and opt-outs.

They are the same at each run. Nobody is meant: names and numbers are put together by chance.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import ContactData
from chalicelib.domain.ledger import Reason
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import Mode
from chalicelib.services import blacklist, groups, uploading
from chalicelib.storage.dynamodb.batches import in_batches

_PEOPLE: Final = (
    ("+3725", ("Mari", "Jaan", "Tõnu", "Liis", "Jüri"), ("Tamm", "Mägi", "Õunapuu", "Kask")),
    ("+37061", ("Jonas", "Rūta", "Eglė"), ("Kazlauskas", "Žukauskienė", "Petrauskas")),
    ("+48601", ("Łukasz", "Zofia", "Paweł"), ("Wiśniewska", "Kowalski", "Dąbrowski")),
    ("+380501", ("Олена", "Тарас", "Дмитро"), ("Шевченко", "Коваленко", "Бойко")),
    ("+306901", ("Γιώργος", "Ελένη"), ("Παπαδόπουλος", "Νικολάου")),
    ("+972501", ("דוד", "רחל"), ("כהן", "לוי")),
    ("+971501", ("محمد", "فاطمة", "علي"), ("الهاشمي", "حسن")),
    ("+81901", ("太郎", "花子", "さくら"), ("田中", "佐藤", "鈴木")),
    ("+82101", ("민수", "지우"), ("김", "이", "박")),
    ("+91981", ("राम", "मीरा"), ("शर्मा", "गुप्ता")),
    ("+336001", ("Zoë", "François", "Hélène"), ("d’Arcy", "Lefèvre")),
    ("+447700900", ("Aoife", "Sean", "Grace"), ("O'Brien", "Okafor", "Smith-Jones")),
)
"""The beginning of numbers, given names and family names of each country."""

_DIGITS: Final = {"+447700900": 3, "+81901": 7, "+336001": 5, "+37061": 6, "+48601": 6, "+3725": 7,
                  "+91981": 7, "+82101": 7}  # fmt: skip
_USUAL_DIGITS: Final = 6
_DAYS: Final = 29
_OPTED_OUT: Final = 20
_HAS_COMPANY: Final = 0.4
_HAS_EMAIL: Final = 0.7
_COMPANIES: Final = ("Kohvik OÜ", "Baltic Timber", "株式会社さくら", "Müller & Söhne", "Ромашка")
_GROUPS: Final = ("Newsletter", "Customers", "Kliendid Tartus", "Постійні клієнти", "VIP")
_NOTES: Final = ("By phone, to our support", "Answered STOP", "A letter", None)
_REASONS: Final = (Reason.REQUEST, Reason.REQUEST, Reason.COMPLAINT, Reason.BOUNCE)


def fill(caller: Caller, many: int, now: datetime) -> None:
    """Fill an account with so many people, as if they had come within the last weeks.

    Every twentieth of them has opted out. Those in no group are due on the coming days.
    """
    random = Random(1)
    ids = [groups.create_group(caller, name, now).id for name in _GROUPS]
    people = list(_people(many, ids, random))
    for day, some in enumerate(in_batches(people, max(many // _DAYS, 1))):
        then = now - timedelta(days=day % _DAYS)
        for _ in uploading.upload_contacts(caller, some, then, mode=Mode.CREATE):
            pass
    for person in people[::_OPTED_OUT]:
        then = now - timedelta(days=random.randrange(80), minutes=random.randrange(1_440))
        reason, note = random.choice(_REASONS), random.choice(_NOTES)
        blacklist.stop_number(caller, person.phone_number, then, reason=reason, note=note)


def _people(many: int, group_ids: list[int], random: Random) -> Iterator[ContactData]:
    seen: set[str] = set()
    while len(seen) < many:
        beginning, given, family = random.choice(_PEOPLE)
        digits = _DIGITS.get(beginning, _USUAL_DIGITS)
        e164 = f"{beginning}{random.randrange(10**digits):0{digits}d}"
        if e164 in seen:
            continue
        seen.add(e164)
        first, last = random.choice(given), random.choice(family)
        details: dict[str, str | None] = {"first_name": first, "last_name": last}
        if random.random() < _HAS_COMPANY:
            details["company"] = random.choice(_COMPANIES)
        if first.isascii() and random.random() < _HAS_EMAIL:
            details["email"] = f"{first}.{len(seen)}@example.com".lower()
        few = random.sample(group_ids, random.choice((0, 1, 1, 1, 2, 3)))
        yield ContactData(PhoneNumber(e164), details=details, group_ids=few)
