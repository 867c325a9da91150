"""Deployment files: they keep up with the program, and with one another.

What nginx makes of its file is tested in tests/browser/walks/test_replicas.py.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from fb.__main__ import main
from fb.settings import read_settings
from tests.browser.kit.serving import PARTS, ROOT

DEPLOY = ROOT / "docs" / "deploy"
# Read by people and tests only.
NOT_IN_THE_IMAGE = {"README.md", "requirements-dev.txt"}
# Streamlit lets an upload be that much larger for what frames the file.
FRAME_MEGABYTES = 1
# What compose.env and the keys file hold.
FILLED_IN = {
    "PUBLIC_NAME": "pages.example.org",
    "FACEBOOK_APP_ID": "123456789012345",
    "FACEBOOK_APP_SECRET": "0123456789abcdef0123456789abcdef",
    "POSTGRES_PASSWORD": "89abcdef0123456789abcdef01234567",
    "PROXY_SECRET": "proxy-secret-of-the-tests-0123456789abcdef",
    "SIGN_IN_ISSUER": "https://id.agency.example",
    "SIGN_IN_CLIENT_ID": "pagekeeper",
    "SIGN_IN_CLIENT_SECRET": "client-secret-of-the-tests-0123456789",
    "SIGN_IN_FIRST_ADMIN": "ann@agency.example",
}
KEYS = {
    "STATE_TOKEN_SECRET": "state-secret-of-the-tests-0123456789abcdef",
    "TOKEN_ENCRYPTION_KEYS": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def test_the_image_has_what_the_program_is_made_of() -> None:
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), re.MULTILINE)
    copied = {name for line in lines for name in line.split()}
    assert copied == set(PARTS) - NOT_IN_THE_IMAGE
    assert copied == set(re.findall("^!(.+)$", read("Dockerfile.dockerignore"), re.MULTILINE))


def test_everybody_fills_in_all_of_nginxs_template() -> None:
    template, compose = read("nginx.conf.template"), read("compose.yaml")
    names = set(re.findall(r"\$\{([A-Z_]+)\}", template))
    server = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    (quoted,) = re.findall(r"envsubst '(.+)'", server)
    assert set(quoted.replace("$", "").split()) == names
    of_nginx = compose.split("image: nginx:")[1].split("volumes:")[0]
    assert set(re.findall(r"^ +([A-Z_]+):", of_nginx, re.MULTILINE)) == names
    addresses = re.findall(r"DASHBOARD_[AB]: ([0-9.]+):", of_nginx)
    assert addresses == re.findall(r"ipv4_address: ([0-9.]+)", compose)


def test_nginx_lets_the_largest_upload_through() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    limit = config["server"]["maxUploadSize"] + FRAME_MEGABYTES
    upload = read("nginx.conf.template").split("/_stcore/upload_file/")[1]
    assert f"client_max_body_size {limit}m;" in upload.split("}")[0]


def test_workers_are_confined_as_dashboards_are() -> None:
    units = [read(f"{name}@.service") for name in ("pagekeeper", "pagekeeper-worker")]
    dashboard, worker = (
        dict(re.findall("^([A-Za-z]+)=(.*)$", unit, re.MULTILINE)) for unit in units
    )
    differs = {"Description", "ExecStart", "RestartSec"}
    assert {
        name for name in dashboard | worker if dashboard.get(name) != worker.get(name)
    } == differs


def test_workers_are_started_by_a_command_that_there_is() -> None:
    (of_unit,) = re.findall("^ExecStart=.*/python (.+)$", read("pagekeeper-worker@.service"), re.M)
    (of_compose,) = re.findall(r'^    command: \["python", (.+)\]$', read("compose.yaml"), re.M)
    assert of_unit.split() == re.findall('"(.+?)"', of_compose)
    module, *command = of_unit.removeprefix("-m ").split()
    assert module == "fb"
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0


def test_dashboards_and_workers_in_containers_have_the_same_settings(tmp_path: Path) -> None:
    compose = read("compose.yaml")
    shared, services = compose.split("\nservices:\n")
    assert re.findall(r"^  (\S+):\n    <<: \*pagekeeper$", services, re.MULTILINE) == [
        "dashboard-a",
        "dashboard-b",
        "worker",
    ]
    of_services = re.split(r"^  \S+:\n", services, flags=re.MULTILINE)[1:4]
    assert not any("environment:" in service for service in of_services)
    environment = shared.split("environment:\n")[1].split("  volumes:")[0]
    settings = {
        name: re.sub(r"\$\{(\w+):(?:\?|-(.*))\}", _fill_in, value.strip('"'))
        for name, value in re.findall(r"^    ([A-Z_]+): (.+)$", environment, re.MULTILINE)
    }
    report = read_settings(settings | KEYS, tmp_path)
    assert report.problems == ()
    assert report.settings is not None
    assert report.settings.workers == "procrastinate"
    assert report.settings.has_sign_in
    assert report.settings.is_behind_proxy
    assert {row.name for row in report.rows} >= set(settings)


def _fill_in(match: re.Match[str]) -> str:
    """Return what compose puts in the place of a variable; what may be left out, is."""
    return FILLED_IN[match[1]] if match[2] is None else match[2]


def test_what_the_guide_has_one_write_is_what_a_dashboard_needs(tmp_path: Path) -> None:
    server = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    of_debian, of_docker = server.split("## With Docker")
    compose = read("compose.yaml")
    lists = (
        (of_debian, "FACEBOOK_APP_ID", set(FILLED_IN) - {"PUBLIC_NAME", "POSTGRES_PASSWORD"}),
        (of_docker, "PUBLIC_NAME", set(re.findall(r"\$\{([A-Z_]+):\?\}", compose))),
    )
    for text, first, needed in lists:
        (block,) = re.findall(rf"^   {first}=.*?\n   ```", text, re.MULTILINE | re.DOTALL)
        written = dict(re.findall(r"^   ([A-Z_]+)=(.*)$", block, re.MULTILINE))
        assert set(written) >= needed
    settings = {name: FILLED_IN.get(name, value) for name, value in written.items()}
    assert set(settings) == set(FILLED_IN)


def test_only_a_container_that_serves_is_asked_whether_it_lives() -> None:
    assert "/livez" in read("Dockerfile").split("HEALTHCHECK")[1]
    worker = read("compose.yaml").split("\n  worker:\n")[1].split("\n\n")[0]
    assert re.search(r"^    healthcheck:\n      disable: true\b", worker, re.MULTILINE)
