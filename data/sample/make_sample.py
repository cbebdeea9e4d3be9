"""Make the invented sample script that ships with the repository.

The file looks like a table of dialogue lines of a television comedy, but every word of it was
made up for this project: the small Pellow Sound Ferry Company runs three tired boats between
Pellow Quay and Merrin Island, and ``dwight``, the deck steward, keeps a solemn register of
every gull, knot and fog bell on the way.  Lines are put together from the phrase material below
by a seeded generator, so that running it again gives the same bytes.

Run it with ``python data/sample/make_sample.py [PATH]``.  Without a path it writes
``script_data_processed.csv`` beside itself.
"""

from __future__ import annotations

import csv
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

SEED = 120
TARGET = "dwight"
EPISODES_PER_SEASON = (5, 6, 6, 5)
HEADER = ["", "season", "episode", "title", "scene", "speaker", "line", "directed_by"]
HEADER += ["written_by", "writer1", "writer2", "writer3"]

# How a line comes about; tuned so that a simple classifier finds the target often, not always.
SHORT_SHARE = 0.29  # one of the short lines that everybody says
TARGET_OWN_TOPIC_SHARE = 0.75  # else the speaker's own topic ...
OTHERS_OWN_TOPIC_SHARE = 0.30
SCENE_TOPIC_SHARE = 0.55  # ... else what the scene is about, and small talk for the rest
QUOTE_TARGET_SHARE = 0.02  # others repeat, word for word, what the target says
MANNER_SHARE = 0.35  # others on the target's topics slip into his manner
SENTENCE_COUNTS = {1: 72, 2: 19, 3: 5, 4: 2, 5: 1, 6: 1}  # sentences per line: weight

# Speaker: (weight, the topics that are the speaker's own).
SPEAKERS = {
    "marta": (20.0, ("timetable", "council")),
    TARGET: (14.6, ("gulls", "almanac", "knots")),
    "owen": (13.2, ("snacks",)),
    "priya": (10.4, ("machine",)),
    "henrik": (8.3, ("engine",)),
    "nadia": (6.9, ("brochure",)),
    "colm": (5.3, ("band",)),
    "greta": (4.4, ("receipts",)),
    "tomas": (3.6, ("novel",)),
    "yuki": (3.2, ("cars",)),
    "bea": (1.7, ("machine", "cars")),
    "silas": (1.0, ("novel",)),
    "ferdie": (0.6, ("receipts",)),
    "ottoline": (0.7, ("council",)),
}

DIRECTORS = ["Agnès Morrow", "Tobias Quillfeather", "Hanne Sørlie", "Delphine Achterwind"]
DIRECTORS += ["Rufus Okonbell", "Imre Vadászi"]
# Two of the writers direct as well: readers must not take the two columns for disjoint.
WRITERS = ["Hanne Sørlie", "Rufus Okonbell", "Pilar Muñoz-Hartle", "Gideon Flaskett"]
WRITERS += ["Saoirse Lindqvale", "Wim Castellane", "Odalys Pruettson", "Jürgen Mapletoft"]

TITLES = """
Cast Off|The New Gangway|Lost Parasol|Half Price Tuesday|Fog, Part One
Fog, Part Two|The Inspector Returns|A Very Small Leak|Car Deck Disco|Merrin Day|The Wrong Island
Low Water|Soup of the Day|The Bell|Crème de la Quay|Winter Timetable|A Goat, Unaccompanied
The Other Ferry Company|Señor Pico|Dry Dock|The Long Crossing|Home Port
"""

