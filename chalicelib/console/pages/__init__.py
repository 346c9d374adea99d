"""The pages by path and method, below the root of the console."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.console.pages import (
    blacklist,
    changes,
    chosen,
    contact,
    contacts,
    exports,
    groups,
    imports,
    overview,
    recipients,
    signing,
    webhooks,
)
from chalicelib.console.routing import Page

PAGES: Final[Mapping[str, Mapping[str, Page]]] = MappingProxyType({
    "": {"GET": Page("overview", overview.show)},
    "/sign-in": {
        "GET": Page("sign_in", signing.show, is_open=True),
        "POST": Page("sign_in", signing.sign_in, is_open=True),
    },
    "/enter": {"GET": Page("enter", signing.enter, is_open=True)},
    "/sign-out": {"POST": Page("sign_out", signing.sign_out, is_open=True)},
    "/contacts": {"GET": Page("contacts", contacts.show)},
    "/contacts/chosen": {"POST": Page("change_contacts", chosen.change, changes=True)},
    "/contacts/new": {
        "GET": Page("new_contact", contact.show_new),
        "POST": Page("create_contact", contact.create, changes=True),
    },
    "/contacts/{contact}": {"GET": Page("contact", contact.show)},
    "/contacts/{contact}/edit": {
        "GET": Page("edit_contact", contact.show_edit),
        "POST": Page("update_contact", contact.save, changes=True),
    },
    "/groups": {
        "GET": Page("groups", groups.show),
        "POST": Page("create_group", groups.create, changes=True),
    },
    "/groups/{group}": {
        "GET": Page("group", groups.show_one),
        "POST": Page("rename_group", groups.rename, changes=True),
    },
    "/groups/{group}/delete": {
        "GET": Page("ask_to_delete_group", groups.ask_to_delete),
        "POST": Page("delete_group", groups.delete, changes=True),
    },
    "/imports": {
        "GET": Page("imports", imports.show),
        "POST": Page("send_import", imports.send, changes=True, takes_file=True),
    },
    "/imports/{import}": {
        "GET": Page("import", imports.show_one),
        "POST": Page("begin_import", imports.go_on, changes=True),
    },
    "/imports/{import}/cancel": {"POST": Page("cancel_import", imports.cancel, changes=True)},
    "/imports/{import}/{file}": {"GET": Page("import_file", imports.fetch)},
    "/exports": {
        "GET": Page("exports", exports.show),
        "POST": Page("start_export", exports.start),
    },
    "/exports/{export}": {"GET": Page("export", exports.fetch)},
    "/changes": {"GET": Page("changes", changes.show)},
    "/changes/numbers/{number}": {"GET": Page("number_of_change", changes.show_number)},
    "/webhooks": {"GET": Page("webhooks", webhooks.show)},
    "/webhooks/{webhook}": {"GET": Page("webhook", webhooks.show_one)},
    "/recipients": {
        "GET": Page("recipients", recipients.show),
        "POST": Page("preview_recipients", recipients.preview),
    },
    "/blacklist": {
        "GET": Page("blacklist", blacklist.show),
        "POST": Page("stop_number", blacklist.stop, changes=True),
    },
    "/blacklist/{phone}": {
        "GET": Page("number", blacklist.show_one),
        "POST": Page("allow_number", blacklist.allow, changes=True),
    },
})  # fmt: skip
