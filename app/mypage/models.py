"""What readers keep in My Page, each thing by their own choice, and what proves who somebody is.

This is the one place of the library in which a reader and a title may stand together after a loan: in the record of
reading and in the lists that the reader asked for. Therefore every such column is sealed (app.web.sealed), holds no
foreign key to the catalogue, and is erased in the transaction in which the reader withdraws the consent. What has to be
unique is kept as a keyed hash. `tests/test_privacy.py` looks into every table for anything more than that.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from app.branches.models import Branch
from app.patrons.models import Patron
from app.web.sealed import SealedJSONField, SealedTextField


class ResetAsk(models.Model):
    """Somebody who forgot a password typed this. The page writes a row whoever it is and answers the same; a job looks
    up a minute later whether there is such a reader, and empties the row."""

    number = SealedTextField("利用券番号")
    address = SealedTextField("メール")
    asked_at = models.DateTimeField("受付日時", db_default=Now())
    done = models.BooleanField("回答済み", default=False, db_default=False)
    origin = models.CharField(max_length=12, blank=True, default="")
    """Keyed hash of the address it came from, to slow down whoever sends hundreds."""

    class Meta:
        verbose_name = "再設定の申出"
        indexes = [models.Index(fields=["origin", "asked_at"], name="mypage_ask_origin")]


class PasswordReset(models.Model):
    """A link that lets its reader choose a new password once. `mark` is the hash of the link's token; the token is made
    from `nonce` with the application's secret when the mail is written, and stands nowhere."""

    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="+")
    nonce = models.UUIDField(unique=True)
    mark = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField("有効期限")
    used_at = models.DateTimeField("使用日時", null=True)

    class Meta:
        verbose_name = "パスワードの再設定"
        indexes = [models.Index(fields=["expires_at"], name="mypage_reset_expires")]


class MailChange(models.Model):
    """An address that waits for its owner's word. Until then nothing is sent there but the one mail that asks."""

    patron = models.OneToOneField(Patron, on_delete=models.CASCADE, primary_key=True, related_name="+")
    address = SealedTextField("新しいメール")
    nonce = models.UUIDField(unique=True)
    mark = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField("有効期限")

    class Meta:
        verbose_name = "メールの確認待ち"


class Reading(models.Model):
    """A reader's consent to a record of what they borrow. Without this row nothing is kept; deleting it deletes all.

    `seen` is the last loan that was copied, sealed: nothing says plainly when somebody borrowed.
    """

    patron = models.OneToOneField(Patron, on_delete=models.CASCADE, primary_key=True, related_name="+")
    since = models.DateField("同意日")
    seen = SealedTextField("最後に写した貸出", blank=True, default="")

    class Meta:
        verbose_name = "読書記録の同意"


class ReadingYear(models.Model):
    """What a reader borrowed in a year: [[record, title, creators, day, place], …] in order, sealed as one."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="years")
    year = models.PositiveSmallIntegerField("年")
    entries = SealedJSONField("読書記録", blank=True)

    class Meta:
        verbose_name = "読書記録"
        constraints = [models.UniqueConstraint(fields=["reading", "year"], name="mypage_reading_year_once")]


class Favourite(models.Model):
    """A title on one of a reader's two lists. `content` is {record, title, creators, comment}; `mark` keeps it once."""

    class Shelf(models.TextChoices):
        WANT = "want", _("読みたい本")
        READ = "read", _("読んだ本")

    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="+")
    shelf = models.CharField("一覧", max_length=4, choices=Shelf)
    mark = models.CharField(max_length=12, unique=True)
    content = SealedJSONField("内容")
    made_on = models.DateField("登録日")

    class Meta:
        verbose_name = "お気に入り"
        ordering = ["-made_on", "-id"]


class Watch(models.Model):
    """Words of which a reader wants to hear when something new arrives. `content` is {field, text}."""

    class Field(models.TextChoices):
        ANY = "any", _("書名などの語")
        AUTHOR = "author", _("著者")
        SUBJECT = "subject", _("件名")

    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="+")
    mark = models.CharField(max_length=12, unique=True)
    content = SealedJSONField("登録語")
    made_on = models.DateField("登録日")

    class Meta:
        verbose_name = "新着の登録語"
        ordering = ["id"]


class FamilyShare(models.Model):
    """A reader's consent that their family (as registered at the counter) sees their loans and holds. Looked at each
    time: deleting the row ends it at once."""

    patron = models.OneToOneField(Patron, on_delete=models.CASCADE, primary_key=True, related_name="+")
    since = models.DateField("同意日")

    class Meta:
        verbose_name = "家族への公開の同意"


class Seat(models.Model):
    """A seat or an internet terminal that readers may book by the hour."""

    class Kind(models.TextChoices):
        STUDY = "study", _("学習席")
        TERMINAL = "terminal", _("インターネット端末")

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="+", verbose_name="館")
    kind = models.CharField("種類", max_length=8, choices=Kind)
    name = models.CharField("名称", max_length=20)
    is_active = models.BooleanField("使う", default=True, db_default=True)

    class Meta:
        verbose_name = "席・端末"
        ordering = ["branch", "kind", "name"]
        constraints = [models.UniqueConstraint(fields=["branch", "name"], name="mypage_seat_once")]

    def __str__(self) -> str:
        return self.name


class SeatBooking(models.Model):
    """One seat for one reader for the hour that begins at `starts_at`. Not confirmed in time, it counts for nothing and
    gives way to the next; the night deletes what is over."""

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="bookings")
    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField("開始")
    confirmed_at = models.DateTimeField("来館確認", null=True)

    class Meta:
        verbose_name = "席の予約"
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["seat", "starts_at"], name="mypage_seat_hour_once"),
            models.UniqueConstraint(fields=["patron", "starts_at"], name="mypage_one_seat_an_hour"),
            models.CheckConstraint(
                name="mypage_seat_whole_hour",
                condition=Q(starts_at__minute=0, starts_at__second=0),
            ),
        ]
