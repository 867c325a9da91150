"""Live mode's keys are kept in a file outside the project; nothing there is lost, shown or open."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from fb.env_file import read_env_file, write_env_file
from fb.keys_file import add_keys, locate_keys_file
from fb.settings import SettingsReport, read_settings
from fb.settings_table import Wrong, check_random_text

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.urlsafe_b64encode(bytes(range(32, 64))).decode()
STATE_SECRET = "a-secret-of-forty-characters-or-so-12345"
APP = {
    "FACEBOOK_APP_ID": "123456789012345",
    "FACEBOOK_APP_SECRET": "0123456789abcdef0123456789abcdef",
}


@pytest.fixture
def person(tmp_path: Path) -> Path:
    """The home folder of the person who runs the dashboard."""
    return tmp_path / "person"


@pytest.fixture
def keys_file(person: Path) -> Path:
    """Where the keys are unless something else is set."""
    return person / ".config" / "pagekeeper" / "keys.env"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o600)
    return path


def read(person: Path, project: Path, **changes: str) -> SettingsReport:
    return read_settings({"HOME": str(person), **APP, **changes}, project)


# Where it is


@pytest.mark.parametrize(
    ("environ", "env_file", "path"),
    [
        ({"HOME": "/home/a"}, {}, "/home/a/.config/pagekeeper/keys.env"),
        ({"USERPROFILE": "/home/a"}, {}, "/home/a/.config/pagekeeper/keys.env"),
        ({"HOME": "/home/a", "XDG_CONFIG_HOME": "/x"}, {}, "/x/pagekeeper/keys.env"),
        (
            {"HOME": "/home/a", "XDG_CONFIG_HOME": "x"},
            {},
            "/home/a/.config/pagekeeper/keys.env",
        ),
        ({"HOME": "/home/a"}, {"KEYS_FILE": "/srv/keys"}, "/srv/keys"),
        ({"HOME": "/home/a", "KEYS_FILE": "~/keys"}, {"KEYS_FILE": "/srv/keys"}, "/home/a/keys"),
        (
            {"HOME": "/home/a", "KEYS_FILE": ""},
            {"KEYS_FILE": "/srv/keys"},
            "/home/a/.config/pagekeeper/keys.env",
        ),
        ({}, {}, None),
        ({}, {"KEYS_FILE": "~/keys"}, None),
    ],
)
def test_it_is_in_the_persons_configuration_unless_set(
    environ: dict[str, str], env_file: dict[str, str], path: str | None
) -> None:
    assert locate_keys_file(environ, env_file) == (None if path is None else Path(path))


@pytest.mark.parametrize("value", ["keys.env", "data/keys.env", "~other/keys", "/a\0b", "~"])
def test_a_path_that_depends_on_where_one_stands_is_refused(
    person: Path, project: Path, value: str
) -> None:
    report = read(person, project, KEYS_FILE=value)
    assert report.problems[0].name == "KEYS_FILE"
    assert "whole path" in report.problems[0].sentence
    with pytest.raises(Wrong, match="whole path"):
        add_keys({"HOME": str(person), "KEYS_FILE": value}, project)


def test_without_a_home_folder_there_is_nothing_to_read_and_new_key_says_so(project: Path) -> None:
    names = {problem.name for problem in read_settings(APP, project).problems}
    assert names == {"STATE_TOKEN_SECRET", "TOKEN_ENCRYPTION_KEYS"}
    with pytest.raises(Wrong, match="Set KEYS_FILE"):
        add_keys({}, project)


# What is read from it


def test_the_environment_comes_before_env_and_env_before_the_keys_file(
    person: Path, project: Path, keys_file: Path
) -> None:
    write(keys_file, f"STATE_TOKEN_SECRET={STATE_SECRET}\nTOKEN_ENCRYPTION_KEYS={KEY}\n")
    settings = read(person, project).settings
    assert settings is not None
    assert (settings.state_secret, settings.encryption_keys) == (STATE_SECRET, (KEY,))
    assert settings.keys_file == keys_file
    write(project / ".env", f"TOKEN_ENCRYPTION_KEYS={OTHER_KEY}\n")
    settings = read(person, project).settings
    assert settings is not None
    assert settings.encryption_keys == (OTHER_KEY,)
    settings = read(person, project, TOKEN_ENCRYPTION_KEYS=KEY).settings
    assert settings is not None
    assert settings.encryption_keys == (KEY,)
    # As everywhere, an empty variable takes the files' value away.
    assert read(person, project, TOKEN_ENCRYPTION_KEYS="").settings is None


def test_nothing_but_keys_is_read_from_it(person: Path, project: Path, keys_file: Path) -> None:
    both = f"STATE_TOKEN_SECRET={STATE_SECRET}\nTOKEN_ENCRYPTION_KEYS={KEY}\n"
    proxy_secret = check_random_text("the-secret-that-the-proxy-sends-to-us")
    more = f"PROXY_SECRET={proxy_secret}\nFACEBOOK_GRAPH_VERSION=v24.0\nFACEBOOK_APP_SECRET=abc\n"
    write(keys_file, both + more)
    settings = read(person, project).settings
    assert settings is not None
    assert (settings.graph_version, settings.proxy_secret) == ("v26.0", proxy_secret)
    without = {name: value for name, value in APP.items() if name != "FACEBOOK_APP_SECRET"}
    report = read_settings({"HOME": str(person), **without}, project)
    assert [problem.name for problem in report.problems] == ["FACEBOOK_APP_SECRET"]
    # Keys alone make no installation live: another copy of the program stays a sandbox.
    report = read_settings({"HOME": str(person)}, project)
    assert report.settings is not None
    assert report.settings.is_sandbox
    assert report.settings.encryption_keys != (KEY,)


@pytest.mark.parametrize("content", [b"\xff\xfe", b'X="open\n'])
def test_a_damaged_one_is_told_and_left_alone(
    person: Path, project: Path, keys_file: Path, content: bytes
) -> None:
    write(keys_file, "").write_bytes(content)
    assert "KEYS_FILE" in {problem.name for problem in read(person, project).problems}
    with pytest.raises(Wrong, match=r"keys\.env"):
        add_keys({"HOME": str(person)}, project)
    assert keys_file.read_bytes() == content
    others = {"STATE_TOKEN_SECRET": STATE_SECRET, "TOKEN_ENCRYPTION_KEYS": KEY}
    assert read(person, project, **others).problems == (), "not needed"
    assert read_settings({"HOME": str(person)}, project).settings is not None, "not the sandbox's"


# What is written into it


def test_the_first_keys_are_for_their_owner_only(
    person: Path, project: Path, keys_file: Path
) -> None:
    new = add_keys({"HOME": str(person)}, project)
    assert (new.path, new.has_new_state_secret, new.older_keys_count) == (keys_file, True, 0)
    assert new.in_env_file == ()
    assert stat.S_IMODE(keys_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys_file.parent.stat().st_mode) == 0o700
    assert list(keys_file.parent.iterdir()) == [keys_file], "no draft is left"
    report = read(person, project)
    assert report.problems == report.warnings == ()
    values, _ = read_env_file(keys_file)
    assert check_random_text(values["STATE_TOKEN_SECRET"])
    assert not any(value in repr(new) for value in values.values())


def test_a_new_key_goes_before_the_others_and_nothing_is_lost(
    person: Path, project: Path, keys_file: Path
) -> None:
    kept = "# mine\nexport OTHER='x' # why\n"
    shadowed = f"TOKEN_ENCRYPTION_KEYS={Fernet.generate_key().decode()}\n"
    before = f"{kept}\n{shadowed}TOKEN_ENCRYPTION_KEYS = '{KEY}'\nSTATE_TOKEN_SECRET=short"
    write(keys_file, before).chmod(0o644)
    new = add_keys({"HOME": str(person)}, project)
    assert (new.has_new_state_secret, new.older_keys_count) == (False, 1)
    text = keys_file.read_text()
    values, problem = read_env_file(keys_file)
    assert problem is None
    first, *older = values["TOKEN_ENCRYPTION_KEYS"].split(",")
    assert Fernet(first)
    assert older == [KEY]
    assert (
        text == f"{kept}\n{shadowed}TOKEN_ENCRYPTION_KEYS={first},{KEY}\nSTATE_TOKEN_SECRET=short\n"
    )
    assert stat.S_IMODE(keys_file.stat().st_mode) == 0o600
    assert add_keys({"HOME": str(person)}, project).older_keys_count == 2


def test_keys_in_env_move_without_anything_becoming_unreadable(
    person: Path, project: Path, keys_file: Path
) -> None:
    env = write(
        project / ".env",
        f"STATE_TOKEN_SECRET={STATE_SECRET}\nTOKEN_ENCRYPTION_KEYS={KEY},{OTHER_KEY}\n",
    )
    before = env.read_bytes()
    new = add_keys({"HOME": str(person)}, project)
    assert new.in_env_file == ("STATE_TOKEN_SECRET", "TOKEN_ENCRYPTION_KEYS")
    assert not new.has_new_state_secret
    assert env.read_bytes() == before
    env.unlink()
    settings = read(person, project).settings
    assert settings is not None
    assert settings.state_secret == STATE_SECRET
    assert settings.encryption_keys[1:] == (KEY, OTHER_KEY)


def test_what_is_no_secret_in_env_is_replaced(person: Path, project: Path) -> None:
    write(
        project / ".env",
        "STATE_TOKEN_SECRET=replace-me-with-32-or-more-random-characters\n"
        "TOKEN_ENCRYPTION_KEYS=replace-me-with-a-fernet-key\n",
    )
    new = add_keys({"HOME": str(person)}, project)
    assert (new.has_new_state_secret, new.older_keys_count) == (True, 0)
    assert len(new.in_env_file) == 2
    (project / ".env").unlink()
    assert read(person, project).problems == ()


def test_the_environments_keys_are_left_to_whoever_sets_them(
    person: Path, project: Path, keys_file: Path
) -> None:
    with pytest.raises(Wrong, match="set in the environment") as refusal:
        add_keys({"HOME": str(person), "TOKEN_ENCRYPTION_KEYS": KEY}, project)
    assert KEY not in str(refusal.value)
    assert not keys_file.exists()
    new = add_keys({"HOME": str(person), "STATE_TOKEN_SECRET": STATE_SECRET}, project)
    assert not new.has_new_state_secret
    assert "STATE_TOKEN_SECRET" not in keys_file.read_text()


def test_a_key_that_is_none_is_not_buried(person: Path, project: Path, keys_file: Path) -> None:
    write(keys_file, "TOKEN_ENCRYPTION_KEYS=nonsense\n")
    with pytest.raises(Wrong, match="a key that is none"):
        add_keys({"HOME": str(person)}, project)
    assert keys_file.read_text() == "TOKEN_ENCRYPTION_KEYS=nonsense\n"


def test_a_folder_that_can_not_be_made_is_told(person: Path, project: Path) -> None:
    write(person / ".config", "")
    with pytest.raises(Wrong, match="can't be written"):
        add_keys({"HOME": str(person)}, project)


def test_a_write_that_fails_leaves_the_old_file(
    person: Path, project: Path, keys_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(keys_file, f"TOKEN_ENCRYPTION_KEYS={KEY}\n")

    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(Wrong, match="No space left"):
        add_keys({"HOME": str(person)}, project)
    assert keys_file.read_text() == f"TOKEN_ENCRYPTION_KEYS={KEY}\n"
    assert list(keys_file.parent.iterdir()) == [keys_file]


def test_a_link_stays_a_link(person: Path, project: Path, keys_file: Path, tmp_path: Path) -> None:
    target = write(tmp_path / "vault" / "keys", "")
    keys_file.parent.mkdir(parents=True)
    keys_file.symlink_to(target)
    assert add_keys({"HOME": str(person)}, project).path == target
    assert keys_file.is_symlink()


def test_a_name_and_its_value_survive_writing(tmp_path: Path) -> None:
    path = tmp_path / "a.env"
    write_env_file(path, {"A": "1"}, heading="# heading\n")
    write_env_file(path, {"B": "2", "A": "3"}, heading="# not again\n")
    assert path.read_text() == "# heading\nA=3\nB=2\n"


# Advice


def test_keys_that_others_can_read_are_warned_of(
    person: Path, project: Path, keys_file: Path
) -> None:
    add_keys({"HOME": str(person)}, project)
    assert read(person, project).warnings == ()
    keys_file.chmod(0o640)
    (warning,) = read(person, project).warnings
    assert (warning.name, f"chmod 600 {keys_file}" in warning.sentence) == ("keys.env", True)


def test_keys_beside_the_database_are_warned_of(
    person: Path, project: Path, tmp_path: Path
) -> None:
    values = f"STATE_TOKEN_SECRET={STATE_SECRET}\nTOKEN_ENCRYPTION_KEYS={KEY}\n"
    away, database = tmp_path / "away.env", tmp_path / "srv" / "pages.db"
    url = {"DATABASE_URL": f"sqlite:///{database}"}
    for keys_file, other in (
        (project / "data" / "keys.env", {}),
        (project / "keys.env", {"DATABASE_URL": "postgresql+psycopg://u:p@h/d"}),
        (database.parent / "keys" / "keys.env", url),
    ):
        write(keys_file, values)
        (warning,) = read(person, project, KEYS_FILE=str(keys_file), **other).warnings
        assert warning.name == "keys.env"
        assert "set KEYS_FILE" in warning.sentence
    away.symlink_to(keys_file)
    assert read(person, project, KEYS_FILE=str(away), **url).warnings != ()
    away.unlink()
    write(away, values)
    assert read(person, project, KEYS_FILE=str(away), **url).warnings == ()


def test_keys_in_env_are_warned_of(person: Path, project: Path) -> None:
    values = {"STATE_TOKEN_SECRET": STATE_SECRET, "TOKEN_ENCRYPTION_KEYS": KEY}
    assert read(person, project, **values).warnings == ()
    write(project / ".env", f"TOKEN_ENCRYPTION_KEYS={KEY}\nSTATE_TOKEN_SECRET={STATE_SECRET}\n")
    (warning,) = read(person, project).warnings
    assert (warning.name, "new-key" in warning.sentence) == (".env", True)
    assert read(person, project, **values).warnings == (), "the environment's are used"
