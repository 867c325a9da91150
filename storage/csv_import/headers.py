"""Headers: tells what a column holds from its name, in the words of Facebook and other tools.

A name alone never proves more than it says: "Likes" may be the likes of a day's posts. So a name
is either sure, or probable (a person has to confirm it), or proof that the column has no totals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from storage.models.folding import fold

Kind = Literal["day", "time", "page", "fans", "followers"]
Certainty = Literal["sure", "probable", "doubtful", "no total"]


@dataclass(frozen=True)
class Meaning:
    """What a column holds.

    "probable": named like totals in a language or layout that is not proven. "doubtful": a name
    that tools also give to something else. "no total": gains of a day, rates and the like.
    """

    kind: Kind
    certainty: Certainty


def bare(text: str) -> str:
    """Return a name without case, accents, space and punctuation: "Page_Name" → "pagename"."""
    return re.sub(r"[\W_]", "", fold(text))


def _names(*names: str) -> frozenset[str]:
    return frozenset(map(bare, names))


# The Page's id comes before its name: a name can change.
_PAGE_IDS = _names("page_id", "id", "Facebook Id", "Facebook Page Id", "fb page id", "Seiten-ID")
_PAGES = _names(
    *("page_name", "name", "page", "Facebook Page", "Seitenname", "Seite", "Page URL", "URL"),
    *("Page link", "Profile URL"),
)
_PROBABLE_PAGES = _names(
    *("Profile", "Account", "Profile name", "Nom de la Page", "Nom", "Página", "Pagina"),
    *("Nombre de la página", "Nome da página", "Nome della Pagina", "Konto", "Profil", "brand"),
)
_DAYS = _names(
    *("date", "day", "Datum", "Tag", "end_time", "Post Created Date", "month", "Monat", "Mois"),
    "date_utc",
)
_PROBABLE_DAYS = _names(
    "Jour", "Fecha", "Día", "Data", "Dia", "Giorno", "Mes", "Mês", "Mese", "as of", "as_of_utc"
)
_TIMESTAMPS = _names("Post Created", "timestamp", "created_time", "fetched", "snapshot time")
_TIMES = _names("Post Created Time", "time", "Uhrzeit", "Heure", "Hora", "Ora")
# Columns of files with a row for each post.
_POSTS = _names(
    *("Post ID", "Video ID", "Video asset ID", "Permalink", "Post message", "Post type"),
    *("Post link", "Post URL", "Beitrags-ID"),
    *("Identifiant de la publication", "Identificador de la publicación"),
    *("Identificação da publicação", "ID del post"),
)
# Columns of files with a row for each part of a Page's fans.
_PARTS = _names(
    *("Country", "City", "Language", "Locale", "Gender", "Age", "Age range", "Age group", "Region"),
    *("Land", "Stadt", "Sprache", "Geschlecht", "Alter", "Pays", "Ville", "Langue", "Sexe", "Âge"),
    *("País", "Ciudad", "Idioma", "Sexo", "Edad", "Cidade", "Idade", "Paese", "Città", "Lingua"),
    *("Genere", "Sesso", "Età", "Género", "Gênero", "Genre"),
)
# Columns of files with a row for each metric, and of its figure.
_METRICS = _names(
    "Metric", "Metric name", "KPI", "Kennzahl", "Metrik", "Métrique", "Métrica", "Metrica"
)
_VALUES = _names("value", "Wert", "valeur", "valor", "valore")

_FANS = _names(
    *("fans", "fan_count", "page_fans", "Total Fans", "Total Page Likes", "Page Fans"),
    *("Lifetime Total Likes", "Likes at Posting"),
    # Facebook's export of 2013 has whole sentences.
    "Lifetime: The total number of people who have liked your Page.",
    "Lebenszeit-„Gefällt mir“-Angaben insgesamt",
    "Nombre total de mentions J’aime",
)
_PROBABLE_FANS = _names(
    *("Total Likes", "Total Page Fans", "Facebook Fans", "Fans total", "Likes total", "Fan count"),
    *("Lifetime Likes", "Page Likes total", "Page total likes", "Cumulative likes"),
    *("„Gefällt mir“-Angaben insgesamt", "Gefällt-mir-Angaben insgesamt", "Fans gesamt"),
    *("Lebenszeit: „Gefällt mir“-Angaben insgesamt", "Anzahl Fans"),
    *("Total de mentions J’aime", "Nombre total de J’aime", "Mentions J’aime au total"),
    *("Total de Me gusta", "Me gusta totales", "Total de Me gusta de la página", "Total de fans"),
    *("Total de Me gusta desde el principio", "Total acumulado de Me gusta"),
    *("Total de curtidas", "Curtidas totais", "Total de gostos", "Total de fãs", "Fãs"),
    *("Total de curtidas da página", "Total de opções Curtir"),
    *("Totale Mi piace", "Mi piace totali", "Totale dei Mi piace", "Totale fan"),
    *("Numero totale di Mi piace", "Totale Mi piace sulla Pagina"),
)
_DOUBTFUL_FANS = _names(
    *("likes", "Page Likes", "Facebook Likes", "Gefällt mir", "„Gefällt mir“-Angaben"),
    *("Gefällt-mir-Angaben", "J’aime", "Mentions J’aime", "Me gusta", "Curtidas", "Gostos"),
    "Mi piace",
)
_FOLLOWERS = _names(
    *("followers", "follower", "followers_count", "Page followers", "page_follows"),
    *("Total Followers", "Followers at Posting", "Lifetime Total Followers", "Abonnenten"),
    *("Lifetime Total Follows", "Abonnés", "Follower count"),
)
_PROBABLE_FOLLOWERS = _names(
    *("Audience", "Total audience", "Facebook followers", "Followers total", "Total follows"),
    *("Follower gesamt", "Abonnenten insgesamt", "Gesamtzahl der Follower", "Anzahl Follower"),
    *("Nombre total d’abonnés", "Total des abonnés", "Abonnés au total", "Nombre d’abonnés"),
    *("Seguidores", "Seguidores totales", "Total de seguidores", "Seguidores totais"),
    *("Follower totali", "Totale follower", "Numero totale di follower", "Persone che ti seguono"),
)
_DOUBTFUL_FOLLOWERS = _names("follows", "subscribers", "Page follows")

# A bracket after a name that leaves its meaning as it is.
_NEUTRAL = _names(
    *("total", "totals", "lifetime", "Unique Users", "UTC", "GMT", "gesamt", "insgesamt", "count"),
    *("total général", "totale", "totales", "totais", "cumulative", "all time", "Facebook", "FB"),
)
# Words of gains, rates and parts, in the six languages, without accents.
_NO_TOTAL = re.compile(
    r"[%+±δø]|\b(by|new|daily|net|growth|change[sd]?|delta|diff\w*|organic|paid|per|percent\w*|rate|ratio|"
    r"gained|lost|gains?|loss\w*|adds?|removes?|added|removed|weekly|monthly|unlikes?|unfollows?|"
    r"acquired|evol\w+|trend|entwicklung|online|countr\w+|cit(y|ies)|locale|language|gender|age|"
    r"sources?|saw|seen|talking|engag\w+|reached|active|top|"
    r"vs|prev\w*|prior|last|this|goal|target|forecast|increase\w*|/ ?(day|week|month)|"
    r"thousands?|millions?|tsd|tausend|mio|milliers?|miles|mil|migliaia|milhares|"
    r"vor(tag|woche|monat|jahr)\w*|ziel\w*|\w*gewonnen\w*|"
    r"gagn\w+|gan[ah]\w+|acqui\w+|increment\w+|aument\w+|objecti\w+|objetiv\w+|obiettiv\w+|"
    r"unfans?|today|\d+ days?|average|avg|reach|impressions|views|"
    r"neue?[rn]?|taglich\w*|netto|wachstum|veranderung\w*|organisch\w*|bezahlt\w*|verloren\w*|pro|"
    r"prozent|zuwachs|nach|woche\w*|monatlich\w*|entfernt\w*|nicht mehr|"
    r"nouve\w+|quotidien\w*|net(te)?s?|croissance|variation|organiques?|payant\w*|perdu\w*|par|"
    r"taux|selon|"
    r"nuev[oa]s?|diari[oa]s?|net[oa]s?|crecimiento|cambios?|organic[oa]s?|pagad[oa]s?|perdid[oa]s?|"
    r"por|tasa|ya no|"
    r"nov[oa]s?|liquid[oa]s?|crescimento|variacao|pag[oa]s?|taxa|"
    r"nuov[oi]|giornalier\w+|nett[oi]|crescita|variazione|organic[oi]|"
    r"a pagamento|pers[oi]|tasso|non piu)\b"
)
_SIGNS = re.compile("[%+±ΔØ]")
_FAN_STEMS = re.compile(r"fans?\b|likes?\b|gefallt|j.?aime|me gusta|curtid|gostos|mi piace")
_FOLLOWER_STEMS = re.compile(r"follow|abonne|abonnent|seguidor|subscriber")
_NETWORK = re.compile(
    r"\b(network|platform|channel|netzwerk|plattform|kanal|reseau|plateforme|canal|red|rede|rete|"
    r"plataforma|piattaforma)\b|\b(profile|account) type\b"
)
_FACEBOOK = re.compile(r"facebook|\bfb")
_OTHER_NETWORK = re.compile(
    r"\b(instagram|insta|twitter|linkedin|tiktok|youtube|pinterest|threads|bluesky|mastodon|"
    r"snapchat|whatsapp|telegram|xing|weibo|google)\b|^(x|ig|vk)\b"
)
_TOTAL = re.compile(r"\b(total\w*|lifetime|\w*gesamt|cumul\w+)\b")
# Meta Business Suite's name for the figures of the one period that is shown.
_PRIMARY = _names(
    "Primary", "Primär", "Principal", "Primaire", "Primario", "Primário", "Principale"
)

_SURE: tuple[tuple[frozenset[str], Kind], ...] = (
    (_DAYS, "day"),
    (_TIMES, "time"),
    (_PAGE_IDS | _PAGES, "page"),
    (_FANS, "fans"),
    (_FOLLOWERS, "followers"),
)
_PROBABLE: tuple[tuple[frozenset[str], Kind], ...] = (
    (_PROBABLE_DAYS | _TIMESTAMPS, "day"),
    (_PROBABLE_PAGES, "page"),
    (_PROBABLE_FANS, "fans"),
    (_PROBABLE_FOLLOWERS, "followers"),
)
_DOUBTFUL: tuple[tuple[frozenset[str], Kind], ...] = (
    (_DOUBTFUL_FANS, "fans"),
    (_DOUBTFUL_FOLLOWERS, "followers"),
)


def find_meaning(cell: str) -> Meaning | None:
    """Return what a column of this name holds; None where the name tells nothing."""
    if names_other_network(cell):
        return None
    name, brackets = _split_brackets(" ".join(cell.split()))
    certainties = (("sure", _SURE), ("probable", _PROBABLE), ("doubtful", _DOUBTFUL))
    for certainty, table in certainties:
        for names, kind in table:
            if bare(name) not in names:
                continue
            if kind in ("fans", "followers") and _SIGNS.search(cell):
                return Meaning(kind, "no total")
            if kind in ("fans", "followers") and brackets:
                return Meaning(kind, "no total" if _has_no_totals(brackets) else "doubtful")
            return Meaning(kind, certainty)  # type: ignore[arg-type]
    return _find_by_stem(cell)


def _find_by_stem(cell: str) -> Meaning | None:
    """A name that only speaks of fans or followers."""
    text = fold(cell).replace("_", " ")
    for stems, kind in ((_FAN_STEMS, "fans"), (_FOLLOWER_STEMS, "followers")):
        if stems.search(text):
            certainty = "no total" if _has_no_totals(text) else "doubtful"
            return Meaning(kind, certainty)  # type: ignore[arg-type]
    return None


def is_page_id(cell: str) -> bool:
    """Return whether a column of this name holds ids of Pages."""
    return bare(cell) in _PAGE_IDS


def is_timestamp(cell: str) -> bool:
    """Return whether a column of this name holds a day with its time."""
    return bare(cell) in _TIMESTAMPS


def has_row_of_each_post(header: Sequence[str]) -> bool:
    """Return whether a file with this header has a row for each post or video."""
    return any(bare(cell) in _POSTS for cell in header)


def is_only_likes(cell: str) -> bool:
    """Return whether a name of fans fits the likes of a post as well: it names no Page or fans."""
    return re.search(r"\b(page|fans?|posting)\b|seite|pagin", fold(cell).replace("_", " ")) is None


def is_part(cell: str) -> bool:
    """Return whether a column of this name may divide a Page's fans, as by country."""
    return bare(cell) in _PARTS


