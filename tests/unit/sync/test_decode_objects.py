"""Pages of objects become records of the types of the catalog."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import any_value, page, stream, texts

from tiktok_marketing.catalog import field_types
from tiktok_marketing.sync.decode.coercion import is_no_value
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.pages import Page


def objects(name: str, *rows: Any, advertiser_id: str | None = "7001") -> Page:
    """A decoded page of objects."""
    return ObjectReader(stream(name), advertiser_id).read(page(rows))


def test_ids_of_objects_become_integers() -> None:
    """Version 1.3 sends ids as text; the records have integers with all nineteen digits."""
    (record,) = objects("ads", {"ad_id": "1700000000000000001", "campaign_id": "2", "adgroup_id": 3}).records
    assert (record["ad_id"], record["campaign_id"], record["adgroup_id"]) == (1700000000000000001, 2, 3)


@pytest.mark.parametrize("text", ["1700000000000000001.0", "1700000000000000001.", "1700000000000000001.000"])
def test_an_id_with_a_decimal_point_keeps_its_digits(text: str) -> None:
    """It is not converted to a double."""
    assert objects("ads", {"ad_id": text}).records[0]["ad_id"] == 1700000000000000001


def test_half_a_character_in_an_object_is_replaced() -> None:
    """By U+FFFD, in keys and in values at any depth."""
    sent = page([{"ad_id": "1", "ad_name": "@", "new@": {"deep": ["@", 5]}}, {"ad_id": "2", "ad_name": "ä😀"}])
    body = ObjectReader(stream("ads")).read(sent.replace(b"@", b"cut \\ud83d."))
    cut = "cut \ufffd."
    assert body.records == [
        {"ad_id": 1, "ad_name": cut, f"new{cut}": {"deep": [cut, 5]}},
        {"ad_id": 2, "ad_name": "ä😀"},
    ]


def test_an_object_has_its_account() -> None:
    """The requested account is in every record, whatever the answer contains."""
    (record,) = objects("ads", {"ad_id": "1", "advertiser_id": "9"}).records
    assert record["advertiser_id"] == 7001


def test_the_accounts_own_records_keep_their_id() -> None:
    """`advertiser_ids` types it as text, as Airbyte's connector does."""
    (record,) = objects("advertiser_ids", {"advertiser_id": "7001", "advertiser_name": "A"}, advertiser_id=None).records
    assert record == {"advertiser_id": "7001", "advertiser_name": "A"}


@given(texts, texts.filter(lambda name: name not in field_types(stream("ads"))))
def test_unknown_fields_of_objects_are_delivered(text: str, name: str) -> None:
    """Fields that TikTok adds are delivered unchanged, even a dash."""
    (record,) = objects("ads", {"ad_id": "1", name: {"deep": [text, "-", None]}, "ad_name": text}).records
    assert record[name] == {"deep": [text, "-", None]}
    assert record["ad_name"] == text


def test_nested_fields_get_their_types() -> None:
    """Objects in arrays, and ids in arrays, are typed by the schema."""
    (record,) = objects(
        "ad_groups",
        {"adgroup_id": "1", "audience_ids": ["5", 6], "actions": [{"action_period": "7", "extra": "x"}, None]},
    ).records
    assert record["audience_ids"] == [5, 6]
    assert record["actions"] == [{"action_period": 7.0, "extra": "x"}, None]


def test_a_rejected_value_of_an_object_is_null_and_reported() -> None:
    """A nested one is reported with its path."""
    body = objects("ad_groups", {"adgroup_id": "1", "actions": [{"action_period": "soon"}], "budget": "much"})
    assert body.records[0]["actions"] == [{"action_period": None}]
    assert body.records[0]["budget"] is None
    assert body.rejected == {"actions.action_period": "soon", "budget": "much"}


@pytest.mark.parametrize("instead", [None, [], "x", 7, True], ids=str)
def test_what_is_no_object_costs_no_other_object(instead: object) -> None:
    """It comes as an object without an id, and what stands there is reported."""
    value = "null" if instead is None else instead
    body = objects("creative_assets_images", {"image_id": "1"}, instead, {"image_id": "3"})
    assert [record["image_id"] for record in body.records] == ["1", None, "3"]
    assert [record["advertiser_id"] for record in body.records] == [7001] * 3
    assert [misfit.parts for misfit in body.misfits] == [{"image_id": value}]
    assert len(set(ObjectReader(stream("creative_assets_images"), "7001").keyer()(body.keyed))) == 3
    in_map = {"ad_review_map": {"1": {"review_status": "x"}, "2": instead}}
    reviews = ObjectReader(stream("ad_reviews"), "7001").read(msgspec.json.encode({"code": 0, "data": in_map}))
    assert [record["ad_id"] for record in reviews.records] == [1, 2]
    assert [misfit.row for misfit in reviews.misfits] == [1]


def test_missing_fields_of_objects_stay_missing() -> None:
    """Nothing is added to an object."""
    (record,) = objects("campaigns", {"campaign_id": "1"}).records
    assert record == {"campaign_id": 1, "advertiser_id": 7001}


def test_fields_with_an_undocumented_form_are_delivered() -> None:
    """Where Airbyte's schema is known to be wrong, the value is delivered rather than dropped."""
    body = objects("ads", {"ad_id": "1", "showcase_products": [{"a": 1}], "disclaimer_clickable_texts": ["x"]})
    assert body.records[0]["showcase_products"] == [{"a": 1}]
    assert body.rejected == {}


