"""Post texts: the made-up texts of posts, in three languages and in awkward forms."""

from fb.sandbox.world import shop_names

_ENGLISH, _GERMAN, _PORTUGUESE = "English", "German", "Portuguese"
_LANGUAGES: dict[str, str] = {
    shop_names.BRAZIL: _PORTUGUESE,
    shop_names.PORTUGAL: _PORTUGUESE,
    shop_names.UK: _ENGLISH,
    shop_names.IRELAND: _ENGLISH,
    shop_names.USA: _ENGLISH,
}
_SENTENCES: dict[str, tuple[str, ...]] = {
    _GERMAN: (
        "Frisch eingetroffen und schon halb vergriffen.",
        "Heute haben wir bis 20 Uhr geöffnet.",
        "Ein Blick hinter die Kulissen: So fängt unser Tag an.",
        "Danke für das schöne Wochenende mit euch!",
        "Wir suchen Verstärkung. Schreibt uns einfach.",
        "Was ist euer Lieblingsstück? Sagt es uns unten.",
        "Am Samstag sind wir auf dem Wochenmarkt.",
        "Neu im Sortiment, und schon unser Favorit.",
        "Am Feiertag bleibt unsere Tür zu, danach sind wir wieder da.",
        "Vorher und nachher: drei Wochen Arbeit in einem Bild.",
        "Noch zwei Plätze frei am Donnerstagabend.",
        "So sah es hier vor zwanzig Jahren aus.",
    ),
    _ENGLISH: (
        "Just in, and half of it is gone already.",
        "We are open until eight tonight.",
        "Behind the scenes: this is how our day begins.",
        "Thank you all for a lovely weekend!",
        "We are hiring. Send us a note.",
        "Which one is your favourite? Tell us below.",
        "Find us at the market on Saturday.",
        "New on the shelf, and the whole team wants one.",
        "Closed on the bank holiday, back the day after.",
        "Before and after: three weeks of work in one picture.",
        "Two places left on Thursday evening.",
        "This is what it looked like here twenty years ago.",
    ),
    _PORTUGUESE: (
        "Acabou de chegar e já está quase no fim.",
        "Hoje ficamos abertos até as 20h.",
        "Nos bastidores: é assim que começa o nosso dia.",
        "Obrigado pelo fim de semana com vocês!",
        "Estamos contratando. Escreva para a gente.",
        "Qual é o seu preferido? Conte nos comentários.",
        "No sábado estamos na feira.",
        "Novidade na loja, e já é a nossa favorita.",
        "No feriado fechamos, no dia seguinte voltamos.",
        "Antes e depois: três semanas de trabalho em uma foto.",
        "Ainda há duas vagas na quinta à noite.",
        "Era assim aqui há vinte anos.",
    ),
}
# The first of each does better than the others.
_HASHTAGS: dict[str, tuple[str, ...]] = {
    _GERMAN: ("#handgemacht", "#wochenende", "#Angebot", "#ausLiebe", "#neu"),
    _ENGLISH: ("#handmade", "#weekend", "#Offer", "#smallbusiness", "#new"),
    _PORTUGUESE: ("#feitoàmão", "#fimdesemana", "#Oferta", "#pequenosnegócios", "#novidade"),
}
GOOD_HASHTAGS = frozenset(names[0] for names in _HASHTAGS.values())

# Markup, formulas, right-to-left text, graphemes, control characters, much white space, an address.
HOSTILE_TEXTS: tuple[str, ...] = (
    "=1+1",
    '=HYPERLINK("http://evil.example","Gewinn")',
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "**Fett** _kursiv_ [link](javascript:alert(1)) `code` :material/delete: $\\sum x$ :red[rot]",
    "مرحبا بكم في مقهى الياسمين، نفتح كل يوم من الثامنة صباحا #قهوة",
    "\u202eRückwärts\u202c und wieder vorwärts \u200b\u2066x\u2069",
    "👩‍🌾🚜🌻 Ernte! 🇩🇪🏳️‍🌈👨‍👩‍👧‍👦 #🌻 #ernte",
    "@SUM(A1:A9)\t-2+3\r\n+49 30 123456 | a | b |",
    "\n\n\n  Viel   Luft  \n\n\n\noben und unten\n\n",
    "#neu #neu #Neu #NEU ##neu a#neu #1 #",
    "https://www.facebook.com/l.php?u=http%3A%2F%2Fevil.example%2F&h=x&amp;#x27;",
    "Z̷̛͎a̵̡͝l̶͚̈g̸̘̈o̷̭͝ und e\u0301 statt é",
)
LONG_TEXT = ("Ein Roman in Fortsetzungen, Teil eins von vielen. " * 1_200)[:60_000]


def pick_language(country: str | None) -> str:
    """Return the language of a Page's posts; German without a country."""
    return _LANGUAGES.get(country or "", _GERMAN)


def list_sentences(language: str) -> tuple[str, ...]:
    """Return the sentences of which a post has one or two."""
    return _SENTENCES[language]


def list_hashtags(language: str) -> tuple[str, ...]:
    """Return the hashtags that repeat in posts of this language."""
    return _HASHTAGS[language]
