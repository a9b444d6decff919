"""What staff may do in this area."""

from app.access.operations import LIBRARIAN, declare

CONFIRM_SEAT = declare("mypage.confirm_seat", "席・端末の予約を来館時に確定する")
PUT_SEAT = declare("mypage.put_seat", "予約できる席・端末を定める", roles=(LIBRARIAN,))
