"""A notice's whole way on the running twin: application, hub, signature, outside (a sink); and back as a bounce."""

from __future__ import annotations

import base64
import email
import hashlib
import json
import re
import time
import uuid

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

SINK = "/var/lib/kura-sink"
AS_KURA = (
    "cd /opt/kura/current && runuser -u kura -- env KURA_CONFIG=/etc/kura/library.json KURA_COMMAND=1"
    " DJANGO_SETTINGS_MODULE=app.settings.library venv/bin/python -"
)
BEGIN = """
import django; django.setup()
from datetime import datetime, time, timedelta
from django.utils import timezone
from app.access.actor import system
from app.branches.models import Branch
from app.notices.actions import planning, returned, sending
from app.notices.models import BadAddress, Notice
from app.notices import queries
from app.patrons import actions as patrons
from app.patrons.models import Patron, PatronCategory
from app.patrons.rules import with_check_digit
ACTOR = system("twin-test")
noon = datetime.combine(timezone.localdate(), time(12), timezone.get_current_timezone())
"""


def library(twin, script: str) -> str:
    """Run a few lines as the application on its host; returns what they print."""
    done = twin.run("app1", AS_KURA, stdin=BEGIN + script)
    assert done.ok, done.stdout
    return done.stdout


def until(condition, patience=60):
    """Ask again until it holds; the last answer."""
    deadline = time.monotonic() + patience
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(1)
    return found


@pytest.fixture(scope="module")
def told(twin):
    """Two readers whose cards end soon, told by the application: one with a mailbox, one without."""
    mark = uuid.uuid4().hex[:8]
    good, bad = f"reader-{mark}@outside.example", f"reader-{mark}@unknown.example"
    made = library(
        twin,
        f"""
import json
made = []
for number, address in ((1, {good!r}), (2, {bad!r})):
    card = with_check_digit("1" + str(int({mark!r}, 16))[-7:].zfill(7) + str(number))
    patron = patrons.register(ACTOR, patrons.Registration(card_number=card, name="双子 試験", kana="フタゴ シケン",
        birth_date=None, category=PatronCategory.objects.get(code="general"), branch=Branch.objects.first(),
        phone="0262240000", email=address))
    Patron.objects.filter(pk=patron.pk).update(valid_until=timezone.localdate() + timedelta(days=5), contact_by="mail")
    made.append(patron.pk)
planning.plan_cards(ACTOR, noon)
sent = sending.send_due(ACTOR, noon)
print(json.dumps([made, sent.handed]))
""",
    )
    patrons, handed = json.loads(made.splitlines()[-1])
    assert handed >= 2
    yield {"good": good, "bad": bad, "patrons": patrons}
    library(
        twin, f"Notice.objects.filter(patron__in={patrons}).delete()\nPatron.objects.filter(pk__in={patrons}).delete()"
    )


@pytest.fixture(scope="module")
def arrived(twin, told):
    """The mail as the outside got it, byte for byte."""
    found = until(lambda: twin.run("gw1", f"grep -rl 'To: {told['good']}' {SINK}").stdout.split())
    assert found, twin.run("gw1", "postqueue -p; journalctl -n 30 --no-pager -u 'postfix*' -u opendkim").stdout
    assert len(found) == 1
    return base64.b64decode(twin.run("gw1", f"base64 {found[0]}").stdout)


def message_of(dump: bytes) -> bytes:
    """What was sent in DATA, without the sink's own heading lines, with the line ends of the wire."""
    lines = dump.replace(b"\r\n", b"\n").split(b"\n")
    while lines and lines[0].startswith(b"X-"):
        lines.pop(0)
    return b"\r\n".join(lines)


@pytest.mark.req("F-NTC-011", "S-NET-009")
def test_the_outside_gets_one_mail_for_one_reader(told, arrived):
    mail = email.message_from_bytes(message_of(arrived))
    heading = arrived.split(b"\n\n")[0].decode("utf-8", "replace")
    assert mail["To"] == told["good"]
    assert told["bad"] not in arrived.decode("utf-8", "replace")
    assert re.findall(r"X-Rcpt-Args: <(.*?)>", heading) == [told["good"]]
    assert re.search(r"X-Mail-Args: <n\+[0-9a-f]{32}@return\.kura-nagano\.example>", heading)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "双子 試験" in mail.get_payload(decode=True).decode()