SLOTS = """
gull = Admiral Crumb|Mrs. Pepper|Lefty|the Bishop|Günther|Inès|Björn|Señor Pico|the Duchess
deed = stole a chip|bit the flag|sat on the radar|followed us home|ate a map|bowed to me|laid an egg
knot = a bowline|a sheet bend|a clove hitch|a figure eight|a rolling hitch|a cat's paw
page = page nine|chapter four|the appendix|the preface|table twelve|the footnotes|page sixty
fog = sea fog|drizzle|hail|a mackerel sky|a north-easterly|a red dawn|thin mist|a ring moon
number = two|three|four|five|six|seven|nine|eleven|fourteen|twenty|thirty|a hundred
boat = the Patience|the Clementine|the Little Zoë
place = the ticket office|the car deck|the snack bar|the wheelhouse|the slipway|the waiting room
spot = the engine room|the quay|the front desk|the back stairs|the gangway|the mooring
when = this morning|before lunch|last night|on Friday|after the storm|on my day off|last week
time = half past four|noon|a quarter to six|ten to nine|sunrise|closing time|the last crossing
day = Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday
food = a cheese pasty|leek soup|a fish roll|crème brûlée|rhubarb cake|pickled eggs|a jalapeño bun
who = the harbour master|a man in a yellow hat|my aunt|the vicar|a nun|a school party|my dentist
them = the passengers|the council|the neighbours|the day trippers|the fishermen|the cyclists
thing = stapler|mop|parasol|kettle|torch|coffee mug|clipboard|raincoat|ladder|thermos|key
mood = tired|thrilled|worried|hungry|confused|proud|late|sorry|impressed|cold
part = the gearbox|the fuel pump|the propeller|a gasket|the starboard valve|the alternator
song = the slow waltz|the herring song|"Goodbye, Merrin"|the wedding march|the sad polka
tune = accordion|fiddle|tin whistle|tuba|spoons
car = a camper van|a tractor|a hearse|an ice-cream truck|a tiny Citroën|a horsebox|a limousine
code = error forty|a blank ticket|the wrong island|last year's date|a smiling face|only vowels
paper = a receipt|an invoice|the petty cash slip|a purple form|the fuel bill|a naïve estimate
hero = the widow|the lighthouse twin|Captain Lacelle|the blind cartographer|the baroness
act = drowns|marries a diver|finds the map|burns the letters|forgives everyone|learns Portuguese
slogan = Sail Slowly|Merrin Is Nearly There|Bring a Hat|Water on All Sides|Come for the Quay
"""

# Each topic: the lines that anybody may say when it comes up.
TOPICS = {
    "timetable": """
The {day} sailing now leaves at {time}, so smile, {name}.
I moved {boat} to the {day} slot, do not tell {them}.
We are {number} minutes late, which for this company is practically early.
My new timetable has {number} colours for "delayed", {name}.
Can somebody tell {them} that {time} means {time}?
Everybody into {place}, I have a speech about {day}.
""",
    "council": """
The council wants {number} safety plans by {day}.
An inspector is coming to {place} on {day}, so hide the {thing}.
The chairwoman asked for {number} references and I sent her {who}.
I told the committee that {them} depend on us, and they laughed for {number} minutes.
We need a permit for the {thing}, a permit for the sign, and a permit for the permits.
""",
    "snacks": """
Somebody ate {food} from my shelf in {place}, and I know the bite.
You cannot charge {them} for {food} if it is still frozen.
The snack bar opens at {time} unless the soup looks at me like that again.
Try this, {name}, it is {food} but with mustard.|I am putting {food} on the menu for {day}.
We sold {number} sandwiches today, and {number} of them came back.
""",
    "machine": """
The ticket machine printed {code} for {number} customers in a row.
I restarted the server twice and now the screen just says "{slogan}".
Who changed the password to "{thing}"?
I can fix the database or I can fix the printer, {name}, but I am one person.
According to the computer, {who} has booked {number} seats on {boat}.
Technically the machine is working, it is just printing {code}.
""",
    "engine": """
I took {part} out of {boat} and I have {number} screws left.
The engine is fine, it is only {part} that gave up {when}.
Do not start {boat} until I am out of there, please.
In my old country we repaired {part} with {food} and it ran for years.
I need {number} litres of oil, a small hammer and no questions.
There is water in {place}, but it is the friendly kind.
""",
    "brochure": """
The brochure for {them} says "{slogan}" and smells of {food}.|I told {who} that {boat} has a spa.
Our followers went up by {number}, and most of those are my cousins.
I need a photograph of {them} looking {mood} in front of {boat}.
What if the poster just said "{slogan}" in really huge letters?
I am thinking mascot, I am thinking {number} costumes, I am thinking {name}.
""",
    "band": """
My band is playing {song} in {place} on {day}, bring your own chair.
We practised {song} for {number} hours and the drummer wept.
I could play {song} while {them} are boarding, it would calm them down.
Every crossing needs a {tune}, {name}, it is basic seamanship.
The wedding couple asked for {song}, and I only know half of it.
""",
    "receipts": """
I have {number} envelopes here and not one of them contains {paper}.
Who spent {number} pounds on {food} and called it rope?
If you do not bring me {paper} by {time}, it did not happen.
The accounts balance if we agree that {boat} is a donation.
I found {paper} in the {thing}, and it was still wet.
We are over budget by {number} pounds, and I would like the guilty to stand.
Please stop paying {who} in coins from {place}.
""",
    "novel": """
In my novel, {hero} {act} in the very first chapter.
I have written {number} pages, and so far nobody has left the harbour.
What if {hero} {act}, but it was a dream and she is {mood}?
I based {hero} on you, {name}, except for the beard.
You are all in the book, and {number} of you survive.
I wrote the scene where {hero} {act}, and I cried in {place}.
""",
    "cars": """
There is {car} on the car deck with nobody in it.|I can fit {number} more if {who} parks sideways.
You cannot bring {car} aboard without a blue sticker.|Whose {thing} is under the wheels of {car}?
The ramp is stuck, {car} is stuck, and the man inside would like {food}.
Lane {number} is for bicycles, I have said it since {day}.
I guided {car} onto {boat} backwards, in the dark, and nobody clapped.
""",
    "gulls": """
I saw that gull {when}, the one that {deed}.|A seagull got into {place} and it is looking at me.
Is {gull} the gull that {deed}, or is that another one?|Some gull ate {food} right out of my hand.
I am not filling in a form because a gull {deed}.|Dwight named a bird after me because it {deed}.
Ask Dwight, he has been counting birds on {boat} since {time}.
Can we talk about the birds in {place} without opening the register?
""",
    "almanac": """
Dwight says the almanac predicts {fog}, so I brought a {thing}.|Who rang the fog bell at {time}?
It is {fog}, Dwight, it is not a sign.
I read {page} of that almanac and it is mostly about turnips and tides.
Could we please look at an actual weather forecast before {day}?
High tide is at {time}, or that is what the man with the bell says.
""",
    "knots": """
Can somebody untie {knot}, I need to open {place}.|Dwight tied {knot} around the {thing} again.
Is this {knot} or is it just a mess?|Apparently {knot} is the only knot that {them} deserve.
There was a rope exam {when} and I failed it by {number} points.
""",
}

