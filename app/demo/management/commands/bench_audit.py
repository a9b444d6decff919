"""`manage bench_audit …`: the parts of `./kura bench audit` that run inside the application."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from app.audit.actions.sealing import load_key
from app.audit.models import AuditEvent
from app.demo import auditing

OWN = "kura_bench_"


class Command(BaseCommand):
    help = "Fill an audit log with six years, tamper with it, mend it, search it. Only for a database made for it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("fill", "copy", "tamper", "mend", "search"))
        parser.add_argument("--events", type=int, default=10_000_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--key", type=Path, help="PEM file of the key that signs; made when it is not there")
        parser.add_argument("--to", type=Path, help="file for the copy of the seals")

    def handle(self, *args: Any, **options: Any) -> None:
        if not connection.settings_dict["NAME"].startswith(OWN):
            raise CommandError(f"only for a database made for measuring, {OWN}…")
        self.stdout.write(json.dumps(getattr(self, options["what"])(options)))

    def _said(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()

    def fill(self, options: dict[str, Any]) -> dict[str, int]:
        path = options["key"]
        if not path.exists():
            made = Ed25519PrivateKey.generate()
            path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        auditing.fill(options["events"], load_key(path.read_bytes()), self._said)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE audit_auditevent")
        return {"events": AuditEvent.objects.count()}

    def copy(self, options: dict[str, Any]) -> dict[str, int]:
        return {"seals": auditing.copy(options["to"])}

    def tamper(self, options: dict[str, Any]) -> list[list[Any]]:
        return auditing.tamper(options["seed"])

    def mend(self, options: dict[str, Any]) -> dict[str, int]:
        auditing.mend()
        return {}

    def search(self, options: dict[str, Any]) -> dict[str, float]:
        return auditing.questions(options["seed"])
