"""Shop names: list and generate names and addresses, from which `world` makes Pages."""

from typing import NamedTuple


class Shop(NamedTuple):
    """The name and description of one Page."""

    name: str
    category: str
    city: str
    country: str
    about: str


GERMANY, AUSTRIA, BRAZIL = "Germany", "Austria", "Brazil"
PORTUGAL, UK, IRELAND, USA = "Portugal", "United Kingdom", "Ireland", "United States"

SHOPS: tuple[Shop, ...] = (
    Shop("Bäckerei Morgenrot", "Bakery", "Leipzig", GERMANY, "Brot aus dem Holzofen, seit 1931."),
    Shop("The Copper Kettle", "Tea Room", "York", UK, "Loose leaf tea, scones and time to talk."),
    Shop("Padaria Pão da Vila", "Bakery", "São Paulo", BRAZIL, "Pão quentinho a toda hora."),
    Shop("Café Lindenhof", "Cafe", "Freiburg", GERMANY, "Kuchen unter alten Linden."),
    Shop("Harbour Books", "Bookstore", "Bristol", UK, "New and second-hand, by the water."),
    Shop("Optik Keller", "Optician", "Würzburg", GERMANY, "Gutes Sehen ist Handwerk."),
    Shop(
        "Livraria Páginas Soltas", "Bookstore", "Curitiba", BRAZIL, "Livros novos, usados e raros."
    ),
    Shop("Blumen Sommer", "Florist", "Kassel", GERMANY, "Sträuße aus eigener Gärtnerei."),
    Shop("Maple & Oak Furniture", "Furniture Store", "Portland", USA, "Tables that last."),
    Shop("Buchhandlung am Markt", "Bookstore", "Weimar", GERMANY, "Lesungen jeden Donnerstag."),
    Shop("Café do Porto", "Coffee Shop", "Porto Alegre", BRAZIL, "Torrado aqui, todo dia."),
    Shop("Fahrrad Brandt", "Bicycle Shop", "Münster", GERMANY, "Räder, Teile, Werkstatt."),
    Shop("Wild Thyme Kitchen", "Restaurant", "Bath", UK, "What the garden gives today."),
    Shop("Weinhaus Riesling & Co.", "Wine Bar", "Mainz", GERMANY, "Sechzig Weine im Glas."),
    Shop(
        "Doceria Brigadeiro Real", "Candy Store", "Belo Horizonte", BRAZIL, "Feito à mão, um a um."
    ),
    Shop("Northside Cycles", "Bicycle Shop", "Chicago", USA, "Repairs while you wait."),
    Shop("Spielzeugkiste", "Toy Store", "Nürnberg", GERMANY, "Holz, Stoff und gute Ideen."),
    Shop("Açaí da Praia", "Juice Bar", "Florianópolis", BRAZIL, "Na areia desde 2009."),
    Shop("Tischlerei Holzwerk", "Carpenter", "Erfurt", GERMANY, "Möbel nach Maß."),
    Shop("Bluebird Bakery", "Bakery", "Galway", IRELAND, "Soda bread and seaweed butter."),
    Shop("Hofladen Apfelgarten", "Grocery Store", "Jork", GERMANY, "Äpfel, Saft und Kirschen."),
    Shop("Floricultura Jardim Secreto", "Florist", "Campinas", BRAZIL, "Flores para hoje."),
    Shop("Stonebridge Coffee Roasters", "Coffee Shop", "Edinburgh", UK, "Roasted on Tuesdays."),
    Shop("Teestube Zimt", "Tea Room", "Bremen", GERMANY, "Achtzig Sorten, ein Ofen."),
    Shop("Pizzaria Bella Massa", "Pizza Place", "São Paulo", BRAZIL, "Forno a lenha."),
    Shop("Paper Lantern Toys", "Toy Store", "Boston", USA, "Kites, puppets and puzzles."),
    Shop("Gasthaus Zum Goldenen Hirsch", "German Restaurant", "Rothenburg", GERMANY, "Seit 1684."),
    Shop("Moda Ipanema", "Clothing Store", "Rio de Janeiro", BRAZIL, "Verão o ano inteiro."),
    Shop("Yogahaus Nord", "Yoga Studio", "Kiel", GERMANY, "Ruhig werden am Wasser."),
    Shop("Driftwood Surf Co.", "Sporting Goods Store", "Newquay", UK, "Boards, lessons, tides."),
    Shop("Stadtapotheke Bamberg", "Pharmacy", "Bamberg", GERMANY, "Beratung in vier Sprachen."),
    Shop("Pet Shop Amigo Fiel", "Pet Store", "Recife", BRAZIL, "Banho, tosa e carinho."),
    Shop("Little Fern Nursery", "Garden Center", "Exeter", UK, "Ferns, herbs and advice."),
    Shop("Möbelwerk Berlin", "Furniture Store", "Berlin", GERMANY, "Entworfen in Kreuzberg."),
    Shop(
        "Surf Escola Maré Alta",
        "Sports Instruction",
        "Fortaleza",
        BRAZIL,
        "Primeira onda garantida.",
    ),
    Shop("Schuhhaus Lang", "Shoe Store", "Ulm", GERMANY, "Passt, oder wir machen es passend."),
    Shop("Meadowlark Yoga", "Yoga Studio", "Seattle", USA, "Slow mornings, every morning."),
    Shop("Eisdiele Dolce Vita", "Ice Cream Shop", "Köln", GERMANY, "Dreißig Sorten, keine Eile."),
    Shop("Cervejaria Serra Azul", "Brewery", "Petrópolis", BRAZIL, "Cerveja de montanha."),
    Shop("Tierpark Waldau", "Zoo", "Bonn", GERMANY, "Wölfe, Luchse und Ziegen."),
    Shop("Juniper Lane Candles", "Gift Shop", "Austin", USA, "Poured by hand in small batches."),
    Shop("Kletterhalle Gipfel", "Rock Climbing Gym", "Innsbruck", AUSTRIA, "1.200 m² Wand."),
    Shop("Papelaria Arco-Íris", "Stationery Store", "Salvador", BRAZIL, "Cadernos e mil cores."),
    Shop(
        "Riverside Animal Shelter", "Animal Shelter", "Leeds", UK, "Every animal deserves a home."
    ),
    Shop("Musikschule Allegro", "Music School", "Salzburg", AUSTRIA, "Vom ersten Ton an."),
    Shop("Óbidos Artesanato", "Arts & Crafts Store", "Óbidos", PORTUGAL, "Cerâmica e cortiça."),
)

