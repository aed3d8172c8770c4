"""Everyday requests as long as work is: home, travel, letters, school; each with its circumstances.

`everyday_requests` has the short ones. Written down once, from no corpus and from no set of prompts.
"""

LONGER_REQUESTS = """
My daughter is turning seven next Saturday and wants a dinosaur party, can you suggest five games that work
in a small flat? | I have half a cabbage, two eggs and some leftover rice in the fridge. What can I make in
twenty minutes without an oven? | Could you explain to me, in simple words, why the sky looks blue during
the day but turns red in the evening? | I'm flying to Lisbon in May with two children under five. Which
neighbourhood would you stay in, and is the metro easy with a pram? | Please translate this into French for
me: "Thank you so much for the lovely evening, we hope to see you again soon." | What is the difference
between weather and climate? My son asked me yesterday and I didn't manage to give him a good answer. | My
neighbour's dog barks every morning at five and I don't want to start a fight. How would you bring it up
with her? | I keep waking up at three at night and then can't fall asleep again. Is there anything simple
that I could try? | Can you recommend a few science fiction novels for somebody who loved The Left Hand of
Darkness but found Dune too long? | If a train leaves at 14:35 and the journey takes two hours and fifty
minutes, when do I arrive, and how long is that in minutes? | I've just moved to a new city and don't know
anyone here yet. What are some good ways for a shy person to meet people? | Write a short birthday message
for my grandmother who turns ninety. She likes gardening, crosswords, and very dry humour. | My sourdough
always comes out flat and sticky inside, although I follow the recipe to the letter. What might I be doing
wrong? | Who was the first woman to win a Nobel prize, and what did she get it for? One or two sentences are
enough. | I'm reading about the French Revolution and don't understand why the Estates General had not met
for such a long time. Can you explain? | Which is better for a beginner who wants to play at home in the
evening, a digital piano with weighted keys or a keyboard? | Tell me a bedtime story about a hedgehog who is
afraid of the dark, about two minutes long when read aloud, with a happy ending. | I have to give a toast at
my brother's wedding and I'm terrified. Any ideas for an opening line that isn't a worn-out joke? | We're
thinking of getting a cat, but my partner is mildly allergic. Are there breeds that really cause less
trouble, or is that a myth? | What would happen to the tides if the moon were twice as far away? I'm just
curious, a rough explanation is fine. | In Python, what does it mean when people say that everything is an
object? I come from C and it confuses me a bit. | Why does 0.1 + 0.2 not equal 0.3 in JavaScript? A
colleague of mine said it's a bug but I doubt that. | I'm getting "TypeError: 'NoneType' object is not
subscriptable" in a little script of mine. What does that message usually mean? | How do I reverse a list in
Python without changing the original one? I always mix up reverse and reversed. | What's the difference
between == and === in JavaScript, and is there ever a good reason to use the first one? | My terminal says
"permission denied" when I try to run a shell script that I've just saved. What do I need to do first? |
Could you show me how to write a for loop in Go? I only know Java and can't find a while keyword anywhere. |
I pasted a formula from a website into my spreadsheet and it shows #NAME? instead of a number. What does
that tell me? | Explain recursion to me as if I were a pastry chef, and please don't use the factorial as
your example. | I accidentally closed a browser tab with a half-written message in it. Is there any way of
getting that text back? | What does "segmentation fault (core dumped)" actually mean? I saw it once in a
lecture and the professor just laughed. | Is it worth learning Rust as a hobby if I only write small scripts
at weekends, or would you stay with Python? | Can you tell me the keyboard shortcut for switching between
windows of the same application on a Mac? I always forget it. | How would I explain to my father, who is
eighty, what "the cloud" is without making him feel stupid? | My phone says the storage is full, though I
have deleted hundreds of pictures. Where might all that space have gone? | Good morning! I've had my coffee,
the sun is shining, and I feel like chatting for a bit before my day begins. | Sorry, that isn't quite what
I meant. Could you put it in fewer words and leave out the bullet points, please? | That was really helpful,
thank you! You saved me at least an hour, and now I can go home in time for dinner. | Do you remember what I
told you last week about my move to Berlin, or do you start from nothing every time? | I feel a bit down
today, nothing serious, it has just been raining for a week and everybody seems to be away. | What do you
think, should I go for a run now or wait until this evening? It's hot, but I'm lazy later. | Can you give me
your honest opinion about pineapple on pizza? My whole family has been fighting over it since Sunday. | If
you could have dinner with any three people from history, whom would you choose, and what would you talk
about? | I'm bored on a four-hour train ride without a book. Ask me riddles, one at a time, and tell me if
I'm right. | Let's play twenty questions. I've thought of an animal, you ask, and I answer only with yes or
no. Ready? | How many litres of paint do I need for a room of four by five metres with a ceiling two and a
half metres high? | A jacket costs 120 euros and is reduced by 30 percent, then by another 10 at the till.
What do I pay? | I want to save 200 euros a month at two percent interest. About how much will it be after
ten years? | What is the probability of rolling at least one six with four dice? Please show me how you get
there. | My son's homework: a rectangle is three times as long as it is wide and its perimeter is 48 cm. How
long are the sides? | Could you explain what a logarithm is good for? I learned the rules at school but
never understood why anybody wants them. | Split a restaurant bill of 187.40 among five people when one of
us only had a soup for 9 euros. | How many cups is 350 grams of flour, roughly? My scale is broken and the
recipe is from an American blog. | Is there a trick for doing percentages in your head? I always get lost
when I need to work out a tip. | What are the odds of two people in a group of thirty having the same
birthday? I heard that it's surprisingly high. | We have four days in Scotland at the end of October with a
hired car. Is that enough for Skye, or too ambitious? | What's the best way from Vienna to Venice if I don't
want to fly and would like to see some mountains? | Do I need a visa for Japan if I have a German passport
and only want to stay for two weeks as a tourist? | I lost my suitcase on a flight with two airlines. Which
of them is in charge, and until when do I have to report it? | Suggest a packing list for a week of hiking
from hut to hut in the Alps in September. I have a 35 litre backpack. | Is tap water safe to drink in
Marrakesh, and what would you do about salads and ice cubes? We leave on Thursday. | Which of the Greek
islands would you choose for somebody who wants quiet beaches, good food and no nightclubs at all? | I have
a layover of seven hours in Istanbul. Is it enough to go into the city and see the Hagia Sophia? | My
passport expires two months after my trip to Thailand. Will they let me in, or do I need a new one? | How do
I say "I'm allergic to nuts, could you please ask the kitchen" in Italian, and how is it pronounced? |
Please correct the grammar in this sentence: "If I would have known you are coming, I would have bake a
cake." | What's a more elegant way of saying "I don't care" in a letter to a friend without sounding rude or
cold? | Is "the team are" or "the team is" correct? I write British English but my editor has underlined it
in red. | Could you explain the difference between affect and effect with two examples each? I'm Spanish and
mix them up all the time. | In German, when do I use "seit" and when "vor"? My teacher explained it twice,
but I still get it wrong. | How do I politely decline an invitation to a wedding of someone I hardly know?
Just three or four sentences, warm in tone. | What is the origin of the phrase "to let the cat out of the
bag"? I've heard two quite different stories. | Translate "the early bird catches the worm" into Latin,
please, it's for an engraving on my father's old watch. | I'm learning Japanese and can't tell は from が. Is
there a rule of thumb that works most of the time? | Read this and tell me whether it sounds friendly: "Hi
Tom, just a quick reminder that it's your turn to clean the stairs." | Help me write a note to my landlord:
the heating in the bathroom has been cold since Monday and I'd like somebody to look at it. | Write two or
three lines to my son's teacher that he'll miss school tomorrow because he has a temperature. | I need a few
kind words for a colleague whose father has died. We aren't close, so please nothing too personal. | I'd
like to thank the nurses on my mother's ward with a card. What could I write that isn't the usual phrase? |
Write a funny out-of-office message for my summer holiday. I'll be in a tent without reception until the
14th. | Could you write a polite message to my flatmates that whoever finishes the milk should buy some? We
live in a group of four. | I have to cancel my dentist appointment tomorrow at nine. Give me a short text
message that I can send them. | My best friend didn't get the job she wanted so much. What can I text her
tonight that might cheer her up? | Draft a short classified ad for my old bicycle: blue, 28 inches, seven
gears, new brakes, a few scratches, 120 euros. | Make this sound less formal, please: "I hereby confirm my
attendance at your festivity on the twelfth of this month." | I'm a nurse, and my sister the lawyer keeps
using the word "estoppel" at dinner. What on earth does it mean? | At work everybody talks about OKRs since
the new boss came. Can you tell me in two sentences what these letters stand for? | A friend told me that he
works as a controller in a factory. What does somebody like that do all day? | What do investment bankers
actually do that they have to work until midnight? I've always wondered and never dared to ask. | I saw a
job ad for a "scrum master" and thought of rugby. Is it a real profession, and what do they earn? | My uncle
says that every company has to have an auditor by law. Is that true for a small bakery as well? | What's the
difference between a barrister and a solicitor? I'm watching a British crime series and can't follow who
does what. | In the news they said that a firm had filed for chapter 11. What does it mean for people who
bought its vouchers? | Why do shops always price things at 9.99? Has anybody ever shown that it works, or is
it only a habit? | How did people send invoices before there were computers? I found a beautiful old one in
my grandfather's attic. | I overheard someone say "let's take this offline" in the middle of a video call.
Isn't that a contradiction? | What is a hedge fund, in words that a teenager would understand? Mine has to
give a talk about it in economics. | Is there a difference between inflation and a rise in the cost of
living, or do journalists just like variety? | Who invented the spreadsheet? I read something about two
students in the seventies, but I don't remember the name of the program. | Explain what a firewall does with
a comparison from everyday life. It's for my parents' club of pensioners. | What's a good book on the
history of advertising for a layman? I enjoyed Mad Men and would like to know more. | When was the first
patent granted, and for what? I'm putting together a pub quiz and need some surprising answers. | How long
does it take to become a doctor in France compared with Germany? My niece is thinking of studying abroad. |
I've read that Iceland made the gender pay gap illegal. How does that work, roughly, and has it changed
anything? | What does an actuary do, and why is it always on lists of the best jobs? It sounds terribly
boring to me. | My cousin studies "human factors". What is that, and which kinds of companies would hire
somebody with such a degree? | Do pilots really use checklists for everything, even if they've flown the
same aircraft for twenty years? Where did the idea come from? | What is the story behind the QWERTY layout
of keyboards? I've heard that it was made to slow typists down. | Why are traffic lights red, yellow and
green everywhere in the world? Was there some agreement, or did it just happen? | I've always wondered how
noise-cancelling headphones can make silence by adding sound. Can you explain without any formulas? | How
does a refrigerator make cold out of electricity? Please explain so that my ten-year-old, who takes
everything apart, is happy. | What makes bread rise, and is it the same thing that makes a cake rise? We had
a bet in the kitchen. | Could an aeroplane take off from a treadmill? My friends have argued about it all
evening and need a referee. | Why do cats purr? I've read that nobody knows for sure, but surely there must
be some good guesses by now. | Are there really more stars in the universe than grains of sand on earth, and
how would anybody count either? | How do vaccines teach the body to recognise something it has never met? A
short explanation with a picture in words, please. | What is dark matter, and how can scientists be sure
that it is there if nobody has ever seen any? | I read that octopuses have three hearts and blue blood. Is
it true, and what do they need so many for? | If I dig a hole straight through the earth from Spain, where
do I come out, and how long would I fall? | What's the difference between a virus and a bacterium, and why
do antibiotics help against one but not against the other? | Is it true that we only use ten percent of our
brain? I've heard it so often that I nearly believe it. | My tomatoes have brown spots at the bottom,
although I water them every evening. Is it a disease or something missing in the soil? | When should I cut
back my roses, and how far? The previous owner of the house left me twelve of them. | What can I plant on a
balcony that faces north and gets hardly any sun? I'd love something with flowers. | How do I get candle wax
out of a woollen tablecloth without ruining it? It belonged to my grandmother. | There's a strange smell
from the dishwasher, although I've cleaned the filter. What else could it be, and is it dangerous? | The
chain of my bicycle comes off whenever I shift down on a hill. Can I repair that myself with few tools? | My
car makes a squeaking noise when I brake, but only in the morning. Should I be worried or can it wait? |
Which light bulb gives the warmest light? The packages say lumen, kelvin and watt and I don't know what to
look at. | How do I hang a heavy mirror on a plasterboard wall so that it doesn't come down in the night? |
What temperature should a bedroom have in winter? My husband opens the window, I close it, and we need a
neutral opinion. | Give me a simple recipe for lentil soup that children like. We have carrots, potatoes and
a bit of celery at home. | I'm cooking for eight on Saturday: two vegetarians, one doesn't eat gluten, and
my father hates everything new. What would you make? | Can I freeze cooked rice, and how long does it keep?
I made far too much again and hate to throw it away. | Why does my mayonnaise split every time I make it
with olive oil? With the other oil it always works. | What goes well with roasted pumpkin besides feta and
sage? I'd like to surprise my guests with something a bit different. | How long do I boil an egg so that the
yolk is soft but the white isn't runny, when we live at 1,800 metres? | What's a good substitute for
buttermilk in pancakes? The shops are closed and I've only got milk, yogurt and lemons. | Suggest a wine for
a spicy Thai curry. I'm not an expert and don't want to spend more than twelve euros. | I want to eat less
meat, but I play a lot of sport. Which vegetables and pulses have the most protein? | Please turn this
recipe for four people into one for seven: 300 g flour, 3 eggs, 250 ml milk, a pinch of salt. | My knee
hurts a little when I go down the stairs after running. Should I stop for a while or just go slower? | How
much water should one really drink in a day? Every magazine says something else and I'm never thirsty. |
What are good stretching exercises for somebody who sits at a desk all day and has a stiff neck by the
evening? | I'd like to start swimming, but I'm out of breath after two lengths. How do beginners build up
some stamina? | Is it better to go to bed early or to sleep longer in the morning, if it's eight hours
either way? | What's a normal resting pulse for a man of fifty who walks a lot? My new watch says 54 and I'm
puzzled. | Can you suggest a plan for running five kilometres in three months? I can do two slowly without
stopping. | I get nervous before every exam, although I'm well prepared. What helps in the last ten minutes
before it begins? | How can I stop biting my nails? I've done it for thirty years, and bitter polish only
made me hate polish. | My little one refuses to put on shoes in the morning and we're always late. How do
other parents deal with that? | What are good presents for a girl of twelve who reads a lot and says that
she has everything she needs? | How do I explain to a four-year-old that our old cat has died? She keeps
asking when he's coming back. | My teenager spends five hours a day on his phone. How do I talk about it
without a quarrel at the table? | Which board games are fun for two adults in the evening and don't take
longer than an hour? We know Carcassonne. | Recommend a film for tonight: we like slow thrillers without
much blood, and my girlfriend has already seen everything by Hitchcock. | I've liked Agnes Obel and Nick
Drake for years. Which other musicians should I listen to on a grey Sunday? | Who painted the picture with
the melting clocks, and is there a meaning behind it or was he only playing? | What is the plot of Hamlet in
five sentences? I'm going to the theatre tonight and have forgotten nearly all of it. | Which order should I
read the Discworld novels in? There are so many, and everybody tells me something different. | Write a
limerick about a man from Bristol who lost his umbrella on the bus and found a better one. | Write me a
haiku about the last day of the holidays, with sand in the suitcase and a wet towel. | Give me an idea for a
short story that takes place entirely in a lift, with three people who know each other. | I'm writing a
novel set in Rome in the time of Nero. What would an ordinary family have had for breakfast? | Can you come
up with ten names for a café that sells mostly cinnamon buns and is run by two sisters? | Think of a clever
name for our pub quiz team. We're four biologists and one very patient husband. | Make up a silly song about
washing one's hands, to a tune every child knows. It's for the nursery. | How do I start writing a diary
when every sentence I put down sounds silly to me the next morning? | I want to learn drawing at fifty. Do I
need a course, or is there a good way of teaching myself? | Who was Ada Lovelace, and did she really write
the first program? I need it for a poster at school. | Why did the Roman Empire fall? Give me the three most
common explanations, and what speaks against each of them. | What was daily life like for a peasant in the
thirteenth century? I'm interested in food, work and holidays. | How did sailors find their longitude before
there were clocks that worked at sea? I loved the book but lent it to someone. | When did women get the vote
in Switzerland, and why so late compared with the countries around it? | What are the main differences
between Sunni and Shia Islam? I'd like to understand the news a little better. | Explain the electoral
college in the United States to somebody who has only ever voted in the Netherlands. | What does the
secretary-general of the United Nations do all day, and who decides who gets the job? | How is a new pope
elected, and what happens if they can't agree? I've just seen the film and got curious. | I'm a teacher of
geography. Can you give me three surprising facts about rivers for the beginning of a lesson? | Which
countries have no army, and how do they get by without one? My class asked and I only knew Costa Rica. | How
do time zones work at the poles? Do the people at the research stations choose one, or use several? | What's
the difference between a language and a dialect, and who decides? My Swiss friends disagree with each other
about it. | Is Pluto a planet again? I remember that they took it off the list and that many people were
upset. | I've got an old radio from the fifties that hums but plays nothing. Is it dangerous to open it up
at home? | My laptop gets very hot on my lap and the fan is loud. What can I do before I take it to a shop?
| The wifi in our bedroom is terrible, but fine in the kitchen. Would a second router help, or something
else? | How do I move all my photos from an iPhone to a Windows computer without paying for more cloud
storage? | Which is safer, a long password that I write on paper, or a short one that I can remember? | I
get an email every day from a prince who wants to give me money. Why do they write so badly on purpose? |
How can I tell if a photograph was made by a computer? My mother believes everything that she sees on
Facebook. | What's the difference between RAM and storage? The man in the shop explained it, but I nodded
too early. | Can I use my European hair dryer in the United States, or will it explode? It says 220 volts on
the back. | My printer prints everything slightly pink since I changed the cartridge. How do I get the
normal colours back? | I'd like to make a small website for our choir with some pictures and dates. What's
the easiest way for a beginner? | Do electric cars really pollute less if you count the battery? Please give
me arguments for both sides, briefly. | How much does it cost to charge an electric car at home, when a
kilowatt hour is 32 cents? Just roughly. | What are good first names that work in German, English and
Turkish? The baby is due in March and we can't agree. | I've been invited to a Jewish wedding for the first
time. Is there something that I should know or bring? | What does one wear to an evening that says "smart
casual" on the invitation? I own jeans and one dark suit. | How much should I tip in New York in a
restaurant, in a taxi, and at the hairdresser's? Everyone says something else. | My parents are coming to
visit and I have only one bedroom. What's the kind way of telling them to take a hotel? | I forgot my wife's
birthday. It's eight in the evening and the shops close at nine. What would you do now? | My roommate never
washes up, and I'm tired of asking. Should I just stop doing it as well, or talk again? | I said something
stupid at a party yesterday and can't stop thinking of it. Do others remember such things at all? | Should I
tell my friend that I don't like her new boyfriend? She asked me directly, and I changed the subject. | How
do people keep in touch with old friends when everyone has children, jobs and lives in a different country?
| I can't decide between two flats: one is bright but loud, the other quiet but dark. How would you choose?
| Which questions should I ask when I look at a used car from a private seller? I know nothing about
engines. | Is it worth repairing a washing machine that is nine years old, or is a new one cheaper in the
long run? | What do I have to think of when I move to another town? I always forget to tell somebody my new
address. | How can I get rid of fruit flies in the kitchen without chemicals? We've tried vinegar, and they
seem to like it. | Can you explain the offside rule with salt cellars and forks? My wife says that nobody
has ever managed it. | Who do you think will win the league this year? I know you can't see the future, just
guess. | How does scoring work in cricket? I have a day off, it rains, and there's nothing else on
television. | What's a good opening in chess for someone who plays against his grandson and would like to
lose slowly? | How do you solve a Rubik's cube? I don't want an algorithm for experts, just a way that I can
remember. | Continue this sentence in an unexpected way: "When the postman rang the bell for the third time,
the old lady finally …" | Give me a list of ten words that rhyme with "orange", or nearly. It's for a bet
between me and my brother. | Answer like a pirate from now on: what is the fastest way to peel a whole bag
of potatoes? | Say something nice about Mondays. I've got to get up at five tomorrow and would like one
reason to look forward to it.
"""