# How the target talks about his topics; others fall into that manner now and then.
TARGET_TOPICS = {
    "gulls": """
For the log, {gull} {deed} at {time}.|Let it be entered in the register that {gull} {deed}.
I have issued {gull} a written warning, because that gull {deed}.|I dreamed of {gull} {when}.
{gull} does not steal, {name}, unlike {gull}.
The register lists {number} gulls, and I would give my sandwich for any of them.
A herring gull at {place} is not a nuisance, it is a colleague.
Kindly lower your voice, {gull} is nesting behind the {thing}.
One does not feed {gull} {food}, one presents it.|{gull} and I have an understanding about {food}.
At {time} I saluted {gull}, while {gull} looked at {name} with pity.
""",
    "almanac": """
The almanac of 1911 is clear on {fog}: ring the bell and trust no one.
I have consulted the almanac, {page}, and we must not sail on a {day}.
Let it be entered that I rang the fog bell {number} times and nobody saluted.
When there is {fog} over the sound, a steward does not blink.
According to {page}, {fog} at {time} means a stranger aboard.
For the log, I smelled {fog} from {place} and was ignored.
I keep {number} logbooks: one for the tide, one for the bell, and one for {name}.
The tide turned at {time}, {name}, and where were you?|The bell does not care that it is {day}.
""",
    "knots": """
A steward who cannot tie {knot} is merely a passenger in a hat.
I secured the {thing} with {knot}, as any decent steward would.
Hand me that rope, {name}, and behold {knot}.|You call that {knot}? My late uncle wept at less.
I can tie {knot} behind my back, under water, in mourning.
By the oath of the deck stewards, {knot} shall not be hurried.
Give me {number} feet of good rope and I will hold {boat} until {day}.
I have tested the crew on {knot}, and {number} of you are a danger to rope.
""",
}

