"""Key commands: write a new encryption key, seal everything anew with it, give up a lost one."""

from __future__ import annotations

import argparse
import os
from functools import partial

from fb.accounts import keys
from fb.commands.terminal import (
    COULD_NOT_RUN,
    OK,
    ROOT,
    SOME_FAILED,
    counted,
    draw_progress,
    find_usable,
    is_confirmed,
    me,
    opened,
    read_clock,
    say,
    say_wrong_key,
)
from fb.keys_file import add_keys
from fb.settings_table import Wrong
from storage.accounts.keys import rotate_keys
from storage.db.errors import WrongKey


def new_key() -> int:
    """Write a new encryption key, and a missing secret for logins, into the keys file.

    Prints no secret, and overwrites none.
    """
    try:
        new = add_keys(os.environ, ROOT)
    except Wrong as wrong:
        say(str(wrong))
        return COULD_NOT_RUN
    say(f"A new encryption key is in {new.path}, which only you can read.")
    if new.has_new_state_secret:
        say("So is a new secret for logins.")
    for name in new.in_env_file:
        say(
            f"Take the line {name} out of .env now: it comes before the keys file. What was valid "
            "in it is in the keys file, too."
        )
    if new.older_keys_count:
        say("The older keys are kept behind it, and still open what they sealed.")
        say("Next: restart the dashboard, then run python -m fb rotate-keys. After that the file")
        say("can do without the older keys; keep them elsewhere for the backups of their time.")
    else:
        say("Next: check the settings with python -m fb doctor, and start the dashboard.")
    say("Keep a copy of the file, but never beside a copy of the database.")
    return OK


def rotate() -> int:
    """Seal all stored tokens with the first key, so that the other keys can be removed.

    The dashboard may run meanwhile. It can be stopped anywhere, and goes on when it is run again.
    """
    with opened() as startup:
        installation = find_usable(startup, needs_keys=False)
        if installation is None:
            return COULD_NOT_RUN
        draw = partial(draw_progress, noun="values")
        try:
            rotation = rotate_keys(
                installation.database, installation.vault, read_clock(), draw, by=me()
            )
        except WrongKey:
            say_wrong_key(installation)
            return COULD_NOT_RUN
        except KeyboardInterrupt:
            say("Stopped. Nothing is lost: keep all keys, and run this again to go on.")
            return COULD_NOT_RUN
        sealed = f"{counted(rotation.resealed, 'value')} sealed anew"
        if rotation.left:
            say(
                f"{sealed}. Another program still seals with an older key ({rotation.left:,} left):"
                " restart the dashboard, and run this again. Keep all keys until then."
            )
            return SOME_FAILED
        say(f"{sealed}. The first key now seals everything; the others can be taken away.")
        return OK


def forget_key(options: argparse.Namespace) -> int:
    """Show whose access a missing key seals, ask, and erase it, so that it can be reconnected."""
    key_id = options.key_id
    with opened() as startup:
        installation = find_usable(startup, needs_keys=False)
        if installation is None:
            return COULD_NOT_RUN
        if key_id in installation.vault.key_ids:
            say(f"The key {key_id} is not missing, so nothing was erased.")
            say("If the doctor says it is, its check value is damaged: python -m fb rotate-keys")
            return COULD_NOT_RUN
        if key_id not in installation.keys.unopenable:
            say(f"Nothing is sealed with the key {key_id}. Nothing was erased.")
            return COULD_NOT_RUN
        lost = keys.list_lost(installation, key_id)
        for account in lost:
            pages = counted(account.pages_count, "Page")
            say(f"Erases the access of {account.account_name} ({pages}).")
        if not lost:
            say("No account's access is sealed with this key, only sign-ins that were not saved.")
        say("Figures and history stay. Even with the key there is no way back.")
        if not options.yes and not is_confirmed():
            say("Nothing was erased.")
            return COULD_NOT_RUN
        keys.give_up(installation, key_id, by=me())
        say("Erased. The dashboard goes on within half a minute.")
        if lost:
            say("Next: reconnect these accounts on the screen Connections.")
        return OK
