"""`manage audit_verify`: is every event what it was when it was sealed? Exit code 1 when not."""

import base64
import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from django.core.management.base import BaseCommand, CommandError, CommandParser

from app.audit import verifying
from app.audit.actions.sealing import key_name
from app.audit.models import AuditSeal
from app.audit.queries import statement_of


class Command(BaseCommand):
    help = "Verify the audit log against its seals; with --copy also against those that the backup host keeps."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--key", type=Path, action="append", default=[], help="PEM file of a key that signs seals")
        parser.add_argument(
            "--public-key", action="append", default=[], help="such a key's public half, as base64 of its PEM text"
        )
        parser.add_argument("--copy", help="file of the kept seals; - is standard input")
        parser.add_argument("--resume", type=Path, help="progress file: an interrupted run goes on where it was")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        begin = time.monotonic()
        pems = [path.read_bytes() for path in options["key"]]
        keys = dict(_key(pem) for pem in [*pems, *map(base64.b64decode, options["public_key"])])
        progress = Progress(options["resume"])

        def say(month: date, report: verifying.Report) -> None:
            progress.note(month)
            rate = report.events / max(time.monotonic() - begin, 0.001)
            self.stderr.write(f"{month:%Y-%m} {report.events:,}件 {rate:,.0f}件/秒 異常{report.count}件")

        report = verifying.verify(keys, _lines(options["copy"]), progress.done, say)
        progress.end()
        seconds = time.monotonic() - begin
        if options["json"]:
            self.stdout.write(json.dumps(_told(report, seconds), ensure_ascii=False, indent=1))
        else:
            self.stdout.write(
                f"記録 {report.events:,}件、封印 {report.seals:,}件（保管先と一致 {report.copied:,}件）、"
                f"未封印 {report.unsealed:,}件、{seconds:.1f}秒（{report.events / max(seconds, 0.001):,.0f}件/秒）"
            )
            for line in report.disposed:
                self.stdout.write(f"廃棄済み {line}")
        if report.count and not options["json"]:
            shown = [f"{verifying.KINDS[fault.kind]}: {fault.text}" for fault in report.faults[:50]]
            raise CommandError("\n".join([f"異常が{report.count}件あります。", *shown]))
        if report.count:
            raise SystemExit(1)


def _told(report: verifying.Report, seconds: float) -> dict[str, Any]:
    faults = [{"kind": one.kind, "seal": one.seal, "event": one.event, "text": one.text} for one in report.faults]
    return {
        "events": report.events, "seals": report.seals, "copied": report.copied, "unsealed": report.unsealed,
        "disposed": report.disposed, "seconds": round(seconds, 1), "faults": faults, "fault_count": report.count,
    }  # fmt: skip


def _key(pem: bytes) -> tuple[str, Ed25519PublicKey]:
    if b"PRIVATE" in pem:
        private = load_pem_private_key(pem, password=None)
        if isinstance(private, Ed25519PrivateKey):
            return key_name(private.public_key()), private.public_key()
    else:
        public = load_pem_public_key(pem)
        if isinstance(public, Ed25519PublicKey):
            return key_name(public), public
    raise CommandError("a key of the seals is an Ed25519 key in PEM format")


def _lines(name: str | None) -> Iterator[str] | None:
    """The kept lines without the keeper's own time."""
    if name is None:
        return None
    stream = sys.stdin if name == "-" else Path(name).open(encoding="utf-8")  # noqa: SIM115 - read to the end
    return (line.partition("\t")[2] for line in stream)


class Progress:
    """The months that an interrupted run has verified, as long as the chain is the one it saw."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        last = AuditSeal.objects.order_by("number").first()
        self.chain = statement_of(last).digest() if last else ""
        self.done: list[date] = []
        if path and path.exists():
            there = json.loads(path.read_text(encoding="utf-8"))
            if there["chain"] == self.chain:
                self.done = [date.fromisoformat(day) for day in there["done"]]

    def note(self, month: date) -> None:
        """One month more."""
        self.done.append(month)
        if self.path:
            self.path.write_text(json.dumps({"chain": self.chain, "done": [str(day) for day in self.done]}))

    def end(self) -> None:
        """The run came to its end: the next one begins anew."""
        if self.path:
            self.path.unlink(missing_ok=True)
