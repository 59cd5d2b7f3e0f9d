"""`tiktok-marketing views`: SQL views that answer questions, over the tables of a sync."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from tiktok_marketing.cli.common import CommandWithExamples, console, debug_option, json_option, print_json, say, table

if TYPE_CHECKING:
    from tiktok_marketing.views.database import ViewsResult


@click.command(
    cls=CommandWithExamples,
    examples=[
        "tiktok-marketing views --database duckdb:///tiktok.duckdb",
        "tiktok-marketing views --database duckdb:///tiktok.duckdb --currency EUR",
        "tiktok-marketing views --database duckdb:///tiktok.duckdb --layout fivetran --schema tiktok_ads_fivetran",
    ],
    short_help="Create views that answer questions.",
    epilog="Exit codes: 0 the views are there; 1 the database cannot be read or changed; 2 wrong usage.",
)
@click.option(
    "--database",
    "address",
    required=True,
    metavar="URI",
    help="The database that a sync filled, written as for `sync --to`.",
)
@click.option("--dataset", default="tiktok_ads", show_default=True, metavar="NAME", help="The schema of the tables.")
@click.option("--schema", metavar="NAME", help="The schema for the views.  [default: that of the tables]")
@click.option(
    "--layout",
    type=click.Choice(["answers", "fivetran"]),
    default="answers",
    show_default=True,
    help="answers: spend, results, creatives, open days and coverage. fivetran: the tables that dbt_tiktok_ads and "
    "dbt_ad_reporting read.",
)
@click.option(
    "--currency",
    metavar="CODE",
    help="Convert amounts into this currency, by the rates of each day.  [default: that of the last run, else USD]",
)
@click.option(
    "--rates",
    metavar="TABLE",
    help="Take exchange rates from a table or view of yours. It has the columns currency, day and rate; a rate is the "
    "units of --currency for one unit. 'ecb' stands for the European Central Bank's.  [default: that of the last run, "
    "else ecb]",
)
@click.option(
    "--before-1.3/--from-1.3",
    "before_1_3",
    default=None,
    help="Whether dbt_tiktok_ads is older than 1.3. It then expects creatives of upgraded Smart+ ads in ad_history. "
    "Only for --layout fivetran.  [default: that of the last run, else --from-1.3]",
)
@click.option("--drop", "action", flag_value="drop", help="Drop the views of the layout.")
@click.option("--print", "action", flag_value="print", help="Print the SQL, and change nothing.")
@click.option("--list", "action", flag_value="list", help="List the views of the layout, and change nothing.")
@json_option("Print JSON; with --list, it has the columns of each view.")
@debug_option
def views(
    address: str,
    dataset: str,
    schema: str | None,
    layout: str,
    currency: str | None,
    rates: str | None,
    before_1_3: bool | None,
    action: str | None,
    as_json: bool,
) -> int:
    """Create views that answer questions, or replace those of an earlier run.

    Views need no room, and always show what the tables have. Each view and column has a comment with its meaning and
    unit. A view whose tables are not there is left out. Nothing that you created yourself is changed.
    """
    from tiktok_marketing.pipelines import destination_of
    from tiktok_marketing.views import ViewSettings, create_views, drop_views, print_views

    destination = destination_of(address, dataset)
    settings = ViewSettings(
        layout=layout, schema=schema, currency=currency, rates=rates, smart_plus_in_ad_history=before_1_3
    )
    if action == "list":
        return _list(destination, settings, as_json=as_json)
    if action == "print":
        statements = print_views(destination, settings)
        if as_json:
            print_json({"statements": list(statements)})
            return 0
        for statement in statements:
            sys.stdout.write(f"{statement}\n")
        return 0
    if action == "drop":
        dropped = drop_views(destination, settings)
        say(f"{len(dropped.dropped)} views dropped from {destination.display_name}, schema {dropped.schema}.")
        if as_json:
            print_json(_result_as_json(dropped, destination.display_name, layout))
        return 0
    result = create_views(destination, settings)
    show_result(result, destination.display_name)
    if as_json:
        print_json(_result_as_json(result, destination.display_name, layout))
    return 0


def _result_as_json(result: ViewsResult, database: str, layout: str) -> dict[str, Any]:
    return {
        "database": database,
        "schema": result.schema,
        "layout": layout,
        "created": list(result.created),
        "dropped": list(result.dropped),
        "left_out": [{"name": view.name, "reason": view.reason} for view in result.left_out],
        "remarks": list(result.remarks),
    }


def check_views(to: str, dataset: str) -> None:
    """Make sure that a destination can have views.

    Raises:
        ConfigurationError: It cannot.
    """
    from tiktok_marketing.pipelines import destination_of
    from tiktok_marketing.views.database import dialect_of

    dialect_of(destination_of(to, dataset))


def refresh_views(to: str, dataset: str) -> None:
    """Create or replace the views after a sync: those that answer questions, and those of other layouts in use.

    Views stay in the schema in which `views` has put them.
    """
    from tiktok_marketing.pipelines import destination_of
    from tiktok_marketing.views import ViewSettings, create_views
    from tiktok_marketing.views.database import Place, places_of_views

    destination = destination_of(to, dataset)
    places = places_of_views(destination)
    if all(place.layout != "answers" for place in places):
        places = [Place("answers", destination.dataset), *places]
    for place in places:
        result = create_views(destination, ViewSettings(layout=place.layout, schema=place.schema))
        say(f"{len(result.created)} views of the layout {place.layout} are up to date in the schema {result.schema}.")
        for text in result.remarks:
            say(text)


def show_result(result: object, database: str) -> None:
    """Say which views there are, which are left out, and what a person should know."""
    from tiktok_marketing.views.database import ViewsResult

    assert isinstance(result, ViewsResult)  # noqa: S101 - imported late, because it is heavy
    say(f"{len(result.created)} views in {database}, schema {result.schema}: {', '.join(result.created)}")
    for view in result.left_out:
        say(f"Left out: {view.name}, because {view.reason}")
    for text in result.remarks:
        say(text)


def _list(destination: object, settings: object, *, as_json: bool) -> int:
    from tiktok_marketing.views import list_views

    listed = list_views(destination, settings)  # type: ignore[arg-type]
    if as_json:
        print_json(
            [
                {
                    "name": view.definition.name,
                    "description": view.definition.description,
                    "exists": view.exists,
                    "left_out": view.reason or None,
                    "columns": [
                        {"name": column.name, "type": column.type, "description": column.description}
                        for column in view.definition.columns
                    ],
                }
                for view in listed
            ]
        )
        return 0
    rows = table("View", "There", "Rows", whole=("View",))
    for view in listed:
        there = "yes" if view.exists else "no"
        rows.add_row(
            view.definition.name,
            there,
            view.definition.title + (f" Left out, because {view.reason}" if view.reason else ""),
        )
    console().print(rows)
    return 0
