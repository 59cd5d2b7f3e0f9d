"""Which variable of the environment is to blame if no encrypted connection can be prepared."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tiktok_marketing.api.network import trusted_authorities
from tiktok_marketing.errors import ConfigurationError

BUNDLE = ssl.get_default_verify_paths().cafile


@pytest.mark.skipif(BUNDLE is None, reason="this machine has no file of authorities")
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_file_for_keys_is_not_taken_for_the_authorities(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    """Python opens both in one step, and only the file for keys cannot be opened."""
    for other in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(other, raising=False)
    assert BUNDLE is not None
    monkeypatch.setenv(variable, BUNDLE)
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "missing" / "keys"))
    with pytest.raises(ConfigurationError) as caught:
        trusted_authorities()
    assert "SSLKEYLOGFILE is set to" in caught.value.message
    assert variable not in str(caught.value)
