# SPDX-License-Identifier: Apache-2.0
"""What the facts of the retrieval texts are made of: words for the slots, and their frames.

bench/taste has words and frames of its own, none of which stand here.
"""

FIRST = """Agnes Albert Alice Amos Anna Arthur Beatrice Benjamin Bertha Caleb Caroline Cecil
Charles Charlotte Christopher Clement Cora Daniel David Dorothy Edgar Edward Eleanor Eliza Emily
Ernest Esther Fanny Felix Fergus Florence Frances Frank Frederick George Gilbert Grace Hannah
Harold Harriet Helen Henry Herbert Hilda Horace Isaac Isabel Jacob James Jane Jasper Jenny Joan
John Joseph Judith Julia Kate Laura Leonard Lewis Lucy Lydia Margaret Maria Martha Martin Mary
Matthew Michael Miriam Molly Nancy Nathan Nicholas Nora Olive Oliver Oscar Patrick Paul Peter
Philip Phoebe Rachel Ralph Rebecca Richard Robert Rose Ruth Samuel Sarah Silas Simon Sophia
Stephen Susan Sylvia Theodore Thomas Toby Ursula Victor Violet Walter William Winifred Amir Chen
Diego Fatima Ingrid Ivan Kenji Leila Mateo Nadia Omar Priya Rosa Sven Yuki""".split()
LAST = """Abbott Barlow Bates Bishop Blake Bowen Brook Carver Chase Cole Cooper Crane Dale Drake
Dunn Ellis Farrow Finch Fisher Flint Forster Gale Gibson Glover Grant Hale Harper Hart Hayes Holt
Hooper Jarvis Kemp Knight Lane Lloyd Marsh Mason Mercer Miller Moss Nash North Page Parker Pearce
Potter Price Quinn Reed Rhodes Rowe Sharp Shaw Slater Snow Stone Thorne Tucker Vance Vernon Wade
Walsh Ward Webb West Wilde Woods Yates""".split()
ADJECTIVE = """ancient bent blue broken bronze cheap clean copper cracked curious dark dented
dirty dusty empty faded fine folded glass golden green grey heavy hollow iron ivory large leather
light little locked long marble narrow new old painted pale patched plain polished purple red
round rusty scarlet sharp short small smooth soft square stained steel striped strong thick thin
tin torn velvet white wide wooden woollen worn yellow""".split()
NOUN = """apron axe bag ball banner barrel basin basket bell belt blanket boat book boot bottle
bowl box bracelet brick brooch broom brush bucket button cage candle cane cap card carpet cart
chain chair chest cloak clock coat coin comb cord crown cup curtain dagger diary dish doll drum
fan feather fiddle flag flask flute fork frame glove goblet hammer handkerchief harp hat helmet
horn jar jug kettle kite knife ladder lamp lock locket map mask medal mirror mug nail necklace
needle net newspaper oar painting pan parcel pen pencil picture pillow pin pipe pistol plate pot
purse quilt rake ribbon ring rope rug sack saddle scarf scissors shawl shield shirt shoe shovel
spade spoon stamp statue stick stool sword table telescope ticket tray trumpet umbrella vase
violin wallet watch wheel whistle""".split()
PLACE = """abbey archway attic bakery bank barn barracks bay beach brewery cabin castle cave
cellar cemetery church cliff college cottage court courtyard dairy dock engine-house factory farm
ferry field forge fort fountain garden gate granary greenhouse hall hill hospital island kitchen
lake laundry library lighthouse market meadow monastery museum office palace park pier pond
post-office prison quarry railway ridge river school shed shop smithy square stable staircase
station swamp tavern temple theatre tower tunnel valley vineyard warehouse well wharf windmill
wood workshop""".split()
JOB = """actor baker barber bookseller brewer bricklayer builder butcher captain carpenter clerk
coachman cook dentist doctor dressmaker driver engineer farmer fireman gardener glazier groom
hunter jeweller judge lawyer librarian mason merchant miner musician nurse painter pilot plumber
poet porter postman printer sailor schoolmaster sculptor shepherd shoemaker singer soldier surgeon
tailor teacher waiter watchman weaver writer""".split()
ANIMAL = """badger bear bull calf camel cat cow crow deer dog donkey duck eagle falcon fox frog
goat goose hare hawk hen horse lamb lion monkey mouse mule ox parrot pig pigeon pony rabbit raven
sheep snake sparrow squirrel swan tortoise turkey wolf""".split()
COLOUR = """black blue brown crimson gold green grey orange pink purple red silver white
yellow""".split()
MONTH = """January February March April May June July August September October November
December""".split()
DAY = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
FOOD = """apples bacon beans biscuits bread butter cabbage cake cheese cherries chocolate coffee
cream eggs fish ginger grapes ham honey jam lemons mushrooms mustard nuts olives onions oranges
oysters peaches pears peas plums pork potatoes rice salmon soup sugar tea toast trout
walnuts""".split()
# Syllables of invented names of people and towns.
ONSET = "b br c ch cl d dr f fl g gr h j k l m n p pr qu r s sh sl st t th tr v w y z".split()
NUCLEUS = "a e i o u ai ea ee ie oa oo ou".split()
CODA = "b ck d g l ld ll lt m n nd ng nt p r rd rk rn rt s sh sk st t th x".split()
TOWN_END = """borough bridge bury by combe dale field ford gate ham ley minster mouth stead ton
vale""".split()

