"""Messages: the edges of a Page with which a program answers people who wrote to it.

Two made-up people have written to every Page: one an hour ago, one two days ago. What is sent to
them is checked as Facebook does, and not kept.

https://developers.facebook.com/docs/messenger-platform/reference/send-api
https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps
"""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fb.sandbox.graph import graph_errors
from fb.sandbox.graph.access import Access
from fb.sandbox.graph.call import Answer, Call
from fb.sandbox.graph.token_endpoints import APPLICATION_NAME
from fb.sandbox.world.memory import State
from fb.sandbox.world.world import Page

WINDOW = timedelta(hours=24)  # after a person's last message
MAX_ELEMENTS, MAX_BUTTONS, MAX_TITLE, MAX_BUTTON_TITLE = 10, 3, 80, 20
_WRITERS = (("Noor Haddad", timedelta(hours=1)), ("Per Nyström", timedelta(hours=48)))
_FULL = "PROFILE_PLUS_FULL_CONTROL"
_TASKS = ("MESSAGING", "PROFILE_PLUS_MESSAGING", _FULL)
_SUBSCRIBE_TASKS = ("MANAGE", "CREATE_CONTENT", "MODERATE", "PROFILE_PLUS_MANAGE", _FULL)


@dataclass(frozen=True)
class Writer:
    """A person who wrote to a Page. ``id`` holds for this Page alone, as at Facebook."""

    id: str
    name: str
    wrote_at: datetime


def list_writers(page: Page, now: datetime) -> list[Writer]:
    """Return the people who wrote to a Page, the newest message first."""
    return [
        Writer(_scoped_id(page, name), name, now.replace(microsecond=0) - age)
        for name, age in _WRITERS
    ]


def answer(call: Call, access: Access, page: Page, edge: str) -> Answer:
    """Answer a call of the edge "messages", "conversations" or "subscribed_apps"."""
    if access.page is not page:
        raise graph_errors.page_token_required()
    if edge == "subscribed_apps":
        _check(access, page, "pages_manage_metadata", _SUBSCRIBE_TASKS)
        return _answer_subscribed_apps(call, page)
    _check(access, page, "pages_messaging", _TASKS)
    if edge == "messages" and call.method == "POST":
        return _send(call, page)
    if edge == "conversations" and call.method == "GET":
        return Answer(
            {"data": [_conversation(page, each) for each in list_writers(page, call.now)]}
        )
    raise graph_errors.object_unknown(page.id, call.method)


def _check(access: Access, page: Page, permission: str, tasks: tuple[str, ...]) -> None:
    if not access.may(permission):
        raise graph_errors.permission_missing(permission)
    role = access.find_role(page)
    if role is None or not set(tasks).intersection(role.tasks):
        raise graph_errors.task_missing()


def _send(call: Call, page: Page) -> Answer:
    recipient, message = _object(call, "recipient"), _object(call, "message")
    writers = {each.id: each for each in list_writers(page, call.now)}
    writer = writers.get(str(recipient.get("id")))
    if writer is None:
        raise graph_errors.recipient_unknown()
    _check_message(message)
    if call.now - writer.wrote_at > WINDOW:
        raise graph_errors.outside_window()
    return Answer({"recipient_id": writer.id, "message_id": f"m_{secrets.token_urlsafe(32)}"})


def _check_message(message: dict[str, Any]) -> None:
    attachment = message.get("attachment")
    if not isinstance(attachment, dict):
        if not message.get("text"):
            raise graph_errors.parameter_invalid("Message cannot be empty, must provide a text")
        return
    payload = attachment.get("payload")
    elements = payload.get("elements") if isinstance(payload, dict) else None
    if not isinstance(elements, list) or not 0 < len(elements) <= MAX_ELEMENTS:
        raise graph_errors.parameter_invalid("Length of param elements must be between 1 and 10")
    for element in elements:
        buttons = element.get("buttons", [])
        titles = [(element.get("title", ""), MAX_TITLE)]
        titles += [(button.get("title", ""), MAX_BUTTON_TITLE) for button in buttons]
        if len(buttons) > MAX_BUTTONS or any(not 0 < len(text) <= top for text, top in titles):
            raise graph_errors.parameter_invalid("A title or the buttons of an element are invalid")


def _object(call: Call, name: str) -> dict[str, Any]:
    try:
        value = json.loads(call.params.get(name, ""))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise graph_errors.parameter_invalid(f"The parameter {name} is required")
    return value


def _conversation(page: Page, writer: Writer) -> dict[str, Any]:
    people = [{"name": writer.name, "id": writer.id}, {"name": page.name, "id": page.id}]
    return {
        "id": f"t_{writer.id}",
        "updated_time": f"{writer.wrote_at:%Y-%m-%dT%H:%M:%S}+0000",
        "participants": {"data": people},
    }


def _answer_subscribed_apps(call: Call, page: Page) -> Answer:
    """GET: the fields of this app alone. POST subscribes, DELETE ends it."""
    memory = call.platform.memory
    if call.method == "GET":
        names = memory.read().get("subscribed", {}).get(page.id)
        app = {"id": call.platform.meta_app.id, "name": APPLICATION_NAME}
        return Answer({"data": [] if names is None else [{**app, "subscribed_fields": names}]})
    # "messages,feed", or a JSON array as Meta's own SDK sends it.
    names = re.findall(r"\w+", call.params.get("subscribed_fields", ""))
    if call.method == "POST" and not names:
        raise graph_errors.parameter_invalid("The parameter subscribed_fields is required")

    def alter(state: State) -> None:
        subscribed = state.setdefault("subscribed", {})
        if call.method == "POST":
            subscribed[page.id] = names
        else:
            subscribed.pop(page.id, None)

    memory.change(alter)
    return Answer({"success": True})


def _scoped_id(page: Page, name: str) -> str:
    digest = hashlib.sha256(f"{page.id} {name}".encode()).digest()
    return str(10**15 + int.from_bytes(digest[:6], "big"))