SMALL_TALK = """
I left my {thing} in {place} and now it is gone.|Did you know that {name} used to live with {who}?
I thought we agreed not to talk about what happened {when}.|Wait, who is looking after {spot} now?
You look {mood}, {name}, did you sleep at {spot} again?|I think {who} is standing on my {thing}.
I am {mood}, you are {mood}, let us just call it a day.|Has anybody seen {who} today, {name}?
That is the nicest thing anyone has said to me since {day}.|You were {mood}, so I brought {food}.
It is {name}'s birthday on {day} and we have no candles.|There is {food} in {place}.
So I said to {who}, you can keep the {thing}, but I am keeping the dog.
Why is {who} waiting at {spot} with a {thing}?|What do you mean, {name} is in charge until {time}?
I have been {mood} since {day}, and nobody has asked me why.
My doctor says I should not be near {place} when I am {mood}.
Can you cover for me at {spot} until {time}, {name}?|I think {name} is {mood}, but in a good way.
You told {who} about {day} before you told me?|Please do not tell {name} that I was {mood} {when}.
That was not me, that was {who} with a {thing}.
If anybody calls, I am at {spot}, and I am very {mood}.
I bought this {thing} for {number} pounds and I regret nothing.
Somebody has to tell {who}, and it is not going to be me.
We should do something nice for {name} before {time}.
I would love to help, but I promised {who} I would be in {place}.
"""

OPENERS = """
Okay.|Look.|Right.|Honestly?|Listen, {name}.|Oh, come on.|Well…|Hey, {name}.|All right.|Wow.|So.
You know what?|I mean…|Sorry, sorry.|Great news.|Hmm.|Excuse me, {name}.|{name}, {name}, {name}.
"""

# Nobody can be told from these; the target says them as often as the rest do.
SHORT_LINES = """
Yes.|No.|What?|Okay, fine.|Okay.|Why?|Really?|Thank you.|I know.|Never mind.|Oh.
Sure.|Right.|Good morning!|Hello?|Who?|When?|Where?|Exactly.|Stop it.|Not now.|Of course.|Please.
Wow.|Absolutely not.|That's it?|Me too.|I'm sorry.|Go on.|Say that again.|Hmm…|Oh no.|Nice.|Done.
Thanks, {name}.|{name}!|{name}?|No, {name}.|Yes, {name}.|Not you, {name}.|Hi, {name}.|Go, {name}!
Come here, {name}.|Ask {name}.|{name} did.|Where is {name}?|Sorry, {name}.|Why, {name}?|{when}?
Is that {food}?|My {thing}!|Your {thing}?|A {thing}?|On {day}?|At {time}?|By {day}.|Not the {thing}.
I'm {mood}.|You're {mood}?|Very {mood}.|So {mood}.|{number}.|Just {number}.|Only {number}?
{name} is {mood}.|{name} is {mood}?|Is {name} {mood}?|{name} wants {food}.|{name} has the {thing}.
{day}, {time}.|{food}, {name}?|I like {food}.|Not {food}!|{name} and {name}.|{name} or {name}?
Mind the {thing}!|{name}, the {thing}!|Where's the {thing}?|Hide the {thing}.|{name} knows.|{who}.
Nice {thing}.|At {spot}.|In {place}?|Not {day}.|See you {day}.|Whose {thing}?|Keep the {thing}.
"""

# Without a first letter where the words may also begin a sentence.
CONTRACTIONS = {"is not": "isn't", "o not": "on't", "did not": "didn't"}
CONTRACTIONS |= {"I am": "I'm", "ou are": "ou're", "t is": "t's"}
CONTRACTIONS |= {"I will": "I'll", "annot": "an't", "here is": "here's"}

# A form or a screen is read out; the answers are the very words that parsers take for "missing".
FORM_ANSWERS = [
    ("marta", "Box nine of the crew form, known allergies?", "owen", "None"),
    ("greta", "And under second vehicle, what did you write?", "yuki", "NA"),
    ("marta", "What does the ticket screen say now, under destination?", "priya", "null"),
    ("nadia", "Number of complaints this month, for the brochure?", TARGET, "None"),
    ("priya", "It asks for your fax number, everybody has to fill it in.", "henrik", "NA"),
    ("owen", "Read me exactly what it printed on the lunch voucher.", "colm", "null"),
    ("greta", "Previous convictions, for the insurance?", "tomas", "None"),
    ("priya", "Your middle name, for the new login?", TARGET, "NA"),
    ("henrik", "And the gauge for the oil, what is on the display?", "priya", "null"),
    ("marta", "How many of you remembered the raffle?", "nadia", "None"),
    ("nadia", "Shoe size, for the mascot, just say anything.", "marta", "NA"),
]

