"""Page tokens fit one listing only, and pages fit one message."""

import base64
import json

import pytest

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.federation.resources.paging import Listing, page_of
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES

LISTING = Listing("ListVerdicts", "uid-1", (7, "ada"))
OTHERS = [
    Listing("ListRounds", "uid-1", (7, "ada")),
    Listing("ListVerdicts", "uid-2", (7, "ada")),
    Listing("ListVerdicts", "uid-1", (8, "ada")),
    Listing("ListVerdicts", "uid-1", (7, "")),
    Listing("ListVerdicts", "uid-1", ()),
]


def rounds(count: int, filler: int = 0) -> list[tuple[tuple[int], pb.Round]]:
    return [((number,), pb.Round(round=number, federation="f" * filler)) for number in range(count, 0, -1)]


def refused(listing: Listing, token: str) -> bool:
    with pytest.raises(Fault) as caught:
        listing.position(token, int, str)
    return caught.value.reason == reasons.ERROR_REASON_PAGE_TOKEN_INVALID


def test_a_token_gives_back_its_position() -> None:
    assert LISTING.position(LISTING.token((12, "bob")), int, str) == (12, "bob")
    assert LISTING.position("", int, str) is None


@pytest.mark.parametrize("other", OTHERS)
def test_a_token_of_another_listing_is_refused(other: Listing) -> None:
    assert refused(LISTING, other.token((12, "bob")))


def test_a_token_with_any_bit_changed_is_refused() -> None:
    raw = base64.urlsafe_b64decode(LISTING.token((12, "bob")))
    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        assert refused(LISTING, base64.urlsafe_b64encode(bytes(changed)).decode())


@pytest.mark.parametrize("token", ["x", "é", "====", "AAAA", "a" * 100_000, LISTING.token((12, "bob"))[:-4]])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(LISTING, token)


@pytest.mark.parametrize("position", [(1, 2), ("a", "b"), (1,), (2**70, "a"), (-1, "a"), (True, "a"), (1, "\ud800")])
def test_a_well_formed_token_with_a_senseless_position_is_refused(position: tuple[int | str, ...]) -> None:
    raw = json.dumps(position, separators=(",", ":")).encode()
    forged = base64.urlsafe_b64encode(LISTING._digest(raw) + raw).decode()
    assert refused(LISTING, forged)


def test_a_page_ends_where_it_was_asked_to_and_its_token_goes_on_there() -> None:
    page = page_of(LISTING, rounds(5), 3)
    assert [item.round for item in page.items] == [5, 4, 3]
    assert LISTING.position(page.next_page_token, int) == (3,)


@pytest.mark.parametrize("count", [0, 2, 3])
def test_the_last_page_has_no_token(count: int) -> None:
    page = page_of(LISTING, rounds(count), 3)
    assert (len(page.items), page.next_page_token) == (count, "")


def test_a_page_holds_fewer_items_where_more_would_not_fit_one_message() -> None:
    page = page_of(LISTING, rounds(10, filler=MAX_MESSAGE_BYTES // 4), 10)
    answer = pb.ListRoundsResponse(rounds=page.items, next_page_token=page.next_page_token)
    assert len(page.items) == 3
    assert answer.ByteSize() <= MAX_MESSAGE_BYTES
    assert LISTING.position(page.next_page_token, int) == (8,)


def test_many_small_items_fit_with_what_each_adds_around_it() -> None:
    found = [((number,), pb.Round(federation="f" * 4090)) for number in range(2000)]
    page = page_of(LISTING, found, 2000)
    answer = pb.ListRoundsResponse(rounds=page.items, next_page_token=page.next_page_token)
    assert MAX_MESSAGE_BYTES * 0.97 < answer.ByteSize() <= MAX_MESSAGE_BYTES