def test_the_key_of_an_object_is_its_id() -> None:
    """It identifies a record when a list shifts between passes."""
    keys_of = ObjectReader(stream("campaigns"), "7001").keyer()
    first, again, other = keys_of([{"campaign_id": 5}, {"campaign_id": 5, "campaign_name": "x"}, {"campaign_id": 6}])
    assert first == again
    assert first != other
    assert keys_of([{"campaign_id": 5}]) == [first]


def test_objects_without_an_id_are_identified_by_their_content() -> None:
    """Two different objects without ids are two records, and the same one twice is one. An empty id is none."""
    images = ObjectReader(stream("creative_assets_images"), "7001")
    sent = [{"image_id": "", "file_name": "a"}, {"image_id": "", "file_name": "b"}, {"image_id": "", "file_name": "a"}]
    first, second, third = images.keyer()(images.typed_all(sent))
    assert first == third != second
    reader = ObjectReader(stream("ads"), "7001")
    sent = [{"ad_id": "x1", "ad_name": "a"}, {"ad_id": "x2", "ad_name": "b"}, {"ad_name": "b"}, {"ad_id": "7"}]
    body = reader.read(page(sent))
    keys = reader.keyer()(body.records)
    assert len(set(keys)) == 4
    assert reader.keyer()(body.records) == keys


def test_objects_without_a_declared_key_have_different_keys() -> None:
    """Airbyte declares no key for two streams, but their records are not all the same."""
    reader = ObjectReader(stream("pixel_instant_page_events"), "7001")
    sent = [{"business_type": "A", "instant_page_events": {"objective_types": [{"objective_type": x}]}} for x in "bcb"]
    first, second, third = reader.keyer()(reader.read(page(sent)).records)
    assert first == third
    assert first != second


_object_values = st.recursive(
    any_value, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(sorted(field_types(stream("ad_groups")))), _object_values, max_size=6),
        max_size=4,
    )
)
def test_no_value_costs_an_object(rows: list[dict[str, Any]]) -> None:
    """Whatever a field contains, the object is delivered and can be written as JSON."""
    body = objects("ad_groups", *rows)
    assert [set(record) for record in body.records] == [{*sent, "advertiser_id"} for sent in rows]
    msgspec.json.encode(body.records)


def body_of(data: Any) -> bytes:
    """An answer with this data."""
    return msgspec.json.encode({"code": 0, "message": "OK", "data": data})


def test_records_of_a_map_have_its_keys() -> None:
    """TikTok answers reviews as an object with a key for each ad, which becomes the record's id."""
    data = {"ad_review_map": {"71": {"is_approved": True}, "72": {"ad_id": "9", "is_approved": False}}}
    read = ObjectReader(stream("ad_reviews"), "7001").read(body_of(data))
    assert read.records == [
        {"is_approved": True, "ad_id": 71, "advertiser_id": 7001},
        {"is_approved": False, "ad_id": 72, "advertiser_id": 7001},
    ]


def test_an_answer_that_is_one_record_is_a_list_of_one() -> None:
    """Its fields are those of `data`."""
    data = {"campaign_id": "5", "campaign_name": "A", "advertiser_id": "9"}
    read = ObjectReader(stream("gmv_max_campaign_details"), "7001").read(body_of(data))
    assert read.records == [{"campaign_id": 5, "campaign_name": "A", "advertiser_id": 7001}]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        *(("gmv_max_campaign_details", data) for data in (None, [], {}, "x")),
        *(("ad_reviews", data) for data in (None, [], {}, {"ad_review_map": []}, {"ad_review_map": 5})),
    ],
)
def test_an_answer_of_another_form_is_an_error(name: str, data: Any) -> None:
    """It is never taken for an answer without records."""
    with pytest.raises(msgspec.DecodeError):
        ObjectReader(stream(name), "7001").read(body_of(data))


def test_fields_of_the_request_are_in_every_record() -> None:
    """They are part of the key, and replace what TikTok sends under the same name."""
    reader = ObjectReader(stream("gmv_max_identities"), "7001")
    reader.fields = {"store_id": "3"}
    read = reader.read(body_of({"identity_list": [{"identity_id": "a"}, {"identity_id": "b", "store_id": "4"}]}))
    assert [(record["identity_id"], record["store_id"]) for record in read.records] == [("a", "3"), ("b", "3")]
    assert reader.keyer()(read.keyed) == [(7001, "3", "a"), (7001, "3", "b")]


@pytest.mark.parametrize(
    ("sent", "amount"),
    [
        ("150000", 1.5), (150000, 1.5), ("1,500,000", 15.0), ("1e5", 1.0), (0, 0.0), ("-5", -0.00005), (None, None),
        ("1e9999999999", None), ("9e999999", None), ("1e-9999999999", 0.0), ("9" * 5000, None), ("-", None),
        ("1_000", None), ("\u0661\u0662", None), ("sNaN", None), ([], None), (10**30, 1e25), ("1e400", None),
    ],
)  # fmt: skip
def test_an_amount_that_was_multiplied_is_divided_if_it_is_a_number(sent: Any, amount: float | None) -> None:
    """By the one definition of a number. Another value becomes null, and costs no other object anything."""
    rows = [{"query_id": "1", "credit_amount": sent}, {"query_id": "2", "credit_amount": "1"}]
    reader = ObjectReader(stream("campaigns_bid_protection"), "7001")
    decoded = reader.read(page(rows, list_key="bid_protection_records"))
    odd, usual = decoded.records
    assert odd["credit_amount"] == amount
    assert usual["credit_amount"] == 0.00001
    misfits = {misfit.field: misfit.value for misfit in decoded.misfits}
    assert misfits == ({"credit_amount": sent} if amount is None and not is_no_value(sent) else {})
