"""People with names in many scripts, as many as a test wants, and the same ones at each run."""

from collections.abc import Iterator
from random import Random

from chalicelib.domain.contact import Contact, ContactData, new_contact
from chalicelib.domain.phone import PhoneNumber
from tests.account import account_in

_GIVEN = (
    "Mari", "Mari-Liis", "Jüri", "Tõnu", "Anna", "Ann", "Anneli", "Martin", "Marta", "José",
    "Zoë", "Łukasz", "Søren", "Đặng", "Олена", "Ёлка", "Иван", "Γιώργος", "Ελένη", "محمد",
    "فاطمة", "דוד", "רחל", "मारी", "राम", "สมชาย", "太郎", "花子", "さくら", "민수", "지우", "娜",
    "伟", "İpek", "Işıl", "Nguyễn", "O'Neil", "D’Arcy",
)  # fmt: skip
_FAMILY = (
    "Tamm", "Tammsaare", "Tammik", "Mägi", "Strauß", "Müller", "García", "Østergård", "Kowalski",
    "Шевченко", "Иванов", "Παπαδόπουλος", "علي", "כהן", "शर्मा", "ใจดี", "田中", "佐藤", "김", "이",
    "王", "李", "Yılmaz", "Trần", "O'Brien", "van der Berg",
)  # fmt: skip
_COMPANIES = ("Acme OÜ", "Acme Labs", "株式会社サンプル", "Müller & Söhne", "24/7 Taxi", "Ромашка")
_DOMAINS = ("acme.ee", "example.com", "mail.example.org", "müller.de")


def people(many: int, seed: int = 1) -> Iterator[Contact]:
    """Yield contacts with different numbers, in no order."""
    random = Random(seed)
    for index in random.sample(range(10**7), many):
        given, family = random.choice(_GIVEN), _family(random)
        details = {"first_name": given, "last_name": family}
        if random.random() < 0.4:
            details["company"] = random.choice(_COMPANIES)
        if random.random() < 0.6:
            details["email"] = f"{given}.{family}{index % 97}@{random.choice(_DOMAINS)}".replace(
                " ", ""
            )
        if random.random() < 0.1:
            details["custom3"] = f"Row {index % 1000} VIP"
        number = PhoneNumber(f"+3725{index:07d}")
        now = account_in("EE").created_on
        yield new_contact(ContactData(phone_number=number, details=details), now, now.date())


def _family(random: Random) -> str:
    """Return a family name: half of them are of a few, half are rare."""
    known = random.choice(_FAMILY)
    if random.random() < 0.5:
        return known
    ends = ("ov", "son", "sen", "mann", "ski", "mets", "oja")
    middle = "".join(random.choice("aeioubdgklmnprst") for _ in range(4))
    return f"{known[:2]}{middle}{random.choice(ends)}"
