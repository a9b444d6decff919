"""The mail path: the library's notices leave through the hub, signed, and what comes back finds its way in.

    application ─127.0.0.1:25─ postfix (application host) ─TLS─ postfix (hub) ─DKIM─ outside
                                             alerts of the monitoring ─TLS─▸ hub
                                     receipts, returned mail ◂─TLS─ hub ◂─ return.<domain> from outside

The envelope sender of every notice is n+<token>@return.<domain> (VERP), so a returned mail says which one it was.
The application's host writes a receipt, named by the token, for each mail it accepts. One server may be all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from inventory import Host, Inventory, Service

ORIGIN = "# Made by Kura from the inventory (network/mail.py). Changes here are overwritten.\n"
RELAY = "mail"
APPLICATION = "library"
ALERTS = "alertmanager"
SELECTOR = "kura1"
DKIM_PORT = 8891
SINK_PORT = 2525
REFUSING_PORT = 2526
# Addresses that a twin's sink refuses, so that a bounce can be seen without the Internet.
REFUSED_DOMAIN = "unknown.example"
QUEUE_LIFETIME = "2d"


@dataclass(frozen=True)
class Record:
    """One DNS record for whoever keeps the domain."""

    name: str
    kind: str
    value: str


def returns(site: Inventory) -> str:
    """The domain of envelope senders."""
    return f"return.{site.organisation.domain}"


def receipts(site: Inventory) -> str:
    """The domain, known only to the application's host, of the copies that become receipts."""
    return f"receipts.{site.organisation.domain}"


def _service(site: Inventory, name: str) -> Service | None:
    return next((service for service in site.services if service.id == name), None)


def _offers(site: Inventory, host: Host, name: str) -> bool:
    return any(service.id == name for service in site.services_of(host))


def principal(site: Inventory) -> str:
    """The relay's name, as in its certificate and its greeting."""
    service = _service(site, RELAY)
    return site.fqdn(service.row.names[0]) if service else ""


def _senders(site: Inventory) -> list[str]:
    """Addresses of the hosts whose mail the hub passes on: the library's and the monitoring's."""
    services = [_service(site, name) for name in (APPLICATION, ALERTS)]
    return list(dict.fromkeys(str(host.address) for service in services if service for host in service.hosts))


def is_relay(site: Inventory, host: Host) -> bool:
    """Whether the host passes mail to the outside."""
    return _offers(site, host, RELAY)


def is_application(site: Inventory, host: Host) -> bool:
    """Whether the library on this host hands over notices."""
    return _offers(site, host, APPLICATION)


def postfix(site: Inventory, host: Host, lab: bool = False) -> str:
    """main.cf of a host with mail. In the lab everything for outside ends in a sink on the relay itself."""
    relay, application = is_relay(site, host), is_application(site, host)
    lines = _common(site, host, relay)
    if application:
        lines += _inbox(site)
    if relay:
        lines += _outwards(site, host, application, lab)
    else:
        lines += [
            f"relayhost = [{principal(site)}]:25",
            "smtp_tls_security_level = secure",
            "smtp_tls_CAfile = /etc/kura/tls/ca.crt",
            "smtpd_tls_security_level = may",
            "smtpd_tls_cert_file = /etc/kura/tls/library.crt",
            "smtpd_tls_key_file = /etc/kura/tls/library.key",
        ]
    return ORIGIN + "\n".join(lines) + "\n"


def _common(site: Inventory, host: Host, relay: bool) -> list[str]:
    name = principal(site) if relay else site.fqdn(host.name)
    listens = "all" if relay else f"127.0.0.1, {host.address}"
    trusted = ["127.0.0.0/8"]
    if relay:
        trusted += [f"{address}/32" for address in _senders(site)]
    return [
        "compatibility_level = 3.9",
        f"myhostname = {name}",
        f"myorigin = {site.organisation.domain}",
        "mydestination =",
        "local_recipient_maps =",
        "local_transport = error:5.1.1 no local mailboxes",
        "alias_maps =",
        "alias_database =",
        f"inet_interfaces = {listens}",
        "inet_protocols = ipv4",
        f"mynetworks = {', '.join(trusted)}",
        "recipient_delimiter = +",
        "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination",
        "smtpd_recipient_restrictions = reject_non_fqdn_recipient, reject_unlisted_recipient",
        "smtpd_helo_required = yes",
        "disable_vrfy_command = yes",
        "smtpd_banner = $myhostname ESMTP",
        "smtp_tls_loglevel = 1",
        "biff = no",
        "append_dot_mydomain = no",
        "smtputf8_enable = no",
        "message_size_limit = 2097152",
        f"maximal_queue_lifetime = {QUEUE_LIFETIME}",
        f"bounce_queue_lifetime = {QUEUE_LIFETIME}",
        # Every recipient is a mail of its own on its way out: nobody's address stands beside another's.
        "smtp_destination_recipient_limit = 1",
    ]


