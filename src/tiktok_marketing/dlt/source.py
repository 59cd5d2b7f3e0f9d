"""The source, with a resource per stream. Settings and secrets come by dlt's own ways."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import dlt
from tiktok_marketing.catalog import AnyStream, ReportStream
from tiktok_marketing.config import Config, parse_config
from tiktok_marketing.dlt.reading import IncompleteStreamError, Reader
from tiktok_marketing.dlt.removed import HINTS
from tiktok_marketing.errors import IncompleteReadError
from tiktok_marketing.pipelines.arrow.dlt_hints import column_hints
from tiktok_marketing.pipelines.arrow.tables import TableBuilder
from tiktok_marketing.pipelines.databases.replacement import day_column
from tiktok_marketing.sync.plan.selection import choose_streams
from tiktok_marketing.sync.read.report_requests import is_exact

_LOG = logging.getLogger("tiktok_marketing.dlt")
_STATE = "state"
_INCOMPLETE = "incomplete"


@dlt.source(name="tiktok_marketing", section="tiktok_marketing", max_table_nesting=0)  # type: ignore[untyped-decorator]
def tiktok_marketing(  # noqa: PLR0913 - each is a setting of dlt's
    streams: list[str] | None = None,
    *,
    access_token: str = dlt.secrets.value,
    app_id: str | None = None,
    secret: str | None = None,
    sandbox_advertiser_id: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
    attribution_window: int | None = None,
    include_deleted: bool | None = None,
    advertiser_ids: list[str] | None = None,
    exclude_advertiser_ids: list[str] | None = None,
    skip_inaccessible_advertisers: bool | None = None,
    requests_per_second: float | None = None,
    incomplete: Literal["raise", "load"] = "raise",
    parallelized: bool = False,
) -> Iterable[Any]:
    """TikTok Ads (Business API v1.3): campaigns, ad groups, ads, creatives, audiences, and reports by day and hour.

    Every argument can also come from dlt's configuration: `[sources.tiktok_marketing]` in `.dlt/secrets.toml` and
    `.dlt/config.toml`, or `SOURCES__TIKTOK_MARKETING__ACCESS_TOKEN` in the environment.

    Args:
        streams: Names of streams, or patterns like `ads*`; None for all.
        access_token: The access token.
        app_id: The id of the application; not needed with a sandbox account.
        secret: The application's secret; not needed with a sandbox account.
        sandbox_advertiser_id: The id of a sandbox account, to read that one in place of the token's accounts.
        start_date: The first day of reports, as 2026-01-31.
        end_date: The last day; None for today.
        attribution_window: Days before the state that are read again.
        include_deleted: Whether deleted objects are read, and their rows in reports.
        advertiser_ids: Only these accounts.
        exclude_advertiser_ids: Not these accounts.
        skip_inaccessible_advertisers: Whether accounts without access are left out with a warning.
        requests_per_second: The tier of the application.
        incomplete: What happens if something cannot be read, for example an account: "raise" ends the run with an
            error, and nothing of it is loaded; "load" loads the rest, and `raise_if_incomplete` raises the error.
        parallelized: Whether dlt takes the streams' rows in several threads. The quota is shared in any case.

    Returns:
        A resource per stream.
    """
    # dlt gives a default only to what it finds nowhere else, so that None means "not set".
    options = {
        "start_date": start_date,
        "end_date": end_date,
        "attribution_window": attribution_window,
        "include_deleted": include_deleted,
        "advertiser_ids": None if advertiser_ids is None else list(advertiser_ids),
        "exclude_advertiser_ids": None if exclude_advertiser_ids is None else list(exclude_advertiser_ids),
        "skip_inaccessible_advertisers": skip_inaccessible_advertisers,
        "requests_per_second": requests_per_second,
    }
    credentials = (
        {"auth_type": "oauth2.0", "app_id": app_id, "secret": secret, "access_token": access_token}
        if sandbox_advertiser_id is None
        else {
            "auth_type": "sandbox_access_token",
            "advertiser_id": sandbox_advertiser_id,
            "access_token": access_token,
        }
    )
    raw = {name: value for name, value in options.items() if value is not None}
    config = parse_config({"credentials": {n: v for n, v in credentials.items() if v is not None}, **raw})
    reader = Reader(config, _LOG.warning)
    for stream in choose_streams(config, streams):
        yield _resource(stream, config, reader, incomplete, parallelized=parallelized)


def raise_if_incomplete(pipeline: Any) -> None:
    """Raise an error if the last run with `incomplete="load"` could not read everything.

    Args:
        pipeline: The pipeline that ran.

    Raises:
        IncompleteReadError: Something is missing. The error names it.
    """
    resources = pipeline.state.get("sources", {}).get("tiktok_marketing", {}).get("resources", {})
    texts = [text for state in resources.values() for text in state.get(_INCOMPLETE, ())]
    if texts:
        raise IncompleteReadError(
            " ".join(dict.fromkeys(texts)),
            remedy="Run the pipeline again once that is solved: it reads what is missing.",
        )


def _resource(stream: AnyStream, config: Config, reader: Reader, incomplete: str, *, parallelized: bool) -> Any:
    def read() -> Iterator[Any]:
        kept = dlt.current.resource_state(stream.name)
        kept.pop(_INCOMPLETE, None)

        def keep_state(state: Mapping[str, Any]) -> None:
            kept[_STATE] = state

        try:
            state = kept.get(_STATE)
            # A first run has nothing to remove. A report without days has no state, and is read whole each time.
            removes = merge_key is not None and (state is not None or day_column(stream) is None)
            yield from reader.tables(stream, state, keep_state, removes=removes)
        except IncompleteStreamError as error:
            texts = [f"{stream.name}{_of(failure.advertiser_id)}: {failure.error}" for failure in error.failures]
            if incomplete == "raise":
                raise IncompleteReadError(
                    " ".join(texts),
                    remedy="Nothing of this run is loaded. To load the rest, give the source incomplete='load'; to "
                    "leave out accounts without access, skip_inaccessible_advertisers.",
                ) from None
            kept[_INCOMPLETE] = texts
            for text in texts:
                _LOG.warning("%s", text)

    merge_key = _merge_key(stream, config)
    return dlt.resource(
        read,
        name=stream.name,
        primary_key=list(stream.table_key),
        merge_key=merge_key,
        columns=column_hints(stream, TableBuilder(stream, _LOG.warning).schema.empty_table())
        | ({} if merge_key is None else HINTS),
        write_disposition=_disposition(stream),
        parallelized=parallelized,
    )


def _of(advertiser_id: str | None) -> str:
    return "" if advertiser_id is None else f", account {advertiser_id}"


def _merge_key(stream: AnyStream, config: Config) -> list[str] | None:
    """Return the columns whose values are replaced as a whole: an account and a day, whose rows all arrive."""
    if not isinstance(stream, ReportStream):
        return None
    if not is_exact(stream, include_deleted=config.include_deleted):
        return None  # TikTok hides rows of deleted objects, so that a row that is missing need not be gone
    column = day_column(stream)
    return ["advertiser_id"] if column is None else ["advertiser_id", column]


def _disposition(stream: AnyStream) -> Any:
    if not stream.is_report:
        return "merge"
    # TikTok may deliver different rows with one key, and none of them is left out.
    return {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}
