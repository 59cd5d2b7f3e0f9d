"""The newest CDK of Airbyte: its standard tests pass in this checkout and on the image, and our metadata are valid."""

from __future__ import annotations

import json
import os
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from airbyte.places import CDK, READ_ONLY, ROOT
from dockerfile import Image
from emulator_process import EmulatorProcess
from tiktok_marketing._version import __version__

pytestmark = pytest.mark.timeout(1_800)  # dozens of tests of others, on a machine that may be busy

NOT_FOR_THIS_CONFIGURATION = ("does not run for scenario", "do not run for scenario", "expected to fail", "expects an")
"""Why the CDK skips: each configuration is for some of its tests."""
VALIDATE = """
import sys, yaml
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import ConnectorMetadataDefinitionV0
ConnectorMetadataDefinitionV0.model_validate(yaml.safe_load(open(sys.argv[1])))
"""


class Results(msgspec.Struct):
    """What a run of the CDK's tests said, by name.

    Args:
        passed: How many variants of each test passed.
        others: Each variant that did not, with the reason.
    """

    passed: Counter[str]
    others: list[str]


def environment(**variables: str) -> dict[str, str]:
    """The CDK's programs, a stand-in for docker, and nothing of this process but its PATH."""
    path = os.pathsep.join([str(CDK / "bin"), str(Path(__file__).parent), os.environ["PATH"]])
    return {"PATH": path, "HOME": str(Path(CDK)), "LANG": "C.UTF-8", **variables}


def standard_tests(checkout: Path, *arguments: str, **variables: str) -> Results:
    """Run `airbyte-cdk` in a checkout, and read its report."""
    ended = subprocess.run(  # noqa: S603 - the CDK's program
        [str(CDK / "bin" / "airbyte-cdk"), *arguments],
        cwd=checkout,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    report = checkout / "build" / "test-results" / "standard-tests-junit.xml"
    results = Results(Counter(), [])
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - the CDK has just written it
        others = [child for child in case if child.tag in {"failure", "error", "skipped"}]
        if others:
            results.others += [f"{case.get('name')}: {child.get('message')}" for child in others]
        else:
            results.passed[str(case.get("name")).partition("[")[0]] += 1
    return results


def unexplained(results: Results) -> list[str]:
    """The tests that did not run for another reason than that they are for other configurations."""
    return [text for text in results.others if not any(reason in text for reason in NOT_FOR_THIS_CONFIGURATION)]


def test_the_standard_tests_pass_in_the_checkout(checkout: Path) -> None:
    """As it is: they find the class, which starts the emulator. What the CDK warns of in the catalog is an error."""
    results = standard_tests(
        checkout,
        "connector",
        "test",
        "--pytest-arg=-m",
        "--pytest-arg=not image_tests",
        "--pytest-arg=-Werror::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning",
    )
    assert unexplained(results) == []
    assert results.passed == {
        "test_spec": 1,
        "test_config_matches_spec": 3,
        "test_check": 5,
        "test_discover": 3,
        "test_basic_read": 1,
        "test_fail_read_with_bad_catalog": 1,
    }


def test_the_standard_tests_pass_on_the_image(
    checkout: Path, image: Image, acceptance_emulator: EmulatorProcess, tmp_path: Path
) -> None:
    """On what the Dockerfile builds, without a file that it could write.

    The test of what changed since the published version asks Airbyte's registry, which does not have this connector.
    """
    name = f"source-tiktok-marketing:{__version__}"
    images = tmp_path / "images.json"
    variables = {**image.variables, "PYTHONPATH": str(READ_ONLY)}
    images.write_text(json.dumps({name: {"entrypoint": image.entrypoint, "variables": variables}}))
    results = standard_tests(
        checkout,
        "image",
        "test",
        "--image",
        name,
        DOCKER_IMAGES=str(images),
        TIKTOK_API_URL=acceptance_emulator.url,
        PYTEST_ADDOPTS="-k 'not spec_backward_compatibility' --read-from-streams=all",
    )
    assert unexplained(results) == []
    assert results.passed == {
        "test_docker_image_build_and_spec": 1,
        "test_docker_image_build_and_check": 5,
        "test_docker_image_build_and_config_matches_spec": 3,
        "test_docker_image_build_and_discover": 3,
        "test_docker_image_build_and_read": 1,
    }


def test_the_metadata_fit_airbytes_schema() -> None:
    """Which knows every key."""
    subprocess.run(  # noqa: S603
        [str(CDK / "bin" / "python"), "-c", VALIDATE, str(ROOT / "metadata.yaml")], check=True, env=environment()
    )


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.command"])
def test_hadolint_has_nothing_to_say(name: str) -> None:
    """Neither errors nor hints."""
    ended = subprocess.run(  # noqa: S603
        [str(CDK / "bin" / "hadolint"), str(ROOT / name)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "")
