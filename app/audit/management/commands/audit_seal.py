"""`manage audit_seal --key FILE`: seal what is new (a timer runs it every minute), and send the seals away."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from app.audit import copying
from app.audit.actions import sealing


class Command(BaseCommand):
    help = "Seal the audit events that are new; with --to, keep a copy of every seal on another host."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--key", type=Path, help="PEM file of the Ed25519 key that signs (without: unsigned)")
        parser.add_argument("--to", metavar="COMMAND", help="command that reaches the keeper, e.g. 'ssh seals@bak1'")

    def handle(self, *args: Any, **options: Any) -> None:
        key = sealing.load_key(options["key"].read_bytes()) if options["key"] else None
        made = sealing.seal(timezone.now(), key)
        if made:
            self.stdout.write(
                f"{len(made)} seals over {sum(seal.count for seal in made)} events, up to {made[-1].number}"
            )
        if options["to"]:
            try:
                sent, number = copying.send(options["to"])
            except copying.CopyFailed as error:
                raise CommandError(str(error)) from error
            sealing.note_copied(options["to"].rpartition(" ")[2][-60:], number, timezone.now())
            if sent:
                self.stdout.write(f"{sent} seals copied")