def is_metric(cell: str) -> bool:
    """Return whether a column of this name holds the name of the metric of its row."""
    return bare(cell) in _METRICS


def is_value(cell: str) -> bool:
    """Return whether a column of this name holds figures of which another column tells more."""
    return bare(cell) in _VALUES


def find_network(header: Sequence[str], samples: Sequence[Sequence[str]]) -> int | None:
    """Return the column with the network of each row, by its name and ``samples`` of each column.

    Only cells prove it: other columns are called a channel, too.
    """
    for index, (name, cells) in enumerate(zip(header, samples, strict=True)):
        are_networks = [names_facebook(cell) or names_other_network(cell) for cell in cells]
        is_one = _NETWORK.search(fold(name).replace("_", " ")) and any(are_networks)
        # A lone "x" is rather a tick.
        is_told = find_meaning(name) is None and any(len(cell) > 2 for cell in cells)
        if is_one or (is_told and all(are_networks)):
            return index
    return None


def names_facebook(text: str) -> bool:
    """Return whether a text names Facebook."""
    return _FACEBOOK.search(fold(text)) is not None


def names_other_network(text: str) -> bool:
    """Return whether a text names another network than Facebook."""
    return _OTHER_NETWORK.search(fold(text).replace("_", " ")) is not None


def names_new_ones(text: str) -> bool:
    """Return whether a title speaks of new fans or followers, of their growth and the like."""
    folded = fold(text)
    stems = _FAN_STEMS.search(folded) or _FOLLOWER_STEMS.search(folded)
    return stems is not None and _has_no_totals(folded)