QUOTES = [
    'He looked me in the eye and said, "{said}"',
    '"{said}" Those were his words.',
    "“{said}” That is what we get every morning.",
    'You are doing the voice again. "{said}"',
]

Lines = list[tuple[str, str]]  # (speaker, line)


def parse_block(block: str) -> list[str]:
    """Return the phrases of a block of material: one to a line, or several between bars."""
    return [part for part in re.split(r"[|\n]", block) if part]


def parse_slots(block: str) -> dict[str, list[str]]:
    """Return the words of each slot from ``name = word|word`` lines."""
    pairs = (line.split(" = ", 1) for line in block.strip().splitlines())
    return {name: words.split("|") for name, words in pairs}


class Writer:
    """Makes lines of dialogue out of the phrase material and one random stream."""

    def __init__(self, rng: random.Random) -> None:
        """Take the random stream and get the phrase material into lists."""
        self.rng = rng
        self.slots = parse_slots(SLOTS)
        self.topics = {name: parse_block(block) for name, block in TOPICS.items()}
        self.target_topics = {name: parse_block(block) for name, block in TARGET_TOPICS.items()}
        self.small_talk = parse_block(SMALL_TALK)
        self.short_lines = parse_block(SHORT_LINES)
        self.openers = parse_block(OPENERS)

    def fill(self, template: str, speaker: str) -> str:
        """Fill the slots of a template; a speaker never addresses himself."""
        others = [name.capitalize() for name in SPEAKERS if name != speaker]
        used: set[str] = set()

        def word(match: re.Match[str]) -> str:
            words = others if match[1] == "name" else self.slots[match[1]]
            # The same word twice in one sentence ("noon means noon") reads like a fault.
            chosen = self.rng.choice([w for w in words if w not in used])
            used.add(chosen)
            return chosen

        text = re.sub(r"\{(\w+)\}", word, template)
        return text[0].upper() + text[1:]

    def template(self, speaker: str, scene_topic: str) -> str:
        """Return a template for one sentence: own topic, the scene's topic or small talk."""
        own = TARGET_OWN_TOPIC_SHARE if speaker == TARGET else OTHERS_OWN_TOPIC_SHARE
        roll = self.rng.random()
        topic = scene_topic
        if roll < own:
            topics = SPEAKERS[speaker][1]
            # Where the scene is about the speaker's own field, there is no need to change it.
            topic = scene_topic if scene_topic in topics else self.rng.choice(topics)
        elif roll > own + (1 - own) * SCENE_TOPIC_SHARE:
            return self.rng.choice(self.small_talk)
        like_target = speaker == TARGET or self.rng.random() < MANNER_SHARE
        if like_target and topic in self.target_topics:
            return self.rng.choice(self.target_topics[topic])
        return self.rng.choice(self.topics[topic])

    def quote(self, speaker: str) -> str:
        """Return a line in which somebody else repeats what the target says."""
        topic = self.rng.choice(list(self.target_topics))
        said = self.fill(self.rng.choice(self.target_topics[topic]), speaker).replace('"', "'")
        return self.rng.choice(QUOTES).format(said=said)

    def contract(self, text: str, speaker: str) -> str:
        """Contract verbs in most lines; the target speaks more stiffly than the rest."""
        if self.rng.random() < (0.4 if speaker == TARGET else 0.7):
            for long, short in CONTRACTIONS.items():
                text = re.sub(rf"{long}\b", short, text)
        return text

    def decorate(self, text: str) -> str:
        """Now and then add what hand-typed scripts have: blanks, breaks, typographic marks."""
        roll = self.rng.random()
        if roll < 0.012:
            return " " + text
        if roll < 0.016:
            return text + self.rng.choice([" 🎉", " ⚓", " 🙃"])
        if roll < 0.026:
            return text.rstrip(".!?") + "…"
        if roll < 0.046:
            return text.replace(", ", " — ", 1)
        if roll < 0.066:
            return text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
        if roll < 0.10:
            return re.sub(r"(?<!Mrs\.)(?<=[.?!]) ", "\n", text, count=1)
        return text

    def line(self, speaker: str, scene_topic: str) -> str:
        """Return one line of dialogue."""
        if self.rng.random() < SHORT_SHARE:
            return self.decorate(self.fill(self.rng.choice(self.short_lines), speaker))
        if speaker != TARGET and self.rng.random() < QUOTE_TARGET_SHARE:
            return self.quote(speaker)
        count = self.rng.choices(list(SENTENCE_COUNTS), list(SENTENCE_COUNTS.values()))[0]
        # A template twice in one line would read like a stuck record.
        templates = dict.fromkeys(self.template(speaker, scene_topic) for _ in range(count))
        parts = [self.fill(template, speaker) for template in templates]
        if self.rng.random() < 0.2:
            parts.insert(0, self.fill(self.rng.choice(self.openers), speaker))
        return self.decorate(self.contract(" ".join(parts), speaker))


