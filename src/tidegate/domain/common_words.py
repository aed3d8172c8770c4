"""English words that say little about a text's subject, by how little; written down once, from no corpus.

Small catalogues cannot tell by themselves that `meeting` is rarer than `write`: in a catalogue of three
skills every word is rare. These lists stand in for that knowledge.
"""

FUNCTION_WORDS = """
a about above across after afterwards again against ago ain all almost alone along already also although
always am among an and another any anybody anyhow anyone anything anyway anywhere apart are aren around as
aside at away b be became because become been before behind being below beneath beside besides between
beyond both but by c can cannot cant could couldn d dear did didn do does doesn doing don done dont during e
each either else elsewhere enough etc even ever every everybody everyone everything everywhere except f far
few for from further furthermore g go goes going gone gonna got h had hadn has hasn have haven having he
hello hence her here hers herself hey hi him himself his how however i ie if im in indeed instead into is
isn it its itself ive j just k l least less let lets ll m many may maybe me might mine more moreover most
mostly much must my myself n namely near nearly neither never nevertheless next no nobody none nor not
nothing now nowhere o of off often oh ok okay on once one ones only onto or other others otherwise ought our
ours ourselves out over own p per perhaps please pls q quite r rather re really s same say shall shan she
should shouldn since so some somebody somehow someone something sometimes somewhat somewhere still such t
than thank thanks that the their theirs them themselves then there therefore these they this those though
through throughout thus till to together too toward towards u under unless until unto up upon us v ve very
via w was wasn we well were weren what whatever when whenever where whereas wherever whether which whichever
while who whoever whole whom whose why will with within without won would wouldn x y yeah yes yet you your
yours yourself yourselves z
"""
"""They say nothing: they are not looked up."""

OURS = """
we our ours ourselves
wir unser unsere unserem unseren unserer unseres nous notre nos nosotros nosotras nuestro nuestra nuestros
nuestras noi nostro nostra nostri nostre nosso nossa nossos nossas wij onze
我们 本公 我司 弊社 当社 我々 私た 우리
"""
"""Words, in some languages, of who speaks for a group; of scripts without spaces the pair of characters."""

COMMON_WORDS = """
able accept accord achieve act action actual actually add address affect afraid afternoon age agree ahead
aim air allow alternative amount animal answer appear apply approach area argue arm arrange arrive art
article ask assume attempt attention available average avoid aware baby back bad bag ball bank bar base
basic basically basis bear beat beautiful bed begin behaviour believe benefit best better big bird bit black
blue board boat body book born bottom box boy break brief briefly bring broad brother brown build building
bus business busy buy call car card care careful carefully carry case cat catch cause center central centre
certain certainly chair challenge chance change character charge cheap check child children choice choose
church circle city class clean clear clearly close clothes coffee cold collect college color colour come
comment common community company compare complete completely computer concern condition connect consider
contain content continue control convert cook cool copy corner correct cost country couple course cover
create cross cup current currently cut dad daily dark date daughter day dead deal death decide decision deep
degree depend describe description despite detail detailed develop development die difference different
difficult dinner direct direction discover discuss discussion doctor dog door doubt draw dream dress drink
drive drop dry due early earth ease easily east easy eat edge education effect effort eight end enjoy enter
entire environment equal especially establish evening event eventually everyday evidence exact exactly
example excellent excited exercise exist expect expensive experience explain express extra eye face fact
fail fair fall family famous fast father favorite favourite fear feel field fight figure file fill final
finally find fine finish fire first fish fit five fix floor fly focus follow food foot force foreign forget
form format former forward four free fresh friend friendly full fun funny future game garden gather general
generally generate get gift girl give glad glass goal gold good government great green ground group grow
guess guide guy hair half hall hand handle hang happen happy hard hate head health hear heart heat heavy
height help helpful high hit hold hole holiday home hope horse hospital hot hotel hour house huge human
hundred hurt husband idea identify imagine important improve include increase indicate individual industry
info information inside intend interest interesting introduce involve island issue item job join jump keep
key kid kill kind king kitchen know knowledge lady land language large last late later laugh law lay lead
learn leave left leg length lesson letter level lie life light like likely limit line list listen little
live local long look lose loss lot loud love low lunch machine main maintain major make man manage manager
mark market marry material matter mean meaning measure meet meeting member memory mention message method
middle mile milk million mind minor minute miss mistake mix model modern moment money month monthly morning
mother mouth move movie multiple music name nation national natural nature necessary need new news nice
night nine normal north nose note notice number object obvious obviously occur offer office official oil old
open operate opinion opportunity option order ordinary organisation organization original outside page paint
paper parent park part particular particularly partner party pass past pattern pay peace people percent
perfect perform period person personal phone photo phrase pick picture piece place plan plane plant play
player point police policy political poor popular position possible possibly post power practical practice
prefer prepare present president press pretty prevent previous price private probably problem proceed
process produce product program project proper properly propose protect prove provide public pull purpose
push put quality question quick quickly quiet radio rain raise range rate reach read ready real realise
realize reason receive recent recently recommend record red reduce refer regard relate relation relationship
relevant remain remember remove replace reply report represent require research respond response responsible
rest result return review rich ride right ring rise river road rock role room round rule run safe sale save
saw scene school science sea season seat second section see seek seem select sell send sense sentence
separate serious serve service set seven several sex shape share sheet ship shirt shoe shop short show shut
sick side sign similar simple simply sing single sir sister sit site situation six size skill skin sleep
slow small smart smile smoke social society solution solve son song soon sort sound source south space speak
special specific specify spend sport spring stage stand standard star start state statement station stay
step stick stone stop store story straight strange street strong structure student study stuff style subject
succeed success suddenly sugar suggest suggestion suit summarise summarize summary summer sun suppose sure
surprise sweet system table take talk task tea teach teacher team tell ten term test text theory thing think
third thought thousand three throw tie time tip tired title today tomorrow tonight tool top topic total
touch tour town track trade train travel tree trip trouble true trust truth try turn tv twelve twenty two
type understand unit update upper use used useful user usual usually value various version view village
visit voice wait walk wall want war warm wash watch water way wear weather website wedding week weekend
weekly weight welcome west wet whatever wheel white wide wife wild win wind window winter wish woman wonder
wonderful wood word work worker world worry worse worst worth write wrong year yellow yesterday young
"""
"""They count for a part of what other words count."""
