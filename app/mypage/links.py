"""Links that prove a mail address: their token is made from a row's nonce with the application's secret, and only its
hash is stored. A copy of the database opens nothing."""

import hashlib
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from inventory import load

RESET, MAIL = "reset", "mail"


def token_of(purpose: str, nonce: UUID) -> str:
    """The secret part of a link, 64 characters; the same each time it is asked for."""
    return salted_hmac(f"app.mypage.{purpose}", nonce.hex, algorithm="sha256").hexdigest()


def mark_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def address_of(purpose: str, nonce: UUID) -> str:
    """The whole link, at the name under which readers reach the library."""
    name = {RESET: "mypage:reset", MAIL: "mypage:confirm_mail"}[purpose]
    path = reverse(name, args=[token_of(purpose, nonce)])
    return f"https://{load(settings.INVENTORY).fqdn('opac')}{path}"
