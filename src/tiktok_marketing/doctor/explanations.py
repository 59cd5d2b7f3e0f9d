"""Which disagreements other findings explain. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.doctor.checks import account_sums, level_sums
from tiktok_marketing.doctor.findings import (
    Finding,
    Severity,
)


def not_due_to_rows(
    faulty_rows: Sequence[Finding], disagreements: Sequence[level_sums.Disagreement]
) -> list[level_sums.Disagreement]:
    """Return the disagreements that duplicate rows and rows without a key do not explain.

    Rows without an account or a day can be on any day, so they explain every disagreement of their stream.
    """

    def is_explained(disagreement: level_sums.Disagreement) -> bool:
        return any(
            finding.stream in disagreement.sums
            and finding.advertiser_id in {None, disagreement.advertiser_id}
            and (not finding.days or disagreement.day in finding.days)
            and (not finding.adds_on or (disagreement.advertiser_id, disagreement.day) in finding.adds_on)
            for finding in faulty_rows
        )

    return [disagreement for disagreement in disagreements if not is_explained(disagreement)]


def has_faulty_rows(faulty_rows: Sequence[Finding], each: account_sums.AccountSum, usable: Sequence[AnyStream]) -> bool:
    """Whether one of the two sums has rows that make it too large."""
    streams = {each.stream.name, *account_sums.account_reports(usable)}
    return any(
        finding.stream in streams
        and finding.advertiser_id in {None, each.advertiser_id}
        and (not finding.days or any(each.days.start <= day <= each.days.end for day in finding.days))
        and (
            not finding.adds_on
            or any(
                account == each.advertiser_id and each.days.start <= day <= each.days.end
                for account, day in finding.adds_on
            )
        )
        for finding in faulty_rows
    )


def level_findings(disagreements: Sequence[level_sums.Disagreement], *, rows_agree: bool) -> list[Finding]:
    """Return the disagreements that no difference from TikTok explains.

    If all rows were compared and agree with TikTok's, TikTok's own levels disagree.
    """
    findings = list(level_sums.to_findings(disagreements))
    if not rows_agree:
        return findings
    return [
        msgspec.structs.replace(
            finding,
            severity=Severity.NOTE,
            fix=None,
            message=f"{finding.message} The rows are the same as TikTok's, so TikTok's own figures disagree.",
        )
        for finding in findings
    ]
