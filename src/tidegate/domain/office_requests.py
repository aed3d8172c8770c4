"""Everyday requests as long as work is that name trades, tools and offices without asking for their work.

`everyday_requests` has the short ones. Written down once, from no corpus and from no set of prompts.
"""

OFFICE_REQUESTS = """
Can you explain what an API is to someone who doesn't program? My boss keeps saying the word in meetings and
I just nod. | I've started to learn SQL in an evening class. What's the difference between an inner join and
a left join, in plain words? | What does git rebase do, as compared with merge? I don't have a problem right
now, I'd only like to understand it. | How do I find out which version of Python is installed on my
computer? It's a Mac and I'm new to this. | I get "ModuleNotFoundError: No module named 'requests'" when I
run the example from my textbook. What should I type first? | "error: expected ';' before 'return'", says
the compiler, and I've been staring at ten lines for half an hour. What does it want? | Give me a one-line
shell command that counts how many files are in a folder, subfolders included. | Can you write a small
function in Python that tells whether a word is a palindrome? It should ignore capital letters. | What's the
time complexity of looking something up in a dictionary in Python, and why do people say "amortised"? | I
want to sort a list of names by the last name in JavaScript. What would the shortest way look like? | How do
I centre a box on a page with CSS? It's the year we live in and I still look it up each time. | Write a
regular expression for me that finds years between 1900 and 2099 in a text, and explain its parts. | What's
the difference between a list and a tuple? I've read that one can't be changed, but why would I want that? |
In C, what is the difference between an array and a pointer? My professor's answer was "it depends", which
didn't help. | Why do programmers start counting at zero? I'm a mathematician and we've had the same
argument for a hundred years. | What does "npm ERR! code ENOENT" mean? I only wanted to follow a tutorial
about a to-do list with React. | Is JavaScript the same as Java, and if not, why do they have nearly the
same name? I've a job interview tomorrow. | Which programming language should a fourteen-year-old learn
first who wants to make games? He has an old laptop with Linux. | Convert this list into a comma-separated
line: apples, on a new line pears, on a new line plums, on a new line grapes. | What is the difference
between a thread and a process? I've got an exam on operating systems on Friday morning. | How would you
explain public-key encryption with padlocks and boxes? I'm giving a talk to pupils of about thirteen. | What
does it mean that a language is "Turing complete"? I read that even PowerPoint is, and I don't get it. | My
script prints "hello" twice and I can't see why. There's just one print in it, and I import it in another
file. | Can you tell me what HTTP status 403 means, compared to 401? I see one on a site where I'm logged
in. | Who wrote the first version of Linux, and what did he say about it at the time? I remember it was very
modest. | What's the name of the thing in Excel where you click on a small arrow and can choose which rows
you see? | How do I freeze the first row of a spreadsheet, so that I still see the headings when I scroll
down? | In Excel, how can I turn text like "12,50 €" into a number? The cells are left-aligned and adding
them gives zero. | Which chart would you use to show my daughter how her pocket money is spent? It's five
categories, just for fun. | I measured my room's temperature every hour for a week. What's the easiest way
of drawing a line from such a list? | What is a standard deviation, in words? I know the formula by heart
but couldn't say what it's telling me. | Can you explain the difference between mean and median with an
example about salaries in a small village? | What does "correlation is not causation" mean? Please give me a
funny example that I haven't heard, so no storks. | Is the number of sunny days in a year going up or down
where I live, in the south of Germany? Only a rough idea. | What does the p in p-value stand for, and why is
everybody so angry about the number 0.05? | How do opinion polls work when they only ask a thousand people
out of eighty million? It seems like far too few. | I've heard that a large language model only guesses the
next word. Is that what you do as well, honestly? | What is the difference between artificial intelligence
and machine learning? I get asked at parties because I work with computers. | How many parameters does a
model like you have, and what is a parameter? Explain it to a gardener, please. | Do you get tired of my
questions? I've asked you about forty things since breakfast, and you're still polite. | Hello, I'm Miriam,
I'm a retired physics teacher, and my grandson has set up this thing for me. What can I ask you? | Hey,
quick one before my bus comes: was it "lay" or "lie" when I talk about going to bed? | OK, never mind the
last question, I found the answer myself. But can you tell me a good joke as a consolation? | Can you repeat
your last answer, but shorter, and in Spanish, so that I can forward it to my mother-in-law? | I don't agree
with you there. My grandmother has always done it the other way round, and it never went wrong. | Hmm, are
you sure about that? I looked it up in an old encyclopaedia, and there it says something completely
different. | Wait, I meant the other Springfield. There are so many of them, I should have told you the
state, sorry. | Could you ask me some questions in English so that I can practise for my trip? I'm not very
good yet. | Just so you know, I'm dictating this while I walk the dog, so please ignore the strange words in
between. | I've got ten minutes before the meeting starts and nothing to do. Tell me something interesting
about the deep sea. | My boss is leaving on Friday, and we'd like to sign a card. What could we write that
is funny but kind? | A colleague always eats fish at his desk next to me. How can I tell him that it bothers
me, in a nice way? | Write a short email to the caretaker that the lamp on the third floor of our building
has been broken since last week. | Tell my team in two friendly sentences that there'll be cake in the
kitchen at three because it's my birthday. | I need to ask a colleague to swap our days off next week. A
short and casual message, please, she's called Petra. | How do I end an email to someone whom I've met once
and who is older than me, but not my boss? | Is "Dear all" a good way to begin an email to six people whom I
mostly know, or does it sound cold? | What should I answer when my manager asks in the corridor how I am,
and it's been a really bad week? | I've been asked to be the godfather of my friend's son, but I'm not
religious. How could I say no kindly? | Please write a short message to our book club that we'll meet at my
place on the 9th instead of the 2nd. | My colleagues go for lunch at half past eleven, which is too early
for me. Would it be odd to eat alone? | I start a new job on Monday and I'm nervous. What's a good thing to
bring or say on the first day? | Should I wear a tie to an interview at a start-up where everybody seems to
wear hoodies in their pictures? | What are typical questions in an interview for a summer job at an
ice-cream parlour? My daughter is fifteen. | How long should one wait before asking what became of a job
application? It's been nine days and I'm impatient. | I want to work less when I turn sixty. How do other
people fill the day when they stop working? | What are the advantages of a standing desk? My office offers
them and I don't know if I'd really stand. | How do I stay awake in a warm meeting room after lunch, without
coffee, because I don't tolerate it any more? | We play a round of "guess the baby picture" at the office
party. Have you got other ideas that cost nothing? | Which small plants survive in an office with air
conditioning and little light, if nobody waters them for two weeks? | What does the abbreviation "FYI" stand
for, and is it impolite to write it to someone one doesn't know? | In which year was the euro introduced as
cash, and how many marks did one get for it back then? | What does VAT stand for, and why is it different
for milk and for oat milk in some countries? | How do banks make money with accounts that cost nothing?
There's surely a catch somewhere that I don't see. | My grandson wants to know where money comes from and
who decides how much of it there is. How would you tell him? | Is it true that the stock market usually
falls in September? I've read it in a magazine at the hairdresser's. | What is a bond, as compared with a
share? I've inherited both from an aunt and only know that one is "safer". | Could you explain what a
mortgage is to my children, twelve and nine, who have asked why the bank owns our house? | What's a trade
union for, and are they the same everywhere? I'm from a country where hardly anyone is in one. | Who pays
when a tree from my garden falls on the neighbour's fence in a storm? In general, not in one country. | What
does "innocent until proven guilty" go back to? Did the Romans already have it, or is it more modern? | Is
it legal to record a telephone call in most countries, or does one have to ask first? I'm just curious. |
Why do judges in England still wear wigs? I find it strange and charming, and would like to know how it
began. | How long may a shop keep me waiting for a refund, usually? It's a small thing, a pair of socks for
8 euros. | What happens to a person's online accounts when they die? I'd never thought of that until a
podcast mentioned it. | Are cookies on websites dangerous? I always click on whatever makes the window
disappear, and my brother shakes his head. | What's the difference between a hacker and a cracker, and did
the word always have such a bad meaning? | Has anyone ever counted how many emails are sent each day in the
whole world, and how many are spam? | Why do people say "bug" for a mistake in a program? I know the story
with the moth, but is it true? | What's the most expensive mistake that was ever caused by a wrong unit or a
comma in the wrong place? | Tell me about the worst nuclear accident that nearly happened but didn't. I like
stories that end well. | How was the great fire of London put out, and how much of the city was left
afterwards? Just the outline. | Who came up with the idea of a museum that is open to everyone? In the past
such collections were private. | Which advert do people remember after fifty years, and why? I'm thinking of
songs that one can't get out of one's head. | Why do all the brands suddenly have the same plain letters as
their logo? I liked the old curly ones. | What was the first thing ever sold over the internet? A friend
claims that it was a pizza, I'd say a book. | Which well-known companies began in a garage, and is it true
for all of them or partly a legend? | How does a supermarket decide where to put the milk? I've read it's at
the back on purpose, so we walk more. | Who designs the icons on washing labels, and is there a complete
list? I've found one with a hand in a tub. | What does "lorem ipsum" mean, and why is it always this text? I
see it on every unfinished website. | How many people work on an animated film, and for how long? I saw the
credits and they went on forever. | I'm sitting in a lecture on business law and the professor has just said
"consideration" for the tenth time. What does that word mean there, and why does German law do without it? |
My brother-in-law has been promoted to chief of staff and nobody in the family knows what that is. Is it
above or below a director, and what would he be doing all week? | Yesterday at lunch a colleague said that
our company is "cash-flow positive but not profitable", and everyone nodded. How can both be true at the
same time? I'm an engineer, so keep it simple. | For a crossword: "document that a ship's captain signs for
cargo", twelve letters with the spaces left out. I've got an L at the third place. Do you have an idea? | We
had a fire drill this morning and stood in the car park for half an hour. Who decides how often such a thing
is held, and is it the same in every country? | I'm translating a novel in which one character is a tax
adviser. What would be lying on his desk in the eighties? I need three or four objects that a reader would
believe. | Our book club reads a novel about the collapse of Lehman Brothers. Could you tell us in a few
sentences what really happened on that weekend, so that we can follow the plot? | The doctor's letter to my
mother says "unremarkable" about everything, and she's offended. Could you tell me in a kind way why that's
good news in the language of doctors? | My daughter does work experience at a newspaper and was told to
write "the lede" first. Is that a typing error, or does it have anything to do with lead? | I've just
watched a documentary about the Boeing 737 Max. What did that system do, in one paragraph for somebody who
is afraid of flying but likes to understand things? | We were sitting in the garden and wondered how the
people of the Middle Ages told the time at night. Did anyone get up to turn an hourglass, or didn't they
care? | In the canteen they've put up a poster about "psychological safety". It sounds like something from a
hospital. Who came up with that term, and is there a book about it for normal people? | My landlord wants to
put "smart meters" into the flats. I don't have to decide anything, I'd just like to know what they measure
that the old ones with the wheel didn't. | Our son has to build a bridge out of spaghetti for his physics
class. It must hold a kilo of sugar. Which shape is strongest, and does it matter which glue we use? | I've
inherited a box of old coins from my great-uncle, most of them from before 1900. How do I find out if
they're worth anything without being cheated by the first dealer? | We want to drive from Munich to Croatia
in August with a caravan. Which days should we avoid, and do we need one of those stickers for the motorway
in Slovenia? | My friend from Brazil is coming for Christmas and has never seen snow. We live in Hamburg,
where there's hardly any. Where could we take her for two days by train? | I'm going to meet my girlfriend's
parents for the first time on Sunday. Her father collects stamps, her mother teaches maths. What could I
bring that isn't too much, and what shouldn't I say? | The recipe says "fold in the egg whites" and mine
always turns into soup. I've tried a whisk and a spoon. How do you do it, and how do I know when to stop? |
Every spring I promise myself that I'll learn the names of the birds in our park, and every autumn I still
only know the blackbird. How would you go about it with ten minutes a day? | I'm writing a speech for my
parents' golden wedding. They met on a ferry, he was seasick, and she was the one who laughed. Could you
write me an opening of four sentences? | The following sentence is from a letter of 1912: "I beg to remain,
dear Sir, your most obedient servant." Did people mean that at all, and when did they stop writing it? |
Please put this into plain English for my flatmate, who's from Korea: "The aforementioned premises shall be
vacated forthwith." It's from a play that he has to read for college. | Here's a sentence from my daughter's
essay: "Their going too the park with they're dog." How many mistakes are in it, and how do I explain them
to her without spoiling her fun? | Traceback (most recent call last): File "hello.py", line 3, in <module>
print(name) NameError: name 'name' is not defined. I'm in my first week of learning. What have I forgotten?
| The black window says "fatal: not a git repository (or any of the parent directories): .git" when I type
what the book tells me to. Am I in the wrong folder, and how can I see it? | "Uncaught ReferenceError:
document is not defined" comes up when I run my little page with node. It works in the browser. Why does the
one know it and the other doesn't? | java.lang.ArrayIndexOutOfBoundsException: Index 5 out of bounds for
length 5 is what I get, but I do have five elements. Could you tell me, in one sentence, where my thinking
goes wrong? | I typed "pip install numpy" and got "command not found: pip". In the video, the man just types
it and it works. I've got a Mac with nothing special on it. What now? | My homework is to print a pyramid of
stars with two nested loops in C. I've got a square already. Could you give me a hint, not the solution,
about what to change? | Could you explain what a database index is, by comparing it with something in a
library? I nearly understand it, but not why one wouldn't simply have an index for everything. | What's
Docker, in words for somebody who manages a shop for garden tools? Our son works with it and we'd like to be
able to ask him something sensible at Christmas. | Our daughter says that she "does DevOps". We've looked it
up and read about culture and pipelines. Could you tell us in three sentences what somebody like her does
when she gets to the office? | I've read that some banks still run on COBOL programs from the sixties. Is
that so, and why didn't anyone ever write them anew? I find the thought of that rather soothing. | Someone
at a party told me she's a "UX researcher" and I was too shy to ask. Is it something like a psychologist,
and where do people learn that? | I heard an interview with a penetration tester who walks into buildings
with a ladder and a hard hat. Is that really allowed, and how does somebody become one? | Why is it called a
"stand-up" when we all sit in front of our screens? I don't want to change anything, I'm only curious about
where this habit comes from. | My father was an accountant and always had a green eyeshade on in old
photographs. What were these for? Was it the lamps, or just the fashion of the time? | Do you know a good
podcast about economics for someone who falls asleep easily? I'd like it to be calm, with one voice, and not
to try to sell me anything. | Which jobs will there be in twenty years that don't exist today, do you
reckon? We're having a bet about it at the office and need some wild ideas to laugh about. | Is a "quarter"
in American companies the same as in the calendar? My nephew works there and says that his first one begins
in October, which made me doubt my own mind. | A colleague from India writes "please do the needful" at the
end of each mail. I think it's lovely. Is it old British English, and does anyone still say it in Britain? |
How did companies do payroll before there were computers, with a thousand workers each getting coins in a
little envelope? I saw one of these envelopes in a museum last Sunday. | I was asked in a quiz which company
was the first that ever issued shares. I said the East India Company, and it was counted as wrong. Which one
did they mean? | We've been told to "think outside the box" so often that we'd like to know which box it was
in the first place. Is it the puzzle with the nine dots? | My flatmate has a test on marketing tomorrow and
asks me about the four Ps. I can remember price and product. What are the others, and isn't there a fifth by
now? | What's the longest contract anyone has ever signed, or the longest lease? I read about a brewery that
rented its building for nine thousand years, which must be a joke. | When you see "all rights reserved" on a
song or a book, what would happen if it weren't there? I've been told that it has had no meaning for
decades. | How does a company get into the DAX, and does somebody have to apply for it? I read in the paper
today that one drops out and wondered who decides. | I've got the feeling that everybody around me is more
productive than I am. Is there a good essay or a book that doesn't tell me to get up at five? | My wife says
I interrupt people. I'd like to get rid of the habit without having to think of it in each conversation.
Have you heard of any tricks that work? | Could you give me five ideas for a farewell gift for a teacher
who's retiring after thirty years? There are twenty-four of us, with five euros each, and he loves cycling.
| Two friends of mine, both vegetarians, are getting married on a boat on a lake. What would be a present
that they can carry home and don't have to water? | I'd like to spend less time looking at the news. What
would you suggest for somebody who still wants to know what's going on, but doesn't want to feel awful by
breakfast? | Our choir needs a name for a concert with songs about rivers and the sea. It should be short,
fit on a poster, and not have the word "wave" in it. | We'd like to hike with our two boys, six and nine,
and a dog that doesn't like bridges. Is there a nice round walk of three hours near Salzburg with a place to
eat? | The school wants us to bring "a healthy snack without nuts, in a box without plastic" for our little
girl each day. I've run out of ideas after apples and carrots. What else? | Our neighbours are away and
we're looking after their tortoise, who hasn't eaten for two days. They can't be reached. Is that normal in
this heat, or do I need a vet? | We've got an argument running at home about whether one should rinse plates
before they go into the dishwasher. Could you settle it with some facts, and tell my husband gently? | On
our trip through Norway we saw houses with grass on the roof. Do they have to mow it, and does the roof not
rot underneath? Nobody in our bus knew the answer. | Our youngest asks why the number of days in a month is
so uneven. I said something about Roman emperors and got stuck. How does the story really go, with July and
August? | In our village people say that it rains for forty days if it rains on a certain day in June. Is
there any truth in such rules, or does nobody count when it doesn't? | Suppose we had a time machine and
took a smartphone to Newton. What would he be able to find out about it in one evening before the battery
runs out? | We're playing a game in which everyone has to name a country that has no letter E. I've already
used Italy, India and Japan. Which ones are left that the others won't think of? | My team has won the
office's table football tournament, to everyone's surprise. Could you write a mock press report of five
sentences, as pompous as possible, with a quote from our goalkeeper? | I have to say a few words at the
summer party because I've been with the firm for ten years. It should be under a minute and contain one joke
at my own expense. | It's my turn to choose the restaurant for the team dinner. There are nine of us, one
vegan, one who is always cold, and we're in Cologne. How do I choose without asking everyone? | My manager
writes her mails only in small letters and signs with one letter. Does that mean she's angry, in a hurry, or
is it just how people of her age write? | I was sent to a training called "Managing up", and I'd hoped for
something about climbing. Before I go there, what's meant by that, in one or two sentences? | A man in a
suit gave me his card on the train, and on it stands "evangelist". He looked perfectly normal. Is that a job
in a company now, or is he from a church? | How do I tell the IT people kindly that the new mouse is too
small for my hand? I don't want to open a ticket with a form, just to send a nice line. | I received a
letter with the words "without prejudice" at the top, from my aunt, who used to be a secretary. Is she
trying to tell me something, or is it just a habit of hers? | What's the difference between an internship, a
traineeship and an apprenticeship? My nephew, who is eighteen, mixes them all up, and I'm afraid that I do
as well. | The sign in the lift says "maximum 630 kg or 8 persons". Who decided that a person weighs that
much, and what happens if nine thin people get in? | Is there an official rule for how warm it has to be in
an office, or how cold? It's not for a complaint; two of us have bet a bottle of wine on it. | Why do planes
have to keep their window blinds up for the landing? A steward told me a reason once, but I believe that he
was making fun of me. | I read that a big bridge was closed because somebody had found one crack. How does
anyone find a crack in a bridge? Do they really walk along it with a hammer? | Which part of a wind turbine
wears out first, and what do they do with the old blades? I pass a hundred of them on my way to work and
always wonder. | How do they build a tunnel from both ends and meet in the middle? What if they didn't? I'd
love to hear of a case where it went wrong by a metre or more. | When a hospital says that someone is
"stable", is this good or bad? On the radio they use it after every accident, and it never tells me anything
at all. | What does a pharmacist learn for five years if everything comes in boxes already? I mean no
offence, I'm truly curious, since my cousin has just started studying it. | How can a vaccine be developed
in one year, when it always used to take ten? My aunt asks me this every time we meet and I'd like to have
an answer for her. | If all the ice in Greenland melted, how much higher would the sea be, and would our
house at eleven metres still be dry? Don't worry, it's only for a discussion in class. | Who checks whether
an "organic" apple really is organic? I imagine somebody behind a hedge with binoculars. Tell me how it's
done in Europe, in three sentences or so. | Why is there always one sock missing after the laundry? I'd like
to hear a scientific theory, however silly, that I can read to my husband, who believes that I lose them. |
I found a note in an old cookery book: "bake in a quick oven". How hot is that, and how did people know how
hot it was without a thermometer? | The museum's audio guide said that the painter had used "mummy brown",
made of real mummies. Was that a joke? My kids haven't spoken of anything else since we got out. | My pen
pal in Finland writes that she's going to her "mökki" for the weekend. The dictionary says cottage, but she
makes it sound like a religion. What's it all about? | Please tell me in two or three lines what the film
Arrival is about and whether a sensitive ten-year-old could watch it. My son wants to see everything with
aliens in it. | I've got eleven euros left for the last four days of the month, and at home there's pasta, a
tin of beans and an onion. What should I buy to eat decently? | How many people would it take to form a line
around the equator, holding hands? My pupils came up with that question, and I'd like to know how you would
estimate it. | If I put one grain of rice on the first square of a chessboard and double it each time, how
much does it all weigh? Compare it with something that I can imagine. | A snail climbs three metres up a
wall by day and slides back two at night. The wall is ten metres high. On which day does it reach the top,
and why not on the tenth? | Three friends pay thirty euros for a room, get five back, and the porter keeps
two. Where is the missing euro? I know that there's a trick, but I can't put my finger on it. | Is zero an
even number? My niece's teacher said that it was neither even nor odd, and now the whole family is
quarrelling. A short proof would be welcome, if there's one. | What's the biggest number that has a name of
its own, and who needs it? I don't mean infinity. My boy goes through them at bedtime, and I've run out at
quintillion. | Could you give me the words of thanks for a host family in Polish? They had me for two weeks,
cooked far too much, and the grandmother doesn't speak any English. | "Je suis désolé, je ne peux pas venir
ce soir." I'd like to add that I'd love to come next week instead. How would one say that to a good friend?
| Schreib mir bitte einen kurzen, lustigen Text für die Geburtstagskarte meiner Schwester. Sie wird vierzig,
liebt Katzen und kommt immer eine halbe Stunde zu spät. | Was kann ich heute Abend mit Kürbis, Kartoffeln
und einem Rest Sahne kochen? Es soll schnell gehen, und mein Sohn mag keine Zwiebeln. | Kannst du mir
erklären, warum der Himmel blau ist und das Meer auch, obwohl Wasser im Glas gar keine Farbe hat? | Peux-tu
me recommander trois films français des dix dernières années, plutôt drôles, que je puisse regarder avec mes
parents dimanche soir? | ¿Qué puedo ver en Sevilla en un fin de semana de marzo, si no me gustan los museos
y viajo con mi abuela? | Come faccio a togliere una macchia di vino rosso da una camicia bianca, se è già
asciutta da due giorni?
"""
