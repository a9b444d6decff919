"""A mail server for tests: real SMTP on a real socket, with the receipts that postfix writes on the library's host."""

import email
import re
import socketserver
import threading
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any


class Server(socketserver.ThreadingTCPServer):
    """Keeps what it accepts. Hooks play the troubles of the real world."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, spool: Path) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.spool = spool
        self.mails: list[tuple[str, list[str], EmailMessage]] = []
        self.unknown: set[str] = set()
        self.silent_after_data = 0
        self.deaf_to_data = 0
        self.before_answer: Callable[[], None] = lambda: None
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def accept(self, sender: str, recipients: list[str], data: bytes) -> None:
        """Queue the mail and write its receipt, in one step as postfix does."""
        self.mails.append((sender, recipients, email.message_from_bytes(data, policy=policy.default)))
        match = re.match(r"n\+([0-9a-f]{32})@", sender)
        if match:
            folder = self.spool / "accepted"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / match.group(1)).touch()


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: Server

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self) -> None:
        self.say("220 test")
        sender, recipients = "", []
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            verb = verb.upper()
            address = re.search(r"<([^>]*)>", rest)
            if verb in ("EHLO", "HELO", "NOOP"):
                self.say("250 OK")
            elif verb == "MAIL":
                sender, recipients = address[1], []
                self.say("250 2.1.0 OK")
            elif verb == "RCPT":
                if address[1] in self.server.unknown:
                    self.say("550 5.1.1 no such mailbox")
                else:
                    recipients.append(address[1])
                    self.say("250 2.1.5 OK")
            elif verb == "DATA":
                self.say("354 go on")
                if not self.take(sender, recipients):
                    return
            elif verb == "RSET":
                self.say("250 OK")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("502 what?")

    def take(self, sender: str, recipients: list[str]) -> bool:
        """The text. False when the connection breaks here."""
        data = b""
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            data += line[1:] if line.startswith(b"..") else line
        server = self.server
        if server.deaf_to_data:
            server.deaf_to_data -= 1
            return False
        server.accept(sender, list(recipients), data)
        server.before_answer()
        if server.silent_after_data:
            server.silent_after_data -= 1
            return False
        self.say("250 2.0.0 queued")
        return True


def bounce(token: str, address: str, status: str = "5.1.1", domain: str = "kura-nagano.example") -> bytes:
    """A delivery status notification as a mail server of the world writes it."""
    return (
        f"Delivered-To: n+{token}@{domain}\r\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\r\n"
        f"To: n+{token}@{domain}\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="edge"\r\n\r\n'
        "--edge\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry.\r\n\r\n"
        "--edge\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\nArrival-Date: Mon, 23 Nov 2026 10:00:00 +0900 (JST)\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} user unknown\r\n\r\n"
        "--edge\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nbody\r\n--edge--\r\n"
    ).encode()


def put_bounce(spool: Path, text: bytes, name: str = "1.mail") -> None:
    """Put a mail into the maildir of what came back."""
    folder = spool / "returned" / "new"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text)


def plain(mail: Any) -> str:
    """The text of a mail."""
    return str(mail.get_content())
