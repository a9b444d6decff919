"""Everything that writes about orders."""

from app.acquisitions.actions.operations import ORDER, RECEIVE, VENDORS, VIEW, OrderRefused
from app.acquisitions.actions.ordering import Wanted, cancel, order, order_wish, put_vendor
from app.acquisitions.actions.receiving import receive

__all__ = [
    "ORDER",
    "RECEIVE",
    "VENDORS",
    "VIEW",
    "OrderRefused",
    "Wanted",
    "cancel",
    "order",
    "order_wish",
    "put_vendor",
    "receive",
]