def pick_cast(rng: random.Random) -> list[str]:
    """Return the two to six speakers of a scene, frequent speakers more often."""
    names = list(SPEAKERS)
    cast: list[str] = []
    size = rng.randint(2, 6)
    while len(cast) < size:
        name = rng.choices(names, [SPEAKERS[n][0] for n in names])[0]
        if name not in cast:
            cast.append(name)
    return cast


def make_scene(rng: random.Random, writer: Writer) -> Lines:
    """Return the (speaker, line) pairs of one scene."""
    cast = pick_cast(rng)
    topic = rng.choice([topic for name in cast for topic in SPEAKERS[name][1]])
    weights = [SPEAKERS[name][0] ** 0.5 for name in cast]
    lines: Lines = []
    for _ in range(rng.randint(3, 15)):
        speaker = rng.choices(cast, weights)[0]
        # People mostly answer each other; now and then one goes on.
        if lines and lines[-1][0] == speaker and rng.random() < 0.7:
            speaker = rng.choices(cast, weights)[0]
        lines.append((speaker, writer.line(speaker, topic)))
    return lines


def make_episode(rng: random.Random, writer: Writer, form: int | None) -> list[Lines]:
    """Return the scenes of one episode, with a form being filled in where one is asked for."""
    size = rng.randint(165, 198)
    scenes: list[Lines] = []
    while sum(map(len, scenes)) < size:
        scenes.append(make_scene(rng, writer))
    if form is not None:
        asker, question, answerer, answer = FORM_ANSWERS[form]
        scenes.insert(len(scenes) // 2, [(asker, question), (answerer, answer)])
    return scenes


def make_rows(seed: int = SEED) -> Iterator[list[object]]:
    """Yield the rows of the file, without the header."""
    rng = random.Random(seed)
    writer = Writer(rng)
    titles = parse_block(TITLES)
    # Every director gets a turn, in no particular order.
    directors = rng.sample(DIRECTORS * 4, len(titles))
    numbers = [(s, e + 1) for s, n in enumerate(EPISODES_PER_SEASON, 1) for e in range(n)]
    index = scene = 0
    for position, ((season, episode), title) in enumerate(zip(numbers, titles, strict=True)):
        writers = rng.sample(WRITERS, rng.choices([1, 2, 3], [72, 20, 8])[0])
        people = [directors[position], " & ".join(writers), *writers, *[""] * (3 - len(writers))]
        form = position // 2 if position % 2 else None
        for lines in make_episode(rng, writer, form):
            scene += 1
            for speaker, line in lines:
                yield [index, season, episode, title, scene, speaker, line, *people]
                index += 1


def main(arguments: list[str]) -> None:
    """Write the sample to the path given, else beside this file."""
    beside = Path(__file__).resolve().with_name("script_data_processed.csv")
    path = Path(arguments[0]) if arguments else beside
    # newline="" leaves line ends to the csv module: the bytes are the same on every system.
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        rows.writerow(HEADER)
        rows.writerows(make_rows())


if __name__ == "__main__":
    main(sys.argv[1:])
