"""The children's first page: pictures that lead to the children's books of a subject."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What the library keeps for children, by its own kinds of material.
CHILDRENS = ("picture", "child", "kamishibai")


@dataclass(frozen=True)
class Picture:
    """One picture of the guide: its file, its word, and the classes or kinds of material behind it."""

    name: str
    word: Promise
    classes: tuple[str, ...] = ()
    materials: tuple[str, ...] = CHILDRENS

    @property
    def file(self) -> str:
        return f"opac/kids/{self.name}.svg"

    @property
    def url(self) -> str:
        """The search behind the picture, through the reader's door."""
        asked = [("class", digits) for digits in self.classes] + [("material", code) for code in self.materials]
        return f"{reverse('opac:search')}?{urlencode(asked)}"


GUIDE = (
    Picture("picture-books", _("絵本"), materials=("picture",)),
    Picture("stories", _("おはなし"), ("913", "933", "943", "953")),
    Picture("old-tales", _("むかし話"), ("388",)),
    Picture("kamishibai", _("かみしばい"), materials=("kamishibai",)),
    Picture("animals", _("どうぶつ"), ("48",)),
    Picture("insects", _("虫"), ("486",)),
    Picture("flowers", _("花と木"), ("47",)),
    Picture("dinosaurs", _("きょうりゅう"), ("457",)),
    Picture("space", _("星とうちゅう"), ("44",)),
    Picture("vehicles", _("のりもの"), ("536", "537", "546", "538", "68")),
    Picture("sports", _("スポーツ"), ("78",)),
    Picture("cooking", _("りょうり"), ("596",)),
    Picture("craft", _("工作とおりがみ"), ("75",)),
    Picture("riddles", _("なぞなぞ"), ("798", "807")),
)