# Names that often break programs: markup, icons, formulas, bidi, graphemes, length, quotes.
HOSTILE_NAMES: tuple[str, ...] = (
    ":material/delete: <b>x</b> www.evil.com",
    '=HYPERLINK("http://evil.example","Gewinn")',
    "<script>alert(1)</script> & Söhne",
    "**Fett** _kursiv_ [link](javascript:alert(1)) `code`",
    "مقهى الياسمين",
    "\u202eRückwärts Mode\u202c",
    "🌻🐝 Sonnenblumenhof 👩‍🌾🚜",
    ("Der längste Name im ganzen Land, " + "und noch ein Stück weiter, " * 11)[:296] + "Ende",
    "東京ラーメン横丁",
    "O'Neill's \"Pub\" \\ Grill {{x}} ${y} %s",
    "+49 Taxi @home -10 %",
)

# Three more awkward Pages: without fans, without counts, without any field but the name.
NEW_SHOP = "Neueröffnung: Kaffeewagen Nr. 7"
UNCOUNTED = "Nachbarschaftshilfe Südvorstadt"
BARE = "K"

KINDS: tuple[tuple[str, str, str], ...] = (
    ("Bäckerei", "Bakery", GERMANY),
    ("Café", "Cafe", GERMANY),
    ("Autohaus", "Car Dealership", GERMANY),
    ("Gärtnerei", "Garden Center", GERMANY),
    ("Brauerei", "Brewery", AUSTRIA),
    ("Padaria", "Bakery", BRAZIL),
    ("Livraria", "Bookstore", BRAZIL),
    ("Farmácia", "Pharmacy", BRAZIL),
    ("Academia", "Gym", BRAZIL),
    ("Books by", "Bookstore", UK),
    ("Studio", "Art Gallery", UK),
    ("Garage", "Automotive Repair Shop", USA),
    ("Kitchen", "Restaurant", USA),
)
SURNAMES: tuple[str, ...] = (
    *("Albrecht", "Bauer", "Çelik", "Dietrich", "Engel", "Fischer", "Graf", "Huber", "Ivens"),
    *("Jansen", "Krüger", "Lorenz", "Möller", "Nowak", "Öztürk", "Peters", "Quandt", "Richter"),
    *("Schäfer", "Thiele", "Ude", "Vogt", "Winkler", "Yıldız", "Zimmermann", "Almeida"),
    *("Barbosa", "Cardoso", "Duarte", "Esteves", "Ferreira", "Gonçalves", "Haddad", "Iglésias"),
    *("Junqueira", "Lopes", "Magalhães", "Nogueira", "Oliveira", "Pires", "Queiroz", "Ramos"),
    *("Simões", "Tavares", "Uchoa", "Vieira", "Xavier", "Zanetti", "Ashworth", "Bennett"),
    *("Carver", "Doyle", "Ellery", "Finch", "Greaves", "Hollis", "Ingram", "Jarvis", "Kerr"),
    *("Lockwood", "Mercer", "Nash", "Osborne", "Pryce", "Quinn", "Rowe", "Sutton", "Thorne"),
)
# The approximate centre of each country, and a common street name.
SURROUNDINGS: dict[str, tuple[float, float, str]] = {
    GERMANY: (51.2, 10.4, "Hauptstraße"),
    AUSTRIA: (47.6, 14.1, "Kirchengasse"),
    BRAZIL: (-21.2, -46.6, "Rua das Flores"),
    PORTUGAL: (39.5, -8.2, "Rua Direita"),
    UK: (52.5, -1.5, "Mill Lane"),
    IRELAND: (53.2, -8.1, "Shop Street"),
    USA: (39.8, -98.6, "Main Street"),
}
CITIES: dict[str, tuple[str, ...]] = {
    GERMANY: ("Hamburg", "Dresden", "Stuttgart", "Köln", "Rostock", "Göttingen"),
    AUSTRIA: ("Wien", "Graz", "Linz"),
    BRAZIL: ("São Paulo", "Goiânia", "Natal", "Vitória", "Brasília"),
    UK: ("London", "Cardiff", "Norwich", "Glasgow"),
    USA: ("Denver", "Nashville", "Oakland", "Madison"),
}
