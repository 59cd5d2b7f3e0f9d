"""What Airbyte's platform does with the declarative OAuth of a specification, step by step.

The platform's templates are Jinja's, with most of it switched off. This renderer is stricter: it knows variables alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

KEYS = {
    "client_id": "client_id",
    "client_secret": "client_secret",
    "auth_code": "code",
    "redirect_uri": "redirect_uri",
    "scope": "scope",
    "state": "state",
}
"""What the platform names, and how it is called if a specification does not say."""
ENCODED = {"redirect_uri", "scope"}
"""The parameters that the platform encodes for an address. It leaves all others as they are."""


class Consent:
    """One authorization.

    Args:
        specification: The `advanced_auth` of a specification.
        application: What the administrator has entered: the id and the secret of the application.
        redirect_uri: Where the platform waits for the browser.
        state: What the platform has made up.
    """

    def __init__(
        self, specification: Mapping[str, Any], application: Mapping[str, str], redirect_uri: str, state: str
    ) -> None:
        self._oauth = specification["oauth_config_specification"]
        self._flow: dict[str, Any] = self._oauth["oauth_connector_input_specification"]
        self._application = application
        required = self._oauth["complete_oauth_server_input_specification"]["required"]
        assert set(required) <= set(application)
        self._values: dict[str, str | None] = {
            "client_id": application[self.key("client_id")],
            "redirect_uri": redirect_uri,
            "state": state,
        }

    def key(self, name: str) -> str:
        """How the specification calls one of the platform's names."""
        return str(self._flow.get(f"{name}_key", KEYS[name]))

    def address(self) -> str:
        """The page that the user's browser opens. It gets no secret."""
        return self._rendered(self._flow["consent_url"])

    def token_request(self, redirected: Mapping[str, str]) -> tuple[str, dict[str, str], dict[str, str]]:
        """The request that exchanges the code.

        Args:
            redirected: The parameters of the address that TikTok sent the browser to.

        Returns:
            Its address, its headers, and its body, which is sent as JSON.
        """
        assert redirected[self.key("state")] == self._values["state"]
        self._values |= {
            "auth_code": redirected[self.key("auth_code")],
            "client_secret": self._application[self.key("client_secret")],
        }
        headers = self._rendered_pairs("access_token_headers")
        assert headers.get("Content-Type", "application/json") == "application/json"
        return self._rendered(self._flow["access_token_url"]), headers, self._rendered_pairs("access_token_params")

    def configuration(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """What the platform writes into the source's configuration after a good answer."""
        output: dict[str, str] = {}
        for path in self._flow["extract_output"]:
            value: Any = answer
            for name in path.split("."):
                value = value[name]
            output[path.rpartition(".")[2]] = value
        configuration: dict[str, Any] = {}
        outputs = self._oauth["complete_oauth_output_specification"]
        assert set(outputs["required"]) <= set(output)
        for properties, values in (
            (outputs["properties"], output),
            (self._oauth["complete_oauth_server_output_specification"]["properties"], self._application),
        ):
            for name, described in properties.items():
                *folders, last = described["path_in_connector_config"]
                place = configuration
                for folder in folders:
                    place = place.setdefault(folder, {})
                place[last] = values[name]
        return configuration

    def _rendered_pairs(self, name: str) -> dict[str, str]:
        return {self._rendered(key): self._rendered(value) for key, value in self._flow.get(name, {}).items()}

    def _rendered(self, template: str) -> str:
        variables: dict[str, str] = {}
        for name, value in self._values.items():
            text = value or ""
            variables |= {
                f"{name}_key": self.key(name),
                f"{name}_value": text,
                f"{name}_param": f"{self.key(name)}={quote_plus(text) if name in ENCODED else text}",
            }

        def variable(match: re.Match[str]) -> str:
            name = match[1].strip()
            assert name in variables, f"The platform has no value for {name!r} here."
            return variables[name]

        rendered = re.sub(r"\{\{(.*?)\}\}", variable, template)
        assert not re.search(r"\{\{|\}\}|\{%", rendered)
        return rendered