# (the text's sentence, questions, answers). The first answer says it in full.
FRAMES = [
    ("{n} {did} {t} {p}.",
     ["What did {n} {do} {p}?", "What was it that {n} {did} {p}?",
      "Tell me what {n} {did} {p}."],
     ["{n} {did} {t} {p}.", "It was {t}.", "{T}."]),
    ("{n} {did} {t} {p}.",
     ["Where did {n} {do} {t}?", "Say where {n} {did} {t}."],
     ["{n} {did} {t} {p}.", "It was {p}.", "{P}."]),
    ("{n} {did} {t} {p}.",
     ["Who {did} {t} {p}?", "Whose doing was it that {t} was found {p}?"],
     ["{n} {did} {t} {p}.", "It was {n}.", "{n}."]),
    ("On {day}, {n} {did} {t} {p}.",
     ["What did {n} {do} {p} on {day}?", "What was it that {n} {did} on {day}?"],
     ["On {day}, {n} {did} {t} {p}.", "{T}.", "{n} {did} {t}."]),
    ("The {attr} of {n} is {val}.",
     ["What is the {attr} of {n}?", "Give the {attr} of {n}.", "Which {attr} has {n}?"],
     ["The {attr} of {n} is {val}.", "It is {val}.", "{val}."]),
    ("{n}'s {attr} is {val}.",
     ["What is {n}'s {attr}?", "Do you know {n}'s {attr}?", "State {n}'s {attr}."],
     ["{n}'s {attr} is {val}.", "It is {val}.", "{val}."]),
    ("The {attr} of {n} is {val}.",
     ["Whose {attr} is {val}?", "Of whom is {val} the {attr}?"],
     ["The {attr} of {n} is {val}.", "That of {n}.", "{n}."]),
    ("Remember that the number of the {adj} {noun} is {num}.",
     ["What is the number of the {adj} {noun}?", "Which number has the {adj} {noun}?"],
     ["The number of the {adj} {noun} is {num}.", "It is {num}.", "{num}."]),
    ("The key to the {place} is {num}.",
     ["What is the key to the {place}?", "Which number opens the {place}?"],
     ["The key to the {place} is {num}.", "{num}.", "It is {num}."]),
    ("{n} was born in {town} in {year}.",
     ["Where was {n} born?", "In which town was {n} born?"],
     ["{n} was born in {town}.", "In {town}.", "{town}."]),
    ("{n} was born in {town} in {year}.",
     ["When was {n} born?", "In which year was {n} born?"],
     ["{n} was born in {year}.", "In {year}.", "{year}."]),
    ("{n} worked as a {job} in {town}.",
     ["What was {n}'s trade?", "As what did {n} work?", "What work had {n} in {town}?"],
     ["{n} worked as a {job} in {town}.", "A {job}.", "{n} was a {job}."]),
    ("The {job} of {town} is called {n}.",
     ["What is the {job} of {town} called?", "Who is the {job} of {town}?"],
     ["The {job} of {town} is called {n}.", "{n}.", "It is {n}."]),
    ("{n} has a {colour} {animal} called {n2}.",
     ["What is {n}'s {animal} called?", "What is the name of {n}'s {animal}?"],
     ["{n} has a {colour} {animal} called {n2}.", "{n2}.", "It is called {n2}."]),
    ("{n} has a {colour} {animal} called {n2}.",
     ["What colour is {n}'s {animal}?", "Which animal has {n}?"],
     ["{n} has a {colour} {animal} called {n2}.", "A {colour} {animal}."]),
    ("{n} married {n2} in {month}.",
     ["Whom did {n} marry?", "Who married {n2} in {month}?", "When did {n} marry {n2}?"],
     ["{n} married {n2} in {month}."]),
    ("{n} gave {t} to {n2}.",
     ["What did {n} give to {n2}?", "What did {n2} get from {n}?"],
     ["{n} gave {t} to {n2}.", "{T}.", "{n2} got {t} from {n}."]),
    ("{n} gave {t} to {n2}.",
     ["To whom did {n} give {t}?", "Who got {t} from {n}?"],
     ["{n} gave {t} to {n2}.", "{n2}.", "To {n2}."]),
    ("{n} paid {num} shillings for {t}.",
     ["How much did {n} pay for {t}?", "What was the price of {t} that {n} bought?"],
     ["{n} paid {num} shillings for {t}.", "{num} shillings.", "It was {num} shillings."]),
    ("The train to {town} leaves at {time}.",
     ["When does the train to {town} leave?", "At what hour goes the train to {town}?"],
     ["The train to {town} leaves at {time}.", "At {time}."]),
    ("The code of {town} is {code}.",
     ["What is the code of {town}?", "Which code has {town}?"],
     ["The code of {town} is {code}.", "{code}.", "It is {code}."]),
    ("The code of {town} is {code}.",
     ["Which town has the code {code}?", "To what does {code} belong?"],
     ["The code of {town} is {code}.", "{town}.", "To {town}."]),
    ("There are {num} {animal}s in the {place} of {town}.",
     ["How many {animal}s are there in the {place} of {town}?"],
     ["There are {num} {animal}s in the {place} of {town}.", "{num}.", "{num} {animal}s."]),
    ("{n} likes {food} better than {food2}.",
     ["What does {n} like better than {food2}?", "What does {n} like best?"],
     ["{n} likes {food} better than {food2}.", "{Food}.", "{n} likes {food}."]),
    ("My name is {n} and I come from {town}.",
     ["What is your name?", "Who are you, and where do you come from?"],
     ["My name is {n} and I come from {town}.", "I am {n}, from {town}."]),
    ("\"Never forget {t},\" said {n}.",
     ["What did {n} say?", "What should one never forget?"],
     ["\"Never forget {t},\" said {n}.", "{T}."]),
    ("The secret word of {n} was \"{word}\".",
     ["What was the secret word of {n}?", "Which word had {n}?"],
     ["The secret word of {n} was \"{word}\".", "\"{word}\".", "It was \"{word}\"."]),
    ("The meaning of \"{word}\" is \"{word2}\".",
     ["What is the meaning of \"{word}\"?", "What does \"{word}\" mean?"],
     ["The meaning of \"{word}\" is \"{word2}\".", "\"{word2}\"."]),
]
VERBS = """left leave|found find|lost lose|bought buy|sold sell|dropped drop|kept keep|saw see|stole
steal|mended mend|painted paint|forgot forget|placed place|discovered discover|broke break|burned
burn|cleaned clean|threw throw|put put|made make|took take|showed show|drew draw"""
VERBS = [tuple(pair.split()) for pair in VERBS.replace("\n", " ").split("|")]
NEAR = ["in the", "near the", "behind the", "under the", "beside the", "outside the", "above the",
        "at the", "opposite the", "beyond the", "on the way to the"]
ATTRIBUTES = {
    "age": "num", "number": "num", "weight": "num", "room": "num", "house number": "num",
    "favourite colour": "colour", "colour": "colour", "favourite animal": "animal",
    "trade": "job", "home": "town", "birthplace": "town", "destination": "town",
    "friend": "n2", "cousin": "n2", "neighbour": "n2", "teacher": "n2", "master": "n2",
    "password": "word", "code": "code", "badge": "code", "breakfast": "food", "day of rest": "day",
    "favourite thing": "t", "gift": "t", "prize": "t", "year of birth": "year",
}

# Answers to what the text does not say.
UNKNOWN = [
    "The text does not say.", "The text says nothing about that.", "That is not in the text.",
    "I do not know.", "I cannot tell.", "Nothing is said of it.", "We are not told.",
    "There is no answer to that here.", "It is not known.", "Nobody knows.",
    "I am afraid I do not know that.", "That I cannot say.", "It does not say.",
    "I have no idea.", "One cannot tell from what is written.", "I would have to guess.",
    "The story leaves that open.", "That was never said.", "No answer can be given.",
    "I am sorry, I do not know.",
]