def _inbox(site: Inventory) -> list[str]:
    """The application's own two addresses, delivered to its spool by the pipe `kura` (master.cf)."""
    back, accepted = returns(site), receipts(site)
    return [
        f"virtual_mailbox_domains = {back}, {accepted}",
        f"virtual_mailbox_maps = inline:{{ {{ n@{back} = n }}, {{ accepted@{accepted} = accepted }} }}",
        "virtual_transport = kura",
        "kura_destination_recipient_limit = 1",
        "sender_bcc_maps = regexp:/etc/postfix/receipts",
    ]


def _outwards(site: Inventory, host: Host, application: bool, lab: bool) -> list[str]:
    domain = site.organisation.domain
    contact = next((role.mail for role in site.contacts.roles if role.id == "operations"), "")
    lines = [
        f"virtual_alias_domains = {domain}",
        "virtual_alias_maps = inline:{ "
        + ", ".join(f"{{ {name}@{domain} = {contact} }}" for name in ("postmaster", "abuse"))
        + " }",
        "smtpd_tls_security_level = may",
        "smtpd_tls_cert_file = /etc/kura/tls/mail.crt",
        "smtpd_tls_key_file = /etc/kura/tls/mail.key",
        f"smtpd_milters = inet:127.0.0.1:{DKIM_PORT}",
        "milter_default_action = tempfail",
        "smtp_tls_security_level = may",
        "smtp_tls_CAfile = /etc/kura/tls/ca.crt",
        "smtpd_client_connection_count_limit = 10",
        "smtpd_client_message_rate_limit = 0",
        # Whoever connects from outside may return our own mail and write to the postmaster, slowly.
        "smtpd_client_recipient_rate_limit = 0",
    ]
    ways = []
    if not application:
        target = _service(site, APPLICATION)
        if target:
            inside = site.fqdn(target.hosts[0].name)
            lines += [
                f"relay_domains = {returns(site)}",
                f"relay_recipient_maps = inline:{{ {{ n@{returns(site)} = n }} }}",
                f"smtp_tls_policy_maps = inline:{{ {{ [{inside}]:25 = secure match={inside} }} }}",
            ]
            ways.append(f"{{ {returns(site)} = smtp:[{inside}]:25 }}")
    if lab:
        ways.append(f"{{ {REFUSED_DOMAIN} = smtp:[127.0.0.1]:{REFUSING_PORT} }}")
        lines.append(f"relayhost = [127.0.0.1]:{SINK_PORT}")
    if ways:
        lines.append(f"transport_maps = inline:{{ {', '.join(ways)} }}")
    return lines


def receipt_map(site: Inventory, host: Host) -> str:
    """The table that copies every notice's envelope to the receipts: /etc/postfix/receipts."""
    back = returns(site).replace(".", "\\.")
    return f"{ORIGIN}/^n\\+([0-9a-f]{{32}})@{back}$/ accepted+$1@{receipts(site)}\n"


def opendkim(site: Inventory, host: Host) -> str:
    """opendkim.conf of the relay: it signs what the library and the monitoring send, and nothing else."""
    inside = ["127.0.0.1", *_senders(site)]
    lines = [
        f"Domain {site.organisation.domain}",
        f"Selector {SELECTOR}",
        "KeyFile /etc/opendkim/kura.private",
        f"Socket inet:{DKIM_PORT}@127.0.0.1",
        "Mode s",
        "Canonicalization relaxed/simple",
        "SignatureAlgorithm rsa-sha256",
        "OversignHeaders From",
        f"InternalHosts {','.join(dict.fromkeys(inside))}",
        "UserID opendkim",
        "PidFile /run/opendkim/opendkim.pid",
        "Syslog yes",
    ]
    return ORIGIN + "\n".join(lines) + "\n"


def records(site: Inventory, host: Host | None = None, public_key: str = "") -> list[Record]:
    """What must stand in the public DNS for the mail to be believed: MX, SPF, DKIM and DMARC."""
    domain, address = site.organisation.domain, site.provider_address(site.hub)
    spf = f"v=spf1 ip4:{address} -all"
    contact = f"postmaster@{domain}"
    return [
        Record(principal(site), "A", str(address)),
        Record(domain, "MX", f"10 {principal(site)}."),
        Record(returns(site), "MX", f"10 {principal(site)}."),
        Record(domain, "TXT", spf),
        Record(returns(site), "TXT", spf),
        Record(f"{SELECTOR}._domainkey.{domain}", "TXT", f"v=DKIM1; k=rsa; p={public_key}"),
        Record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=quarantine; adkim=s; aspf=r; rua=mailto:{contact}"),
    ]


def zone(site: Inventory, host: Host | None = None, public_key: str = "") -> str:
    """The same as lines of a zone file, for the hand-over; long texts in pieces of at most 255 characters."""
    lines = [f"; {site.organisation.name}: 電子メールのための公開 DNS の記録 (network/mail.py)"]
    for record in records(site, host, public_key):
        value = record.value
        if record.kind == "TXT":
            value = "( " + " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255)) + " )"
        lines.append(f"{record.name}. 3600 IN {record.kind} {value}")
    return "\n".join(lines) + "\n"
