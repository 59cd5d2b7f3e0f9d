"""Views over the tables of a sync: SQL that answers questions, and layouts that other tools expect.

Each view is a file in `sql/`. Its head describes it, and becomes the comments in the database and the page of the docs.
Whatever differs between databases is a macro in `dialects`. No view is written in Python.
"""

from tiktok_marketing.pipelines.databases.names import quoted_name
from tiktok_marketing.views.database import create_views, drop_views, list_views, places_in, print_views, read_views
from tiktok_marketing.views.definitions import LAYOUTS, ViewColumn, ViewDefinition, definitions_of
from tiktok_marketing.views.own_tables import ViewSettings
from tiktok_marketing.views.presence import is_ours
from tiktok_marketing.views.rendering import LeftOut, Rendered

__all__ = [
    "LAYOUTS",
    "LeftOut",
    "Rendered",
    "ViewColumn",
    "ViewDefinition",
    "ViewSettings",
    "create_views",
    "definitions_of",
    "drop_views",
    "is_ours",
    "list_views",
    "places_in",
    "print_views",
    "quoted_name",
    "read_views",
]