def test_it_is_signed_with_the_key_that_the_dns_hand_over_names(twin, arrived):
    text = message_of(arrived)
    head, _, body = text.partition(b"\r\n\r\n")
    headers = re.findall(rb"(?ms)^([!-9;-~]+):(.*?)(?=^[!-9;-~]+:|\Z)", head + b"\r\n")
    signature = next(value for name, value in headers if name.lower() == b"dkim-signature")
    tags = dict(part.strip().split("=", 1) for part in re.sub(r"\s+", " ", signature.decode()).strip(" ;").split(";"))
    tags = {name.strip(): value.replace(" ", "") if name != "h" else value for name, value in tags.items()}
    assert (tags["d"], tags["s"], tags["c"]) == ("kura-nagano.example", "kura1", "relaxed/simple")
    body = body.rstrip(b"\r\n") + b"\r\n"
    assert base64.b64encode(hashlib.sha256(body).digest()).decode() == tags["bh"]
    signed = b""
    rest = list(headers)
    for name in tags["h"].split(":"):
        wanted = name.strip().lower().encode()
        place = max((at for at, (one, _) in enumerate(rest) if one.lower() == wanted), default=None)
        if place is not None:
            signed += relaxed(*rest.pop(place)) + b"\r\n"
    signed += relaxed(b"DKIM-Signature", re.sub(rb"(;\s*b=)[^;]*", rb"\1", signature))
    zone = (twin.state / "handover" / "mail.zone").read_text()
    record = next(line for line in zone.splitlines() if line.startswith("kura1._domainkey."))
    public = re.search(r"p=([A-Za-z0-9+/=]+)", "".join(re.findall(r'"([^"]*)"', record)))[1]
    key = serialization.load_der_public_key(base64.b64decode(public))
    key.verify(base64.b64decode(tags["b"]), signed, padding.PKCS1v15(), hashes.SHA256())


def relaxed(name: bytes, value: bytes) -> bytes:
    """A header in DKIM's relaxed form (RFC 6376, 3.4.2)."""
    return name.lower() + b":" + re.sub(rb"\s+", b" ", value).strip()


@pytest.mark.req("F-NTC-013", "S-NET-009")
def test_an_unknown_mailbox_is_recorded_and_goes_onto_the_phone_list(twin, told):
    patron = told["patrons"][1]

    def state():
        return library(
            twin,
            f"""
returned.read(ACTOR, noon)
rows = Notice.objects.filter(patron={patron}).order_by("id").values_list("means__code", "state", "result")
print(list(rows), BadAddress.objects.filter(patron={patron}).count(),
    [one.patron_id for one in queries.phone_list(timezone.localdate())].count({patron}))
""",
        ).splitlines()[-1]

    found = until(lambda: state() if "bounced" in state() else "")
    assert found == "[('mail', 'bounced', '宛先不明 5.1.1'), ('phone', 'ready', '')] 1 1", state()
    again = library(twin, f"print(Notice.objects.get(patron={told['patrons'][0]}).state)")
    assert again.strip() in ("handed", "delivered")


def test_the_application_s_server_wrote_receipts_that_hold_nothing(twin, told):
    """A notice in doubt would be settled by these; whoever reads them finds no text and no address."""
    token = uuid.uuid4().hex
    script = f"""
import smtplib
sender = "n+{token}@return.kura-nagano.example"
smtplib.SMTP("127.0.0.1").sendmail(sender, ["x@outside.example"], "Subject: x\\n\\nsecret")
"""
    assert twin.run("app1", "python3 -", stdin=script).ok
    path = f"/var/lib/kura/mail/accepted/{token}"
    assert until(lambda: twin.run("app1", f"test -e {path}").ok)
    assert twin.run("app1", f"stat -c '%s %U' {path}").stdout.strip() == "0 kura"
    twin.run("app1", f"rm {path}")


def test_the_hub_relays_for_nobody_else(twin):
    """From its provider side a stranger may return our mail and write to the postmaster, and nothing more."""
    outer = twin.site.provider_address(twin.site.hub)
    asked = [
        ("a@stranger.example", "b@elsewhere.example"),
        ("", f"n+{'a' * 32}@return.kura-nagano.example"),
        ("a@stranger.example", "postmaster@kura-nagano.example"),
        ("a@stranger.example", "notice@kura-nagano.example"),
    ]
    script = f"""
import smtplib
server = smtplib.SMTP("{outer}", source_address=("{outer}", 0))
server.ehlo("stranger.example")
for sender, recipient in {asked}:
    server.mail(sender)
    print(server.rcpt(recipient)[0], end=" ")
    server.rset()
"""
    assert twin.run("gw1", "python3 -", stdin=script).stdout.split() == ["554", "250", "250", "550"]


def test_between_application_and_hub_the_line_is_encrypted(twin, told, arrived):
    received = re.findall(r"(?ms)^Received: from app1\..*?(?=^\S)", message_of(arrived).decode("utf-8", "replace"))
    assert received
    assert "with ESMTPS" in received[0]
