"""A real HTTP service on the loopback that answers like the national library's SRU."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

KNOWN = {
    "9784003101018": """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dcterms="http://purl.org/dc/terms/" xmlns:dcndl="http://ndl.go.jp/dcndl/terms/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:foaf="http://xmlns.com/foaf/0.1/">
<dcndl:BibAdminResource rdf:about="https://ndlsearch.ndl.go.jp/books/R100000002-I000002046387">
<dcndl:catalogingStatus>C7</dcndl:catalogingStatus></dcndl:BibAdminResource>
<dcndl:BibResource rdf:about="https://ndlsearch.ndl.go.jp/books/R100000002-I000002046387#material">
<dcterms:identifier rdf:datatype="http://ndl.go.jp/dcndl/terms/JPNO">90022345</dcterms:identifier>
<dcterms:identifier rdf:datatype="http://ndl.go.jp/dcndl/terms/ISBN">4-00-310101-4</dcterms:identifier>
<dcterms:title>吾輩は猫である</dcterms:title>
<dc:title><rdf:Description><rdf:value>吾輩は猫である</rdf:value>
<dcndl:transcription>ワガハイ ワ ネコ デ アル</dcndl:transcription></rdf:Description></dc:title>
<dcndl:volume><rdf:Description><rdf:value>上</rdf:value></rdf:Description></dcndl:volume>
<dcndl:edition>改版</dcndl:edition>
<dcterms:creator><foaf:Agent rdf:about="http://id.ndl.go.jp/auth/entity/00054222">
<foaf:name>夏目, 漱石, 1867-1916</foaf:name>
<dcndl:transcription>ナツメ, ソウセキ, 1867-1916</dcndl:transcription></foaf:Agent></dcterms:creator>
<dc:creator>夏目漱石 著</dc:creator>
<dcterms:publisher><foaf:Agent><foaf:name>岩波書店</foaf:name>
<dcndl:transcription>イワナミ ショテン</dcndl:transcription><dcndl:location>東京</dcndl:location>
</foaf:Agent></dcterms:publisher>
<dcterms:publisher><foaf:Agent><foaf:name>取次</foaf:name><dcterms:description>発売</dcterms:description>
</foaf:Agent></dcterms:publisher>
<dcterms:date>1990.4</dcterms:date><dcterms:issued rdf:datatype="http://purl.org/dc/terms/W3CDTF">1990</dcterms:issued>
<dcterms:extent>320p ; 15cm</dcterms:extent>
<dcndl:seriesTitle><rdf:Description><rdf:value>岩波文庫</rdf:value></rdf:Description></dcndl:seriesTitle>
<dcterms:subject rdf:resource="http://id.ndl.go.jp/class/ndlc/KH426"/>
<dcterms:subject rdf:resource="http://id.ndl.go.jp/class/ndc8/913.6"/>
<dcterms:subject rdf:resource="http://id.ndl.go.jp/class/ndc10/913.6"/>
<dcterms:subject><rdf:Description rdf:about="http://id.ndl.go.jp/auth/ndlsh/00568223"><rdf:value>日本小説</rdf:value>
</rdf:Description></dcterms:subject>
<dcterms:language rdf:datatype="http://purl.org/dc/terms/ISO639-2">jpn</dcterms:language>
</dcndl:BibResource></rdf:RDF>""",
}


def envelope(records: list[str], packed: bool = False) -> bytes:
    """The answer with these records, as elements or as escaped text."""
    inner = "".join(
        f"<record><recordSchema>http://ndl.go.jp/dcndl/terms/</recordSchema><recordData>"
        f"{escape(one) if packed else one}</recordData></record>"
        for one in records
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><searchRetrieveResponse xmlns="http://www.loc.gov/zing/srw/">'
        f"<version>1.2</version><numberOfRecords>{len(records)}</numberOfRecords><records>{inner}</records>"
        "</searchRetrieveResponse>"
    ).encode()


class StandIn:
    """What was asked, and how to answer: `mood` is well, packed, silent, broken, busy or huge."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.mood = "well"
        self.address = ""
        self.released = Event()


@contextmanager
def running() -> Iterator[StandIn]:
    """The service, until the block ends."""
    stand = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            question = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            stand.asked.append(question)
            if stand.mood == "silent":
                stand.released.wait(60)
                return
            if stand.mood == "busy":
                self.send_error(503)
                return
            number = question["query"].split('"')[1]
            body = envelope([KNOWN[number]] if number in KNOWN else [], stand.mood == "packed")
            body = {"broken": b"<html>maintenance</html>", "huge": b"<a>" + b" " * 5 * 1024 * 1024}.get(
                stand.mood, body
            )
            self.send_response(200)
            self.send_header("Content-Type", "application/xml")
            self.end_headers()
            with suppress(OSError):  # whoever asked has hung up
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand.address = f"http://127.0.0.1:{server.server_address[1]}/api/sru"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stand
    finally:
        stand.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
