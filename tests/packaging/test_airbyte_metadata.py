"""What Airbyte's tools read beside the code: it says what the code says, and its files exist."""

from __future__ import annotations

import json
import uuid
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from setuptools import find_packages

from tiktok_marketing._version import __version__
from tiktok_marketing.airbyte.spec import CONNECTION_SPECIFICATION, SPECIFICATION
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.config import parse_config
from tiktok_marketing.sync.plan.state_forms import parse_state_text

ROOT = Path(__file__).parents[2]
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
SECTIONS = yaml.safe_load((ROOT / "acceptance-test-config.yml").read_text())["acceptance_tests"]
AIRBYTES_OWN = "4bfac00d-ce15-44ff-95b9-9e3c3e8fbd35"
"""The definition of Airbyte's connector. One workspace cannot have two of the same id."""


def entries(*sections: str) -> list[dict[str, Any]]:
    """The entries of some sections of `acceptance-test-config.yml`."""
    return [entry for section in sections for entry in SECTIONS[section]["tests"]]


def load(path: str) -> Any:
    """A JSON file of the repository."""
    return json.loads((ROOT / path).read_text())


def test_the_metadata_repeats_the_version_and_the_base_image() -> None:
    """A release changes both places."""
    assert METADATA["dockerImageTag"] == __version__
    assert METADATA["connectorBuildOptions"]["baseImage"] in (ROOT / "Dockerfile").read_text()
    assert set(METADATA["releases"]["breakingChanges"]) <= {__version__}


def test_the_definition_is_our_own() -> None:
    """So this connector and Airbyte's can be installed side by side."""
    assert METADATA["definitionId"] == str(uuid.UUID(METADATA["definitionId"], version=4)) != AIRBYTES_OWN


def test_the_suggested_streams_exist() -> None:
    """They are what most people need."""
    assert set(METADATA["suggestedStreams"]["streams"]) < {stream.name for stream in STREAMS}


def test_the_form_and_the_registry_link_to_the_same_page() -> None:
    """An image that knows where our docs are published links there instead."""
    assert METADATA["documentationUrl"] == SPECIFICATION["documentationUrl"]


def test_only_tiktoks_hosts_are_asked() -> None:
    """A platform may block all others."""
    assert METADATA["allowedHosts"]["hosts"] == ["business-api.tiktok.com", "sandbox-ads.tiktok.com"]


def test_the_icon_is_a_square_drawing_without_anything_foreign() -> None:
    """No link, no script, no picture within it."""
    icon = ET.fromstring((ROOT / METADATA["icon"]).read_text())  # noqa: S314 - our own file
    assert icon.get("width") == icon.get("height") == icon.get("viewBox", "").split()[-1]
    names = {element.tag.rpartition("}")[2] for element in icon.iter()}
    assert names <= {"svg", "g", "rect", "path", "circle"}
    assert not any("href" in name for element in icon.iter() for name in element.attrib)


@pytest.mark.parametrize("entry", entries("spec", "discovery", "basic_read"), ids=lambda entry: entry["config_path"])
def test_the_configurations_are_valid(entry: dict[str, Any]) -> None:
    """By the form and by the code."""
    config = load(entry["config_path"])
    assert Draft7Validator(CONNECTION_SPECIFICATION).is_valid(config)
    assert parse_config(config)


def test_one_configuration_sets_every_field() -> None:
    """So the form accepts what it offers."""
    (full,) = [entry["config_path"] for entry in entries("spec") if "full" in entry["config_path"]]
    assert set(load(full)) == set(CONNECTION_SPECIFICATION["properties"])


def test_some_configurations_must_fail() -> None:
    """One that TikTok refuses, and one that the form refuses."""
    failing = [load(entry["config_path"]) for entry in entries("connection") if entry["status"] == "failed"]
    assert sorted(Draft7Validator(CONNECTION_SPECIFICATION).is_valid(config) for config in failing) == [False, True]


def test_the_catalogs_select_every_stream() -> None:
    """In full refresh all of them, incrementally those with a cursor."""
    whole, incremental = [
        {selected["stream"]["name"]: selected["sync_mode"] for selected in load(path)["streams"]}
        for path in (
            entries("basic_read")[0]["configured_catalog_path"],
            entries("incremental")[0]["configured_catalog_path"],
        )
    ]
    assert whole == {stream.name: "full_refresh" for stream in STREAMS}
    assert incremental == {stream.name: "incremental" for stream in STREAMS if stream.cursor}


def test_the_future_state_is_one_of_each_incremental_stream() -> None:
    """In a form that is read."""
    path = ROOT / entries("incremental")[0]["future_state"]["future_state_path"]
    states = parse_state_text(path.read_text(), "future state")
    assert set(states) == {stream.name for stream in STREAMS if stream.cursor}


def test_the_wheel_has_no_module_of_the_name_of_airbytes_connector() -> None:
    """The class that the CDK looks for is on the tests' path only."""
    packages = find_packages(str(ROOT / "src"))
    assert {name.partition(".")[0] for name in packages} == {"tiktok_marketing"}
    assert list((ROOT / "src").glob("*.py")) == []
