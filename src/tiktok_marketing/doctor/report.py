"""Collects what the checks find, and leaves out what other findings explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tiktok_marketing.doctor.findings import (
    Check,
    Coverage,
    Examination,
    Finding,
    Freshness,
    Severity,
    in_order,
)

_SEE_OTHERS = "Other findings explain what differs."


class Report:
    """Collects the findings of the checks, and the outcome of each check in words."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._added: list[tuple[str, tuple[Finding, ...], str]] = []

    def add(self, name: str, findings: Sequence[Finding], if_well: str) -> None:
        """Add a check and its findings. `if_well` is the outcome if nothing but notes were found."""
        self.findings += findings
        self._added.append((name, tuple(findings), if_well))

    def _outcome(self, name: str, findings: Sequence[Finding], if_well: str) -> Check:
        bad = [finding for finding in findings if finding.severity is not Severity.NOTE]
        left = [finding for finding in bad if finding in self.findings]
        message = if_well if not bad else "1 finding" if len(left) == 1 else f"{len(left):,} findings"
        return Check(name=name, message=message if left or not bad else _SEE_OTHERS)

    def examination(
        self,
        at: datetime,
        freshness: tuple[Freshness, ...] = (),
        sample: Coverage | None = None,
        *,
        reached: bool = True,
    ) -> Examination:
        """Return everything that was collected, without consequences of what else was found."""
        self.findings = [finding for finding in self.findings if not _follows(finding, self.findings)]
        return Examination(
            at=at,
            checks=tuple(self._outcome(*added) for added in self._added),
            findings=in_order(self.findings),
            freshness=freshness,
            sample=sample,
            reached=reached,
        )


def _follows(finding: Finding, findings: Sequence[Finding]) -> bool:
    """Whether another finding explains this one."""
    return finding.may_follow and any(
        cause.severity is Severity.WRONG
        and not cause.may_follow
        and cause.stream == finding.stream
        and cause.advertiser_id in {None, finding.advertiser_id}
        for cause in findings
    )
