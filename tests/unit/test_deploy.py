"""Deployment files: they keep up with the program, and with one another.

What nginx makes of its file is tested in tests/browser/walks/test_replicas.py.
"""

from __future__ import annotations

import re
import tomllib

from tests.browser.kit.serving import PARTS, ROOT

DEPLOY = ROOT / "docs" / "deploy"
# Read by people and tests only.
NOT_IN_THE_IMAGE = {"README.md", "requirements-dev.txt"}
# Streamlit lets an upload be that much larger for what frames the file.
FRAME_MEGABYTES = 1


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
    addresses = re.findall(r"(?:DASHBOARD_[AB]|SIGN_IN): ([0-9.]+):", of_nginx)
    assert addresses == re.findall(r"ipv4_address: ([0-9.]+)", compose)


def test_nginx_lets_the_largest_upload_through() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    limit = config["server"]["maxUploadSize"] + FRAME_MEGABYTES
    upload = read("nginx.conf.template").split("/_stcore/upload_file/")[1]
    assert f"client_max_body_size {limit}m;" in upload.split("}")[0]
