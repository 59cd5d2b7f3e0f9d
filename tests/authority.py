"""Certificates that only a test trusts."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path


class Authority:
    """A certificate authority in a folder, made with the command openssl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30"),
            *("-subj", "/CN=An authority of this test", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        )
        (folder / "hashed").mkdir()
        name = self._openssl("x509", "-hash", "-noout", "-in", "ca.pem").strip()
        (folder / "hashed" / f"{name}.0").write_bytes(self.certificate.read_bytes())

    def issue(self, name: str, host: str = "localhost", *, days: int = 30) -> ssl.SSLContext:
        """Issue a certificate for a host. Returns a server's context with it."""
        request = ("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={host}")
        self._openssl(*request, "-out", f"{name}.csr")
        (self.folder / f"{name}.ext").write_text(
            f"subjectAltName=DNS:{host}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        self._openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
            *("-out", f"{name}.pem", "-days", str(days), "-extfile", f"{name}.ext"),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context

    def _openssl(self, *arguments: str) -> str:
        command = ["openssl", *arguments]
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)  # noqa: S603
        return ended.stdout