def find_zone(cell: str) -> str | None:
    """Return the bracket of a date column's name, as in "date (UTC)"; None without one."""
    match = re.search(r"\(([^()]+)\)", cell)
    return match[1].strip() or None if match else None


def count_meanings(cells: Iterable[str]) -> int:
    """Return how many kinds of columns a row names; 0 for a row without any for days or figures."""
    kinds = {meaning.kind for cell in cells if len(cell) < 300 and (meaning := find_meaning(cell))}
    return len(kinds) if kinds & {"day", "fans", "followers"} else 0


def describe_business_suite(title: str, header: Sequence[str]) -> str | None:
    """Return what a file of Meta Business Suite holds, as a sentence; None for another file.

    It has a title above its header, and a column "Primary", perhaps one to compare with.
    """
    if len(header) > 3 or not any(bare(cell) in _PRIMARY for cell in header):
        return None
    what = title.strip(' "“”') or "daily figures"
    if _TOTAL.search(fold(what)):
        return None
    if _FOLLOWER_STEMS.search(fold(what)) or _FAN_STEMS.search(fold(what)):
        what = f"“{what}”, the new follows of each day"
    else:
        what = f"“{what}”, a figure of each day"
    return (
        f"This is a file of Meta Business Suite with {what}. It has no totals, so there is nothing "
        "to import. Pagekeeper needs how many fans or followers a Page had on each day."
    )


def _split_brackets(name: str) -> tuple[str, str]:
    """Return a name without its brackets, and their texts that are not neutral, folded."""
    inside = [
        text.strip() for text in re.findall(r"\(([^()]*)\)|\[([^\[\]]*)\]", name) for text in text
    ]
    outside = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", name)
    strange = [text for text in inside if text and bare(text) not in _NEUTRAL]
    return outside, fold(" ".join(strange))


def _has_no_totals(folded: str) -> bool:
    return _NO_TOTAL.search(folded.replace("_", " ")) is not None
