"""What people ask of a language model that needs no skill; written down once, from no corpus.

Examples tell what a skill's requests are like. These tell what the others are like: questions for facts,
small talk, private life, and questions that merely name a trade. Without them whatever has a skill's word is
its work.
"""

from functools import cache

from tidegate.domain.longer_requests import LONGER_REQUESTS
from tidegate.domain.office_requests import OFFICE_REQUESTS

EVERYDAY_REQUESTS = """
Hi there! | Good morning, how are you today? | Thanks, that was helpful. | Tell me a joke. | Tell me a joke
about lawyers. | Write a poem about the sea. | What is the capital of Australia? | Who won the world cup in
1998? | How tall is Mount Everest? | What's the weather like tomorrow? | Recommend a good book for the
holidays. | What should I cook tonight with leeks and potatoes? | How do I get red wine out of a carpet? |
Explain photosynthesis to a ten-year-old. | What is 17 times 23? | Convert 5 miles to kilometres. | How many
days are there until Christmas? | What time is it in Tokyo when it's noon in Paris? | Give me a synonym for
happy. | What does the word "serendipity" mean? | How do you spell accommodate? | Is it "who" or "whom" in
this sentence? | What does GDPR stand for? | When did the GDPR come into force? | What is the difference
between a copyright and a patent? | What is a trademark? | What is an NDA? | How many pages does a typical
contract have? | Who signs for a company, usually? | What's the difference between revenue and profit? |
What does EBITDA mean? | What is double-entry bookkeeping? | Who invented double-entry bookkeeping? | What
is inflation? | How does compound interest work? | What is a stock? | What is the difference between a bond
and a share? | Where is the New York Stock Exchange? | Who founded Apple? | When was Microsoft founded? |
What is the largest bank in the world? | What is VAT? | Which country has the highest income tax? | What is
a budget? | What does ROI stand for? | What is SQL injection? | What does SQL stand for? | What is a
database? | Which is older, MySQL or Oracle? | What is a primary key? | What's the difference between TCP
and UDP? | What is the internet? | How does Wi-Fi work? | Who created Linux? | Who invented Python? | What
is an API? | What does REST mean? | What's the difference between HTTP and HTTPS? | What is Kubernetes, in
one sentence? | Where does the name Kubernetes come from? | What is a container? | What is the cloud? | What
is a virtual machine? | Which programming language should I learn first? | Write a function that reverses a
string. | Write hello world in Rust. | How do I sort a list in Python? | How do I install Docker on my
laptop? | What's the shortcut to comment a line in VS Code? | What does git rebase do? | How do I exit vim?
| What is an algorithm? | What is machine learning? | Explain neural networks simply. | What is the
difference between AI and machine learning? | Are you a human? | Which model are you? | What can you do? |
Can you keep a secret? | What's your favourite colour? | What is the meaning of life? | Play a game of
twenty questions with me. | Give me a riddle. | Write a birthday wish for my aunt. | Write a short thank-you
note to my neighbour. | Text my friend that I'm running ten minutes late. | Suggest a name for my cat. |
What should I name my goldfish? | Give me three gift ideas for a ten-year-old. | How do I tie a tie? | How
long do I boil an egg? | How do I make pancakes? | What's a good recipe for lentil soup? | Vegetarian dinner
for six, please. | What wine goes with fish? | How much caffeine is in espresso? | How many calories does a
banana have? | Is coffee bad for you? | How can I sleep better? | How do I get rid of hiccups? | What
stretches help against back pain? | Make me a workout plan for a week. | How do I train for a marathon? |
How do I meditate? | I feel sad today. | I'm bored, what can I do? | Motivate me to go for a run. | How can
I stop procrastinating? | Plan a weekend in Rome. | Best time to visit Iceland? | What should I pack for a
week in Scotland? | Do I need a visa for Turkey? | How far is it from Berlin to Vienna? | Which train goes
to the airport? | What is the currency of Switzerland? | What language is spoken in Brazil? | How do you say
thank you in Japanese? | What does "merci" mean? | How do you say good night in Swedish? | How many people
live in India? | Which is the longest river? | Why is the sky blue? | How far is the moon? | What is a black
hole? | How do vaccines work? | What is DNA? | How does a heat pump work? | How do solar panels work? | Why
do leaves fall in autumn? | How do bees make honey? | How old can a tortoise get? | What do hedgehogs eat? |
How often should I water a cactus? | My tomato plants have yellow leaves, why? | When should I prune roses?
| How do I change a bicycle tyre? | How do I unclog a sink? | How do I paint a wall without streaks? | What
size of screw do I need for drywall? | How do I reset my phone? | How do I take a screenshot on a Mac? | How
do I turn off notifications on my phone? | How do I change my password? | How do I connect my headphones? |
Which laptop should I buy for my daughter? | Android or iPhone? | What is a good monitor size? | How do I
change the font in Word? | How do I make a table of contents in Word? | How do I print on both sides? | How
do I change the date format in Excel? | Where is the settings menu? | Who is the president of France? | Who
wrote Hamlet? | Who painted the Mona Lisa? | When did the Berlin Wall fall? | Who was Ada Lovelace? | Tell
me about the Roman Empire. | Why did the dinosaurs die out? | Summarise Romeo and Juliet in three sentences.
| What is the plot of Moby Dick? | Recommend a film like Inception. | What's a good series to watch? | Which
board game is good for four players? | What are the rules of chess? | How does offside work in football? |
Who holds the record for the 100 metres? | How many players are in a volleyball team? | Make up a bedtime
story about a dragon. | Write a limerick about a cat. | Write lyrics for a love song. | Write a haiku about
spring. | Continue this story: it was a dark and stormy night. | Give me a tongue twister. | Draw a cat in
ASCII art. | Roll two dice. | Flip a coin. | Pick a number between 1 and 100. | What is the square root of
144? | Solve x squared minus 5x plus 6 equals 0. | What is the derivative of sine? | What is pi to ten
digits? | How many grams are in an ounce? | What is 20 % of 85? | What day of the week was 1 January 2000? |
Is 91 a prime number? | What's the plural of octopus? | Correct the grammar: he go to school. | What is an
adjective? | Shorten this sentence for me. | Rephrase: I am not able to come. | Give me an antonym for
generous. | What's another way to say "on the other hand"? | Write a sentence with the word "nevertheless".
| What does LGTM mean? | What does ASAP mean? | What is a KPI? | What is an OKR? | What does agile mean? |
Who came up with Scrum? | What is Kanban? | What is a Gantt chart? | What is a SWOT analysis? | What's the
difference between a leader and a manager? | What does a product manager do? | What does an accountant do
all day? | What does HR stand for? | How many vacation days are usual in France? | How do I ask my boss for
a day off? | How do I become a lawyer? | Which subjects do I need to study medicine? | Should I take the job
in another city? | How do I get over stage fright? | How do I make small talk at a party? | What should I
wear to a wedding? | How much should I tip in the US? | What is etiquette for business cards in Japan? |
What's a good team lunch place? | Suggest an icebreaker game for ten people. | Where shall we go for our
team outing? | What's a fun fact about coffee? | Write an out-of-office message. | Remind me to call Mum at
six. | Set a timer for ten minutes. | Schedule lunch with Anna on Friday. | Say hello to the team. | What
did I ask you before? | Please repeat that in fewer words. | Can you explain that again? | Yes, go on. | No,
the other one. | OK, next. | Continue. | Stop. | That's wrong, try again. | Great, thank you very much! |
See you tomorrow. | What's trending in fashion? | Who invented the spreadsheet? | When was Excel released? |
Which company makes Power BI? | What does Tableau cost? | Is Google Sheets free? | What is a pivot table? |
What is a regular expression? | Why are regular expressions so hard to read? | What is the difference
between a pie chart and a bar chart? | What is a p-value? | What is the difference between mean and median?
| What is standard deviation? | Who invented the t-test? | What is a neural network's loss? | What is UX? |
What is a persona? | What's the difference between UX and UI? | What is WCAG? | What is SEO? | How does
Google make money? | Who owns Instagram? | When was Twitter founded? | What is a hashtag? | What's the
maximum length of a tweet? | What is a podcast? | What is a newsletter? | Which is the best e-mail provider?
| What is phishing? | What is two-factor authentication? | What is encryption? | What is a firewall? | Who
was Alan Turing? | What was the first computer virus? | What is a CVE? | What is a pull request? | What is
unit testing? | What is technical debt? | What is DevOps? | What is an SLA? | What is 99.9 % of a year in
hours? | What is Terraform? | What is AWS? | What's the difference between AWS and Azure? | What is a log
file? | What is a changelog? | What is semantic versioning? | What is a post-mortem in medicine? | What is a
press release? | How long should a CV be? | What is a cover letter? | What are common interview questions? |
What is onboarding? | What does CRM stand for? | What is B2B? | What is an RFP? | What is a lead in sales? |
What is a literature review? | How do I cite a website? | What is peer review? | Who was the first person to
win two Nobel prizes? | What's the most spoken language? | Is Latin still spoken? | How many languages are
there in the world? | Which alphabet does Greek use? | What is PowerPoint? | What font is easiest to read? |
How many slides for ten minutes? | How long should a meeting be? | What is a stand-up? | What's the best way
to take notes? | What is the Eisenhower matrix? | How can I focus better? | What's the difference between a
project and a program? | What is a steering committee? | What is a forecast? | Will it rain in London this
weekend? | What causes hurricanes? | Who discovered penicillin? | How does the stock market work? | What is
a receipt? | What is an invoice? | What does net 30 mean? | What is a per diem? | What does pro forma mean?
| What is depreciation? | What is a balance sheet? | What does fiscal year mean? | What is due diligence? |
What does ISO stand for? | What is the EU? | How many countries are in the EU? | What is a directive? | Who
makes laws in Germany? | What is the difference between a law and a regulation? | What is a code of conduct?
| How many hours are in a working week? | What are typical questions people get asked at a salary
negotiation? I have mine on Tuesday. | My boss never praises me. Should I say something? | I've been in this
job for five years and feel stuck. What would you do? | How do I tell my colleague that his perfume is too
strong? | My desk neighbour talks on the phone all day and I can't concentrate. Any ideas? | I was passed
over for the promotion and I'm angry. How do I stay calm? | Should I accept a counter-offer from my
employer? | How do I quit without burning bridges? | I've got two job offers and can't decide. How should I
choose? | My team goes for drinks each Friday but I don't drink. Do I have to join? | How do I say no to
more work politely? | What's a nice farewell gift for a colleague who retires? | Write two lines for a
colleague's birthday card. | Can you write a short toast for our Christmas party? | Give me five ideas for a
team-building afternoon. | Which games can we play at the summer party? | Where can twelve people eat in
Munich on a Sunday? | Find me a quiet café near the central station. | Book me a table for two tonight. |
What's the dress code at a gallery opening? | How do I behave at a business dinner in Korea? | Do I have to
bring a gift when I'm invited to a client's home in China? | How do I greet someone in Thailand? | Is it
rude to eat at your desk? | How long can I leave rice in the fridge? | What can I do about tired eyes from
the screen? | How should I set up my chair so that my back doesn't hurt? | I get headaches in the open-plan
office. What helps? | I'm afraid of flying and have a business trip next week. Tips? | How can I remember
names better? | How do I keep from blushing when I speak? | My son needs help with his maths homework: what
is a fraction? | Explain gravity to my daughter, she's five. | Help my nephew with an essay on dolphins. |
My kid asks why the moon follows us. What do I say? | What do I tell my children about my job? | Write a
story for my kids about a robot who wants to be a gardener. | Who discovered America, and in which year? |
Who won the last European championship? | What was the score of the 1966 final? | Which is further north,
London or Vancouver? | Is Prague still the capital of Czechia? | What's the new name of Swaziland? | Which
is bigger, Lake Superior or Lake Victoria? | When do the clocks change this year? | Is Monday a public
holiday in Spain? | Will it snow in Oslo this week? | What's the temperature in Madrid right now? | How long
is the flight from Frankfurt to Dubai? | Do I tip the hairdresser in Germany? | Do I need an adapter for the
UK? | How many millilitres are in a cup? | How many inches is 30 cm? | Convert 70 degrees Fahrenheit to
Celsius. | What's 15 % of 260? | What is 3/8 as a decimal? | Change this sentence to upper case: meet me at
noon. | Put these words in alphabetical order: pear, apple, plum, cherry. | Sort these numbers: 4, 19, 7, 2,
33. | Make this shorter: I would like to take the opportunity to thank you most sincerely for the kind
invitation. | Make this sentence more polite: send me the file. | Rewrite in one sentence: I was late. The
bus broke down. I had to walk. | Please count the words in this paragraph: The quick brown fox jumps over
the lazy dog. | Reverse the letters of "stressed". | What rhymes with orange? | Is it "effect" or "affect"
here: the rain had an … on us? | Comma before "and" or not in this sentence? | Does "biweekly" mean twice a
week or every two weeks? | Where does the word "salary" come from? | Where does the term "bug" in computing
come from? | Is "data" singular or plural? | Why is a mouse called mouse? | Is "server" in restaurants
related to "server" in computing? | Why do we say "debugging"? | Why is it called "the cloud"? | What's the
origin of the phrase "in the red"? | What does the abbreviation KYC stand for? | What does the acronym CRUD
stand for? | What do the letters in SWOT stand for? | What does OKR stand for again? | What does the
abbreviation RSVP mean? | What does EOD mean in mails? | What does "per my last e-mail" really mean? |
What's the difference between FYI and for info? | Who invented the pie chart? | Who invented the barcode and
when? | Who came up with the term "artificial intelligence"? | When was the first e-mail sent? | When was
the World Wide Web invented? | When was JavaScript created and by whom? | Why is the Java logo a coffee cup?
| What does the name PostgreSQL mean? | Who wrote the first compiler? | What's the most popular programming
language at the moment? | Tabs or spaces? We're arguing at lunch. | Is Pluto a planet? My colleague and I
have a bet. | Is a tomato a fruit? Settle a debate at our lunch table. | Is a hot dog a sandwich? | We have
a bet: is the standard deviation ever negative? | Is correlation ever causation? | Is the median always
smaller than the mean? | Explain the Monty Hall problem. | What's the chance of rolling two sixes? | How do
I make a list of even numbers in Python? | How do I check if a string is empty in JavaScript? | How do I
loop over a dictionary in Python? | How do I round a number in JavaScript? | How do I read a file line by
line in Python? | How do I make text bold in HTML? | How do I change the background colour in CSS? | How do
I align two boxes side by side with CSS? | What does "static" mean in Java? | What is a pointer in C? I
don't get it. | Explain object-oriented programming like I'm a beginner. | Explain what a closure is,
simply. | Explain big O notation like I'm twelve. | Why does my program print "None" at the end? | Why is
0.1 + 0.2 not 0.3? | What is a null pointer and why is it bad? | Why does C let me read past the end of an
array? | What's the difference between a list and a tuple? | What's the difference between == and === ? |
How do I undo my last git commit? | How do I copy a folder on the command line? | How do I find out my IP
address? | how do i mute myself in zoom | how do i share my screen in teams | how do i change my status in
slack | how do i delete a chat in teams | how do i set a new ringtone | How do I blur my background in a
video call? | How do I insert a page number in Word? | How do I attach a file in Outlook? | How do I recall
a mail in Outlook? | How do I add a signature to my mails? | How do I merge two PDFs for free? | How do I
zip a folder on a Mac? | My laptop is slow, what can I do? | My mouse doesn't work. Help! | The Wi-Fi in my
flat is terrible. | Where do I find the emoji keyboard? | Which headphones are good for the office? | Which
keyboard should I buy? | What's a good standing desk? | Is it worth learning to touch-type? | What's a good
book on leadership? | Recommend a book on time management. | Which podcast about economics do you like? |
Any good films about accountants? | Recommend music to concentrate. | What's a good online course to learn
Spanish? | How can I improve my English? | How long does it take to learn Japanese? | How do you say "happy
birthday" in Italian? | How do you say "cheers" in Polish? | What does "Feierabend" mean? | What does "c'est
la vie" mean? | How do I pronounce "Worcestershire"? | Write a haiku about Monday mornings. | Write a
limerick about a spreadsheet. | Make a rhyme about coffee and deadlines. | Write a funny poem about
invoices. | Sing me a song about databases. | Tell me a joke about programmers. | Tell me a joke about tax
advisers. | Give me a pun with "contract". | Give me a quote about patience. | Give me a motivational quote
for today. | Draft a text to my landlord that the tap drips. | Write an invitation to my housewarming party.
| Write a message to my neighbours: we're having a party on Saturday. | Help me write an apology to my
sister. | Write a short out-of-office note: I'm away until Monday. | Help me write a polite "no" to a
wedding invitation. | How do I decline a meeting politely? | How do I end an e-mail to someone I hardly
know? | Is "Dear all" too formal? | Should I write "Hi" or "Dear" to a professor? | Should I add my hobbies
to my CV? | Does a CV need a photo in France? It's for my cousin. | What do I write in a cover letter if I
have no experience? It's for my brother. | How do I prepare for a job interview? I'm nervous. | What should
I wear to a job interview? | How do I explain a gap in my CV? | How much notice do I have to give if I quit?
| How many days of parental leave would I get in Sweden? | Can my landlord keep the deposit? | My
neighbour's tree hangs over my fence. May I cut it? | Do I have to declare my eBay sales? It's only old
clothes. | Which tax class should I choose after the wedding? | Should I rent or buy a flat? | How much
should I save each month? | What's a good way to start investing? | Is a credit card or a debit card better
for travelling? | Why do shops price things at 9.99? | Why is gold so expensive? | How is chocolate made? |
How does a fridge work? | How does GPS work? | How does a lift know where to go? | What is a solid-state
battery, in simple words? | What's the difference between weather and climate? | Why do cats purr? | Why do
we yawn? | How many hours should an adult sleep? | Is it bad to drink coffee in the evening? | How many
steps a day are healthy? | Can you recommend a stretching exercise for the neck? | I have a cold. Tea with
honey or ginger? | What can I cook with chickpeas and spinach? | What's a quick lunch for the office? | A
cake recipe without eggs, please, for the office. | Which plants survive in a dark office? | How do I get a
coffee stain out of my shirt? | How do I fold a fitted sheet? | Good morning! Anything new? | Just testing,
ignore this. | Hello, is anybody there? | test | ok perfect | lol | never mind, found it | thanks a lot, you
saved my day | Can we start over? | Who made you? | Do you remember what we talked about yesterday? | Can
you hear me? | Are you better than a search engine? | What do you think about the weather? | I'm so tired
today. | I had a row with my colleague and feel awful. | I'm overwhelmed by everything at work and don't
sleep. | I don't feel appreciated since the new manager came. | I came back from sick leave and everything
has changed. How do I cope? | My best friend at work is leaving. I'm sad. | I made a silly mistake in front
of everybody. How do I get over it? | My manager micromanages me. How do I talk to her about it? | How do I
ask for a day in the home office? | How do I ask for help without looking stupid? | What should I say on my
first day? | How can I make friends in a new city? | Do you think robots will take my job? | What's the best
time to take a holiday? | Suggest a name for my boat. | What should we call our quiz team? | Suggest a name
for our office plant. | Pick a random winner: Tom, Mia, Ali. | Choose for me: pizza or sushi? | Let's play
hangman. | Who would win, a shark or a bear? | If you could travel anywhere, where would you go? | What's
the longest word in English? | What's special about the number 42? | How many zeros has a billion? | What
year is it in the Chinese calendar? | What's the Roman numeral for 49? | Which day is Easter next year? |
How many weeks does a year have? | How old was Mozart when he died? | Which composer was deaf? | Who
directed Jaws? | What is the smallest country in the world? | Which animal sleeps the most? | How do I
explain my work to my grandmother? | What's the difference between a CEO and a managing director? | What's
the difference between B2B and B2C? | What is a unicorn company? | Why is it called a bear market? | Are
lawyers allowed to advertise? | How does one become a judge? | What's the difference between a barrister and
a solicitor? | Is a handshake a contract? | What's the difference between jam and marmalade? | Write a haiku
about our budget meeting. | Please make a poem about the quarterly report. | Write a song about the release
party. | Compose a limerick on contract law. | Make a funny verse about our printer. | A rhyme about the
audit, please. | Write a riddle about databases. | Please change this to title case: the best of our summer.
| Convert this to lower case: GOOD MORNING EVERYBODY. | Put this in bold: welcome to our new office | Can
you make this plural: our new colleague | Please fix the typo: "I recieve the parcel tommorow". | Remove the
commas: red, green, blue | Replace "can't" by "cannot" in: I can't come. | Can you shorten this to one
sentence: "Our canteen will be closed on Friday because of repairs, and we ask you to bring your own lunch."
| Put the following names in a random order: Kim, Lea, Omar, Finn. | How many letters are in
"accountability"? | Turn this into a question: you are coming to lunch. | Write the number 1,348 in words. |
Can you help me word a text to my dentist? I can't come on Thursday. | Can you help me word a birthday
message for my boss? | Can you write an auto-reply? I'm on leave until 5 August, Tom covers for me. | Is the
mean the same as the average? We're arguing about it. | Is a whale a fish? We're arguing about it in the
office. | Recommend a restaurant for a team dinner of ten, two vegetarians. | Recommend a hotel near the
fair in Milan. | I feel that my colleagues don't trust me. How do I talk to them? | My manager checks
everything I do and I feel small. How would you start a conversation with her? | How would you tell your
boss that you're expecting a baby? | My colleague takes credit for my ideas. What should I say to him? |
What should I bring to a garden party of a client? | Should I add my boss on LinkedIn? | Should I accept a
friend request from a customer? | Is it OK to send a message to a recruiter at the weekend? | What's a
polite answer to a recruiter I'm not interested in? | Is a contract valid without a signature? Just curious.
| Why do lawyers say "hereinafter"? | What's the Latin phrase for "agreements must be kept"? | Which famous
brand names became ordinary words? | Who designed the Nike logo? | What's the oldest registered trademark? |
Why is the GDPR four letters but the cookie banner so long? Just venting. | What do you think of cookie
banners? | How do I delete cookies in my browser? | Where do I find my old receipts in the app? | What's the
origin of the word "invoice"? | How do I split the restaurant bill between five people, 143 euros? | What is
19 % VAT on 200 euros? | Who pays for the coffee machine in a typical office? | How do I claim my train
ticket back from the railway? | What's the difference between gross and net salary? | Which country has no
income tax? | How do I calculate my take-home pay? | How much does an accountant earn in Austria? | What's
the average salary of a data scientist? | What does a DevOps engineer do, in plain words? | My daughter
wants to become a lawyer, what should she study? | My niece asks what an auditor does. Explain it simply. |
Is data science still a good career? | How do I get better at Excel? Any good course? | Which chart type did
Florence Nightingale invent? | What's the largest dataset in the world? | What does "ETL" stand for? | What
does "CI/CD" mean? | What does "SRE" stand for? | What's the difference between a bug and a feature? Tell me
a funny answer. | What is the funniest error message ever? | What's the most famous outage in history? | Why
is it called a "postmortem"? | Who wrote the first software patch? | What's the Kubernetes logo supposed to
be? | How do you pronounce "kubectl"? | How do you pronounce "SQL"? | Is HTML a programming language? | Is
Excel a database? Settle an argument. | Is it "a SQL" or "an SQL"? | What's the difference between UTF-8 and
ASCII? | What does the & operator do in Python? | How do I declare an array in Java? | How do I comment out
several lines in Python? | How do I add two numbers in bash? | What does "npm" stand for? | What's the
difference between Java and JavaScript? | How do I make a div round? | How do I add an image in Markdown? |
Explain pointers to a beginner. | Explain what an API is to my mother. | Explain blockchain like I'm five. |
Explain inflation to a teenager. | Explain the offside rule, I never understood it. | Explain quantum
computers in three sentences. | Why does my code work on Tuesdays but not on Fridays? Just kidding. | Why do
programmers like dark mode? | Why does the loop in my homework never stop? | In my course we learn recursion
and I don't get it. | For my exam: what are the layers of the OSI model? | For school I need three facts
about volcanoes. | Quiz me on capitals. | Teach me five words in Finnish. | Translate "good luck" into
Irish. | What is "goodbye" in Swahili? | How do I write "I love you" in Russian? | How do you say "bon
appétit" in German? | What does "kaizen" mean? | What does "ciao" literally mean? | Is there a word for the
day after tomorrow in English? | What's a nicer word for "problem"? | What's a good synonym for "very
important"? | Another word for "team", please. | Is "irregardless" a word? | How do you spell
"entrepreneur"? | Fix the spelling: definately, seperate, untill. | Put this in past tense: I go to the
office. | Make this sentence passive: The cat ate the mouse. | Capitalise this: the old man and the sea |
Write the date 3.4.2025 in American style. | Write 2,450 as a Roman number. | What does 1e6 mean? | How many
bytes are in a megabyte? | How many seconds does a day have? | How many minutes are in 2.75 hours? | How
long is 90 minutes in hours? | What's 7 times 8 again? | What's a third of 1,250? | What is 65 mph in km/h?
| How many square metres is an acre? | How heavy is a litre of milk? | How many stone is 80 kg? | What's the
boiling point of water in Fahrenheit? | What's the weather for the company picnic on Saturday? | Will it be
hot in Seville next week? | Is there a strike at the airport today? | When is the next full moon? | What's
the date of Easter Monday? | How many working days are in March? | Which week number is it? | What time is
it in New York when we have our nine o'clock call? | When does daylight saving end in the US? | What should
we eat for lunch today? | Where can I get good ramen near the office? | What's a nice gift for a client who
loves tea? | What do I bring to my team on my last day? Cake? | Cake or pretzels for my birthday in the
office? | Our coffee machine is broken and everybody is grumpy. Cheer us up! | Give us a topic for small
talk on Friday. | We need a name for our football team at work. | We're looking for a motto for our summer
party. | Tell the team a good-night story. | Sing happy birthday to our boss. | Write two lines for our
farewell card to Peter. | Write a funny toast for my colleague's wedding. | Suggest a present for our
secretary, 30 euros. | Suggest a film for our team evening. | Plan a picnic for our department. | Which card
game can we play in the lunch break? | What can we do on the train to the trade fair for four hours? | Which
sights can I see in Lisbon in one afternoon after my meeting? | I'm in Chicago for a conference. Where do I
go for jazz? | Is the tap water in Mexico City safe to drink? | What do I pack for a three-day business
trip? | Window or aisle seat? | How do I get over jet lag before the meeting? | What plug do they use in
Switzerland? | Can I bring cheese into the US? | How early should I be at the airport? | What do I say to a
colleague whose father died? | How do I tell my team that I'm going to be a mother? | How do I tell my boss
I'm not happy? | My boss shouted at me in front of the others. What do I do? | My colleague never says
hello. Did I do something wrong? | Someone keeps stealing my yoghurt. How do I stop it? | My office is too
cold and nobody listens. | The man next to me chews loudly. Help. | Two of my colleagues don't speak to each
other and I'm in between. | I'm new and nobody has lunch with me. | I said something stupid in the meeting
and can't stop thinking about it. | I was not invited to the meeting and feel left out. | My friend at work
got the job I wanted. I'm jealous. | I can't sleep because of work. | I'm nervous about tomorrow. Calm me
down. | My hands shake when I speak in front of people. | How do I switch off after work? | How do I get up
earlier? | How do I keep my inbox empty? | Do you have tips for working from home with small children? | How
do I stay awake in long meetings? | How do I stop checking mails on holiday? | How often should I take a
break? | Is four hours of meetings a day normal? | Is it normal to cry at work? | Should I tell my
colleagues what I earn? | Should I go to work with a cold? | Should I do a part-time master's? | Should I
learn the piano at forty? | Should I get a dog if I work all day? | Is it too late to change careers at 45?
| Is it OK to wear shorts to the office? | Is it OK to call my boss by her first name? | May I listen to
music at work? | May I take my dog to the office, generally? | What do people wear to an interview at a
bank? | What shoes go with a navy suit? | How do I iron a shirt? | How do I get ink out of a white shirt? |
How do I clean my keyboard? | How do I clean a coffee machine with vinegar? | How do I sharpen a knife? |
How do I get rid of fruit flies in the kitchen? | Which plant can I put in my office without light? | My
orchid lost its flowers. Is it dead? | What can I do with leftover bread? | What can I cook for guests who
eat neither meat nor gluten? | A quick dessert for ten people? | How long do I cook quinoa? | What's the
difference between baking soda and baking powder? | How many eggs a week are OK? | How much water should I
drink a day? | How do I do a proper push-up? | What helps against a stiff neck? | Can you diagnose my knee
pain? | Is it a cold or an allergy? | how do i change my password in teams | how do i turn off the camera in
zoom | how do i change the language on my phone | how do i set an alarm | how do i archive mails in gmail |
how do i make a poll in slack | how do i use a second monitor | how do i rotate a video on my phone | How do
I pin a chat? | How do I change my e-mail signature? | How do I make the text bigger on my screen? | How do
I add a picture to my profile? | How do I find my Wi-Fi password? | How do I update my browser? | How do I
scan a QR code? | How do I forward my calls to my mobile? | How do I print a PDF on A3? | How do I change
the page orientation in Word? | How do I hide a slide in PowerPoint? | How do I hide a column in Excel? |
How do I freeze the first row in Excel? | Where is the ruler in Word? | My screen is upside down! | My phone
battery dies at noon. | The printer says paper jam, where do I open it? | Which browser is the fastest? |
Which phone has the best camera? | Is a tablet enough for university? | What is the best free photo editor?
| What's your opinion on remote work? | What's your opinion on pineapple on pizza? | Do you dream? | Do you
get tired of questions? | What's your name? | How old are you? | Can you lie? | Do you like Mondays? | Tell
me something I don't know. | Tell me a fun fact about spreadsheets. | Tell me a fun fact about law. | Tell
me a scary story. | Make me laugh. | Say something nice. | Write a poem about our office dog. | Write a
sonnet about the tax office. | Write a rap about the weekly meeting. | Write a limerick about a project
manager. | Write a fairy tale about a data analyst. | Write a haiku about Kubernetes. | Write a love letter
to my coffee. | Make a crossword clue for "audit". | Give me a word that rhymes with "forecast". | Give me
an acrostic for TEAMWORK. | Give me a pun about accountants. | Invent a holiday for programmers. | Invent a
superhero who fights bureaucracy. | Describe the colour blue to someone who can't see. | Who would play our
CEO in a film? | What would Shakespeare say about e-mail? | How would a pirate say "the meeting is
cancelled"? | Say "I'm late" like Yoda. | ok thanks | thank you so much, have a nice weekend! | super,
that's all | hi again | sorry, wrong window | can you wait a moment | go on please | shorter please | and in
German? | why? | are you sure? | what do you mean | that's not what I asked | no thanks | please ignore my
last message | Happy new year! | Who is the CEO of Microsoft? | Who is the head of the European Central
Bank? | Who owns Lego? | When was IBM founded? | Which company has the most employees? | Where are the
headquarters of Samsung? | Which bank is the oldest in the world? | How many people work at Amazon? | What
does the name Adidas come from? | What is the Dow Jones? | What's the exchange rate of the euro today? |
What is a recession? | Who won the Nobel Prize in economics last year? | Who said "time is money"? | Which
economist wrote The Wealth of Nations? | What is game theory about? | What's Murphy's law? | What's the
Pareto principle? | What's Parkinson's law? | What's the Dunning-Kruger effect? | What's the difference
between strategy and tactics? | What's the difference between an analyst and a consultant? | What is a think
tank? | What's the difference between a fine and a penalty? | What does "pro bono" mean? | What does "per
annum" mean? | What's "force majeure" in English? | What does "ad hoc" mean? | What does "NB" stand for? |
What does "i.e." mean and how is it different from "e.g."? | What does "WIP" mean? | What does "TL;DR" mean?
| What does "P&L" stand for? | What does "HTTP 418" mean? | What does "404" mean and why that number? |
What's the difference between a virus and a worm? | What was the Y2K bug? | Who was Grace Hopper? | Who
founded Wikipedia? | When did the iPhone come out? | What is the dark web? | What is a meme? | What is ASCII
art? | How does Bluetooth get its name? | How does a barcode work? | How does a microwave work? | How do
noise-cancelling headphones work? | How does the postal code system work in the UK? | How do elections work
in Switzerland? | How does a bill become a law in the US? | What's the difference between the EU and Europe?
| What is Schengen? | How many states does the US have? | Which is the driest desert? | What's the deepest
lake? | Why is the sea salty? | Why do we have leap years? | Why do onions make you cry? | Why do airplanes
leave white lines? | Why does bread get hard and biscuits get soft? | How do magnets work? | How fast is
light? | How do birds know where to fly? | What's the loudest animal? | How many hearts does an octopus
have? | Who was Cleopatra? | When did the Titanic sink? | When did the First World War start? | Who wrote
Faust? | Who sang Bohemian Rhapsody? | Which film won the Oscar in 1995? | How many strings does a violin
have? | What's the highest score in darts? | How long is a marathon? | How does scoring in tennis work?
"""


@cache
def everyday_requests() -> tuple[str, ...]:
    """The requests, each by itself."""
    texts = (EVERYDAY_REQUESTS, LONGER_REQUESTS, OFFICE_REQUESTS)
    return tuple(each.strip() for text in texts for each in text.replace("\n", " ").split(" | "))
