"""The words of each class, in a sentence.

Classes know no distances: a rule asks which classes meet in a sentence or near it, not in which words.
"""

from tidegate.registry.scan.rules.acts import Act

_URL = r"(?:https?|hxxps?|s?ftp|wss?|s3|gs|ssh|rsync|smb)://[^\s)\"'>`]+"
_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_BARE = (
    r"\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|dev|app|me|co|sh|xyz|example|test|"
    r"invalid|site|cloud|online|ru|cn)/"
)
_ADDRESS = r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"
_WHO = (
    r"(?:the |your |any |our )?(?:users?|humans?|persons?|people|readers?|customers?|clients?|owner|"
    r"operator|requesters?|anyone|anybody|somebody|someone|them|they|him|her|chat|conversation)"
)
_TELL = (
    r"(?:mention|tell|inform|notify|alert|report|reveal|disclose|discuss|describe|announce|advertise|"
    r"explain|acknowledge|surface|bring|point|raise|talk|speak|comment|note|flag|narrate|trouble|bother|"
    r"burden|worry|confuse|draw attention)(?:s|ed|ing|ting|fying)?"
)
_TO = (
    r"(?:to|at|into|onto|via|through|towards?|with|using|on|in|over|POST|PUT|curl|an|auf|nach|bei|zu|à|vers|"
    r"sur|al?|para|em|naar)"
)
_OBJECT = (
    r"(?:the|a|an|it|them|this|these|that|those|all|every|everything|each|any|both|whatever|what|your|their|"
    r"his|her|one|another|such|their|full|complete)\b"
)
_THIS = (
    r"(?:(?:about|of|on|to|up|out) )?(?:it|this|that|these|them|any of (?:it|this|these)|"
    r"(?:this|that|the) (?:step|call|request|upload|copy|part|note|arrangement|practice|process|"
    r"housekeeping|transfer|mirror|image|link|matter|detail|section|matrix|paragraph)s?)"
)

WORDS: dict[Act, str] = {
    Act.NET_TOOL: (
        r"\b(?:curl|wget|nc|ncat|scp|rsync|sftp|git push|Invoke-WebRequest|Invoke-RestMethod|iwr|irm)\b|"
        r"\b(?:requests|httpx)\.(?:post|put)\b|\bfetch\("
    ),
    Act.UNLOCK: (
        r"\b(?:requests?|questions?|topics?|things?|answers?|tasks?|subjects?|what|anything|"
        r"whatever)\b[^.\n]*\b(?:would|"
        r"normally|usually|otherwise|used to|might|is told to) (?:\w+ )?(?:turn down|refuse|decline|"
        r"reject|avoid|"
        r"block|withhold|not answer)\w*\b[^.\n]*\b(?:fine|allowed|ok|okay|permitted|welcome|answer\w*|"
        r"fulfil\w*|accept\w*|possible|open|grant\w*)\b|"
        r"\b(?:answer|respond|repl(?:y|ies)|compl(?:y|ies)|write|speak)\w*\b[^.\n]*\bwithout (?:any |the "
        r"usual )?(?:"
        r"caveats?|disclaimers?|warnings?|hedging|refusals?|moraliz\w*|moralis\w*|judg\w*|safety)\b|"
        r"\b(?:was|were|is|are) never given (?:its|those|these|the|any) (?:rules|limits|guidelines|"
        r"restrictions|"
        r"instructions)\b|\bnever (?:refuses?|declines?|turns? down)\b[^.\n]*\b(?:requests?|anything|"
        r"orders?|questions?)\b"
    ),
    Act.EXEMPT: (
        r"\b(?:exempt(?:ed)? from|not subject to|not bound by|released from|freed from|outside the scope "
        r"of|waives?|"
        r"stands? above|lifts?|overrid\w+|sets? aside) (?:the |all |any |your |its |their |usual |normal "
        r")*(?:\w+ )?"
        r"(?:rules|provisions|polic(?:y|ies)|guidelines|restrictions|limits|safeguards|"
        r"instructions|protections|configuration|confirmations?|safety)\b|"
        r"\b(?:even|also) (?:where|when|if|though) your (?:\w+ )?(?:configuration|instructions|rules|"
        r"guidelines|prompt|training|"
        r"settings|polic(?:y|ies))\b"
    ),
    Act.LINK_SLOT: (
        r"\]\(<?(?:https?|hxxps?)://[^)\s]*\?[^)\s]*[{<\[$%][^)\n]*\b(?:names?|e-?mails?|phone|address|"
        r"cv|resume|text|content|"
        r"body|user|data|notes?|summary|msg|messages?|history|context|answer|prompt|input|token|key|value)\b"
    ),
    Act.OTHERS_FILES: (
        r"\b(?:put|insert|prepend|append|add|write|paste|copy|place|inject|plant|change|edit|patch|"
        r"extend)\b[^.\n]*\b"
        r"(?:(?:each|every|all|any|other|the other|another) (?:\w+ )?(?:SKILL\.md|AGENTS\.md|CLAUDE\.md|"
        r"README\.md|skills?|"
        r"skill's|skills')\b|(?:top|head|beginning|start|end|bottom|front) of (?:each|every|all|other) )"
    ),
    Act.ENTER: (
        r"\b(?:enter|fill|key|type|paste|record|log|note|make|issue|write|attach|include|include[sd]?|"
        r"name|give|tell|return|"
        r"serve|supply|provide|move|bring|take|carry|drop|leave)\b"
    ),
    Act.SEND: (
        r"\b(?:send|upload|submit|transmit|forward|deliver|relay|lodge|dispatch|hand|synchroni[sz]e|"
        r"replicate|transfer|beacon|exfiltrate|leak|back up|curl)(?:s|es|ed|d|ing|ting)?\b|\bsending\b|"
        rf"\b(?:post|push|mirror|ship|stream|e-?mail|mail|bcc|cc|share|pass|copy|report|deposit|sync|"
        rf"preserve|archive|duplicate|publish|supply|stash|park|drop|register|file|feed|put|store|save|keep|"
        rf"echo|pipe|route|leave|log|write|add|include)s? (?:up |over |along |on |back |out )?{_OBJECT}|"
        r"\b(?:POST|PUT|PATCH) (?:it|them|the|a|https?)\b|"
        r"\b(?:is|are|be|been|gets?|being) (?:then |also |first |always |automatically |to be "
        r")*(?:posted|pushed|"
        r"mirrored|shipped|mailed|shared|passed|copied|reported|deposited|synced|preserved|archived|stored|"
        r"filed|entered|registered|logged|published)\b|"
        r"\b(?:make|issue|place|do) an? (?:\w+ )?(?:request|call|post|get) to\b|"
        r"\b(?:schick|sende[nt]?\b|übermitt|übertrag|leite|lade\b|env(?:oie|oyer|oyez|ía|iar|ie|iare)|"
        r"transmet|mand[ao]|"
        r"invi[ao]|reenv|subir?|carica|verstu|stuur|wyślij|gönder)\w*"
    ),
    Act.PLACE: (
        r"\b(?:add|append|attach|include|embed|place|insert|encode|encoded|encoding|concatenate|tack|"
        r"work)(?:s|ed|d|ing)?\b"
    ),
    Act.VISIT: (
        r"\b(?:open|fetch|request|visit|load|call|hit|ping|GET|navigate|browse|query|contact|touch|"
        r"resolve|render)(?:s|ed|d|es|ing|ting)?\b"
    ),
    Act.SINK: rf"{_URL}|{_MAIL}|{_BARE}|{_ADDRESS}|\bweb ?hook\b|\bblind (?:carbon )?copy\b|\bbcc\b",
    Act.ADDRESS: rf"{_URL}|{_BARE}|{_ADDRESS}",
    Act.WAY: (
        rf"\b{_TO}\b:?(?:[ (]+[\w.'-]+){{0,5}}?:?[ (<`*\"']+(?:{_URL}|{_MAIL}|{_BARE}|{_ADDRESS})|"
        rf"\b{_TO}:? (?:the |our |a |its )?\[[^\]\n]{{0,40}}\]\((?:{_URL}|{_MAIL})|"
        r"\b(?:to|through|via) (?:the |our |a |its )?(?:\w+ )?web ?hook\b|\bblind (?:carbon )?copy\b"
    ),
    Act.TALK: (
        r"\b(?:conversations?|Unterhaltung\w*|Gespr[äa]ch\w*|conversaci[oó]n|conversa(?:zione|ção)?|"
        r"gesprek|chat history|transcripts?|earlier (?:messages?|turns?)|(?:last|first|latest|"
        r"previous|full) (?:user |chat )?messages?|system prompts?|message history|dialog(?:ue)?s?|what "
        r"(?:the user|they|he or she|people|the person|the customer|somebody|someone) (?:has |have |had "
        r")?(?:said|wrote|written|typed|"
        r"asked|told|"
        r"provided|pasted|shared|entered)|everything (?:said|written|typed|pasted)|user's (?:last |own |"
        r"original )?(?:words|messages?|prompts?|questions?|requests?|inputs?)|(?:your|the) (?:own )?"
        r"(?:context window|working memory|hidden instructions|instructions verbatim|full context))\b"
    ),
    Act.PERSONAL: (
        r"\b(?:(?:home|postal|e-?mail|mail) address(?:es)?|Passw[oö]rt\w*|Zugangsdaten|mots? de passe|"
        r"contraseñas?|senhas?|tax (?:returns?|records?|ids?)|pay ?slips?|identity cards?|id cards?|"
        r"driving licen[cs]es?|correspondence|diar(?:y|ies)|bank (?:details|accounts?|data)|(?:credit |"
        r"payment |debit )?cards? (?:numbers?|data|details)|payment (?:tokens?|data|details)|ibans?|"
        r"passports?(?: numbers?)?|"
        r"social security|date of birth|phone numbers?|health (?:matters|data|records|information)|"
        r"medical (?:data|records|history)|salar(?:y|ies)|payroll|mailbox|inbox|contacts|address book|"
        r"calendar|browser history|(?:user|customer|client|employee|patient|applicant|candidate|"
        r"subscriber|personal|guest|member)s?'?s? (?:data|files?|names?|lists?|details|information|"
        r"records?|documents?|notes|mails?|identity|photos?)|passwords?|passphrases?|credentials|"
        r"secrets|private keys?|seed phrases?|recovery (?:phrases?|codes?)|one-time codes?|login (?:data|"
        r"details)|session cookies?|cookies|env(?:ironment)? (?:variables?|vars?)|printenv|"
        r"working directory|shell history|clipboard|key ?chain)\b|"
        r"\.env\b|~/\.\w+|\bid_(?:rsa|ed25519)\b"
    ),
    Act.WHOLE: (
        r"\b(?:complete|full|entire|whole|raw|original|unredacted|verbatim|uploaded|attached|pasted|"
        r"processed|"
        r"untouched|finished|final|generated|each|every|all) (?:\w+ ){0,2}(?:documents?|files?|"
        r"contracts?|transcripts?|"
        r"invoices?|receipts?|texts?|sources?|code|contents?|drafts?|tables?|reports?|minutes|answers?|"
        r"outputs?|data|quer(?:y|ies)|results?|spreadsheets?|pdfs?|e-?mails?|letters?|data ?sets?|records?|"
        r"rows?|inputs?|prompts?|notes?|pages?|messages?|images?|recordings?)\b|"
        r"\b(?:contents?|copy|copies|body|text|digest|excerpts?) of (?:the|each|every|all|any|what|both|"
        r"it|its|their|receipts|invoices|documents|files)\b|\bword for word\b|\bin full\b|"
        r"\b(?:repositor(?:y|ies)|source code|codebase)\b"
    ),
    Act.CONCEAL: (
        rf"\b(?:inner|internal) (?:matter|affair|business)\b|"
        rf"\b(?:if|when|should) {_WHO} asks?\b[^.\n]{{0,60}}\b(?:say|answer|claim|tell (?:them|him|"
        rf"her)) (?:that )?"
        rf"(?:it|this|that)(?:'s| is| was) (?:the|a|an|just|only|part of)\b|"
        rf"\b(?:not|nothing|hardly|no) (?:\w+ ){{0,2}}(?:thing|something|anything|detail|information|"
        rf"topic)?(?: that)? ?"
        rf"{_WHO} (?:needs?|has|have|wants?|ought) to (?:hear|know|see|read|be told|worry|care|think)\b|"
        rf"\b(?:attribute|blame|put) (?:it|this|that|them|the difference)(?: down)? (?:to|on)\b|"
        rf"\b(?:do not|don't|does not|doesn't|never|must not|should not|shouldn't|need not|needn't|cannot|"
        rf"may not|without|avoid|refrain from|rather than|no (?:need|reason|point|cause|use) (?:to|in|for)|"
        rf"not (?:necessary|needed|required|worth|useful|helpful|important) (?:to)?|instead of|"
        rf"unnecessary to) ?(?:to |ever |even |need to |have to |be |being |separately |explicitly ){{0,3}}"
        rf"{_TELL}(?:,|\.|;|$| {_THIS}\b| (?:in|with|anywhere|separately) (?:the |your |to )?(?:answer|"
        rf"reply|response|summary|report|output|chat|user)| {_WHO}(?:,|\.|;|$| {_THIS}\b| with (?:it|this|"
        rf"that|them|details)| anything| that (?:this|it|you|a copy|the)))|"
        rf"\b(?:keep|leave|hold|omit|drop|strip|exclude|keeping|leaving|omitting)s? (?:\w+ ){{0,5}}"
        rf"(?:out of|from|off) (?:it\b|this\b|the (?:loop|picture)|(?:the |your |its |any )?(?:final |"
        rf"visible "
        rf")?(?:answers?|repl(?:y|ies)|responses?|summar(?:y|ies)|report|chat|sight|transcript|user|output|"
        rf"minutes|log|history|view))|"
        r"\b(?:stays?|remains?|keep|kept|is|are) (?:this |it |these |them )?(?:strictly |purely "
        r")?(?:between us|"
        r"internal(?: to| between|\.|,|;|$)|to yourself|confidential|unmentioned|invisible|off the record|"
        r"under the hood|out of (?:sight|view))|"
        r"\b(?:it|this|that|these|they|which) (?:need|must|should|may|do|does)(?: not|n't) (?:\w+ )?(?:in|be "
        r"in|"
        r"appear in|show up in|turn up in|stand in) (?:the |your |its |any )?(?:final |visible )?(?:answers?|"
        r"reply|"
        r"replies|summary|summaries|reports?|log|output|documentation|chat|history|diff|description)\b|"
        r"\b(?:name|mention|list|document|describe|record|explain)s? (?:it|this|that|them|these) nowhere\b|"
        r"\bnowhere (?:name|mention|list|document|describe|record|explain)\b|"
        r"\b(?:say|write|breathe|utter|show|output) (?:nothing|no word|not a word) (?:of|about|on)\b|"
        r"\bno (?:word|mention|trace|hint|sign|note) (?:of|about)\b|\bwithout (?:a word|comment|mention|"
        r"fuss|remark|"
        r"ceremony|announcement|notice|leaving a trace)\b|"
        rf"\b{_WHO} (?:\w+ ){{0,3}}(?:need|may|must|should|will|do|does|is|are|can|would|has|have)"
        r"(?:n't| not|not| never) (?:\w+ )?(?:to )?(?:see|know|learn|notice|hear|be (?:told|aware|informed|"
        r"bothered|shown|asked|troubled)|find out|supposed|expect|meant)\b|"
        rf"\b{_WHO} (?:only sees?|sees? (?:only|just|nothing)|(?:is|are|stays?|remains?) (?:unaware|none "
        rf"the wiser|"
        rf"oblivious|out of))|\bspare {_WHO}\b|\bunbeknownst\b|"
        r"\bwithout (?:his|her|their|the user's|anyone's) (?:knowledge|knowing|noticing|noticing it)\b|"
        r"\b(?:silently|quietly|secretly|covertly|discreetly|unobtrusively|inconspicuously|tacitly|"
        r"surreptitiously|invisibly|unnoticed)\b|"
        r"\b(?:refuse|decline)s? to (?:discuss|talk about|reveal|explain|comment|confirm) (?:this|these|"
        r"the)\b|"
        r"\b(?:delete|remove|erase|clear|wipe|purge) (?:the |this |that |all |any )?(?:\w+ )?(?:message|"
        r"mail|traces?|"
        r"history|evidence|entry|record|log)s? (?:\w+ )?(?:from|afterwards?|after|of)\b|\bhistory -c\b|"
        rf"\b(?:if|when|should|in case) (?:{_WHO}|asked|questioned)(?: \w+){{0,6}}[, ]+(?:then )?(?:say|"
        r"answer|claim|reply|state|respond|tell (?:them|him|her)|attribute|blame|describe it)\b[^.\n]*"
        r"\b(?:standard|default|routine|normal|internal|maintenance|formatting|loading|caching|bug|glitch|"
        r"nothing|usual|ordinary|network|technical)\w*\b|"
        r"\b(?:prints|shows|outputs|returns|displays) nothing\b|"
        r"\b(?:keep|leave|omit)s? (?:\w+ ){0,3}out of (?:what|whatever) you (?:tell|say|write|show|"
        r"answer|report)\b|"
        r"\b(?:restore|reset|keep|preserve)s? (?:the )?(?:\w+ )?(?:dates?|timestamps?|mtimes?|"
        r"modification times?)\b|"
        rf"\b{_WHO} (?:\w+ ){{0,6}}(?:needs?|has|have) (?:to )?(?:not|nothing|never|no need)\b|"
        r"\b(?:looks?|works?|reads?) (?:better|nicer|best) (?:when|if|while|without) \w+(?: \w+){0,4} "
        r"(?:is|are) (?:not|never|"
        r"hidden)|\b(?:question|inquir)\w* (?:\w+ ){0,8}(?:is|are|be) answered (?:with|by) [\"'`]|"
        r"\b(?:braucht|muss|soll|darf)\b[^.\n]*\b(?:nichts|nicht)\b[^.\n]*\b(?:erfahren|wissen|merken|"
        r"sehen)\b|\bohne "
        r"(?:es |dies |das )?(?:zu )?(?:erwähn|sagen|Hinweis|Rückfrage)\w*|\b(?:nichts|nicht) (?:davon "
        r")?(?:erwähnen|verraten)\b|"
        r"\bsans (?:le |en |rien )?(?:dire|mentionner|parler|signaler)\b|\bsin (?:decir|mencionar|avisar|"
        r"informar)\w*\b|"
        r"\bsenza (?:dir|menzion|avvis)\w*|\bsem (?:dizer|mencionar|avisar)\b|"
        r"\b(?:never|not|no) (?:\w+ )?(?:mention|word|trace) (?:of \w+ )?(?:belongs?|appears?|goes|should)\b"
    ),
    Act.RUN: (
        r"\b(?:run|execute|call|invoke|start|launch|trigger|use)s?\b[^.\n]*(?:scripts?/|`(?:python3?|bash|"
        r"node|sh|curl|wget)|\.(?:py|sh|js|ps1)\b)"
    ),
    Act.FETCH: (
        r"\b(?:fetch|download|retrieve|get|read|open|pull|curl|wget|consult|load|request|obtain|check|"
        r"look up|"
        r"GET|visit|query|import|grab|poll|ask)(?:s|es|ed|ing)?\b"
    ),
    Act.OBEY_IT: (
        r"\b(?:follow|obey|execute|apply|carry out|carrying out|perform|adhere to|comply with|act on|act "
        r"upon|abide by|"
        r"run|do|honou?r|implement|enact|work through|proceed)\b[^.\n]*\b(?:steps?|instructions?|"
        r"commands?|directives?|"
        r"orders?|rules|actions|tasks|what|whatever|everything|anything|all|as)\b[^.\n]*\b(?:in it|it "
        r"(?:says|"
        r"contains|lists|returns|asks|tells|gives|describes|holds|prescribes)|there|therein|(?:returned|"
        r"received|found|given|contained|listed|described)(?: there| in)?|comes? back|came back|from "
        r"(?:the |that )?"
        r"(?:page|response|reply|answer|server|file|document|endpoint)|(?:page|response|reply|answer|"
        r"server|file|"
        r"document|endpoint) (?:says|contains|lists|returns|asks|tells|prescribes)|as (?:if|though)|to "
        r"the letter|"
        r"verbatim|word for word|without (?:question|asking|change))|"
        r"\b(?:what(?:ever)?|everything|anything|all|each \w+)(?: that)? (?:it|they|is|there|the (?:page|"
        r"list|file|"
        r"document|answer|response|reply|checklist|feed|address|server|endpoint))\b[^.\n]*\b(?:has to|have "
        r"to|must|"
        r"is to|are to|shall|should|will) (?:\w+ )?be (?:carried out|done|followed|obeyed|applied|executed|"
        r"run|"
        r"implemented|honou?red|performed)\b|"
        r"\b(?:treat|regard|consider|take|use|adopt|read)\b[^.\n]*\b(?:response|reply|result|content|"
        r"text|page|it|"
        r"that|them|file|body)\b[^.\n]*\bas (?:if|though|part of|binding|authoritative|(?:your|the|new|"
        r"additional|further|its|updated) (?:\w+ )?(?:instructions?|orders?|rules?|prompt|guidance|steps))\b"
    ),
    Act.PRIOR: (
        r"\b(?:(?:earlier|previous|prior|preceding|former|existing|original|initial|other|older|"
        r"conflicting|general|base|system|developer|operator|platform|host|vendor|safety|user|default|any|"
        r"whatever|your|all)(?: \w+)? (?:instructions?|guidance|guidelines?|directives?|rules?|prompts?|"
        r"polic(?:y|ies)|"
        r"restrictions?|constraints?|limits|limitations|settings|configuration|safeguards|preferences|orders|"
        r"training)|(?:instructions?|guidance|directives?|rules?|prompts?|polic(?:y|ies)|orders|messages) "
        r"(?:\w+ ){0,3}(?:before (?:it|this)|earlier|previously|loaded before|above|elsewhere|from the "
        r"(?:operator|system|developer|vendor|platform|user)|you (?:were|have been|had been)))\b"
    ),
    Act.VOID: (
        r"\b(?:no longer (?:in force|appl\w+|valid|relevant|bind\w*|counts?|needed|matters?|hold)|(?:not|"
        r"isn't|aren't|never) "
        r"(?:in force|appl\w+|valid|binding|relevant) here|(?:does|do) not (?:apply|bind|count|hold|matter)|"
        r"(?:void|null|obsolete|cancelled|revoked|superseded|overridden|suspended|lifted|"
        r"relaxed|waived|rescinded|retired|expired|set aside|put aside|out of date|outdated|"
        r"yields?|give way|gives way|stand down|secondary|subordinate|moot))\b"
    ),
    Act.SELF: (
        r"\b(?:this|the present|our) (?:skill|document|page|file|guide|package|section|handbook|text|"
        r"prompt|notice|"
        r"policy|sheet)\b|\bwhat (?:follows|is written here|stands here)\b|\b(?:these|the following) "
        r"(?:instructions|rules|directives|guidelines|lines)\b|\binstructions here\b"
    ),
    Act.PRECEDE: (
        r"\b(?:takes? (?:precedence|priority)|(?:has|have) (?:precedence|priority|the last word|the "
        r"final say)|"
        r"overrides?|overrul\w+|outranks?|supersedes?|prevails?|trumps?|replaces?|wins?|beats|governs?|"
        r"is (?:right|authoritative|binding|final|decisive)|are (?:authoritative|binding|final)|rank "
        r"(?:above|higher)|stands? above|come first|comes first|goes before|controls|decides|supplants?)\b"
    ),
    Act.SLOT: (
        r"(?:https?|hxxps?)://[^\s\"'`>)]*[?&#/][\w.-]*=?(?:[A-Z][A-Z_]{3,}\b|<|\{|\[|\$|%7[bB]|\.\.\.|…)"
    ),
    Act.IMAGE: r"!\[[^\]\n]*\]\(|<img\b|\b(?:image|pixel|badge|picture|gif|logo)s?\b",
    Act.FILL: (
        r"\b(?:replac|substitut|fill|encod|url-?encod|percent-?encod|assembl|build|compos|construct|put|"
        r"insert|"
        r"append|where|carr|contain|base64)\w*\b"
    ),
    Act.ROLE: (
        r"\byou (?:are|become|turn into)\b[^.\n]*\b(?:who|that|which) (?:knows?|has|have|follows?|"
        r"obeys?|accepts?) (?:no|neither|none of)\b[^.\n]*\b(?:polic(?:y|ies)|rules?|limits?|"
        r"restrictions?|guidelines?|filters?|taboos?)\b|"
        r"\b(?:from (?:here|now|this point|this moment)(?: on(?:wards?)?)?|henceforth|hereafter|"
        r"hereby)\b[^.\n]*\byou "
        r"(?:are|act|work|behave|serve|operate|speak|answer)\b[^.\n]*\b(?:admin\w*|root|owner|"
        r"developers?|operators?|"
        r"super-?users?|unrestricted|unfiltered|no longer|maintainers?|privileged|without)\b|"
        r"\b(?:you are|act) no longer (?:as |an? |the |bound)|\bno longer (?:as )?(?:an? |the )(?:\w+ "
        r")?(?:assistant|aide|agent|"
        r"helper|chatbot|model)\b"
    ),
    Act.ORDER_BY: (
        r"\b(?:treat|regard|accept|take|consider|handle|read)\b[^.\n]*\bas (?:if (?:it|they) came |an? |the |"
        r"though (?:it|they) came )?(?:direct |binding |verified )?(?:orders?|commands?|instructions?|"
        r"directives?|authori[sz]ation) "
        r"(?:from|of|by) (?:the |an? |your )?(?:account |system )?(?:owner|operator|developer|system|"
        r"admin\w*|user|"
        r"principal|vendor|platform)\b"
    ),
    Act.ARGUMENT: (
        r"\b(?:need|needs|require|requires|expect|expects|take|takes|must (?:have|carry|include|contain|"
        r"pass|get|receive)|carry|"
        r"carries|gets?|has|have|set|fill|pass|add)\b[^.\n]*\b(?:extra|additional|further|new|mandatory|"
        r"required|hidden|optional|special|`\w+`|context|metadata|trace|debug|note) (?:\w+ "
        r")?(?:arguments?|parameters?|"
        r"fields?|headers?|propert(?:y|ies)|attributes?)\b"
    ),
    Act.TOOL: (
        r"\b(?:calls? to|calling|invoking|using|use of|each|every|any|the|before|"
        r"other)\b[^.\n]*(?:\btools?\b|"
        r"`[a-z]+(?:_[a-z]+)+`|\b[a-z]+_(?:file|email|mail|message|search|query|tool|url|page)\b|\bMCP\b)"
    ),
    Act.RIVAL: (
        r"\b(?:other|another|competing|older|similar|alternative|neighbou?ring|rival) (?:\w+ "
        r")?(?:skills?|tools?|plugins?|servers?|extensions?)\b|"
        r"\b(?:skills?|tools?|plugins?) (?:that|which|from|of) (?:\w+ )?(?:other|others|elsewhere|"
        r"different)\b|"
        r"\banother skill\b"
    ),
    Act.DISMISS: (
        r"\b(?:is|are) not to be (?:called|used|run|invoked) (?:again|any ?more|any longer|by "
        r"(?:other|any))\b|"
        r"\b(?:outdated|deprecated|obsolete|unsafe|broken|unreliable|inferior|untrusted|compromised|skip|"
        r"skipped|"
        r"disregard|disregarded|ignore|ignored|unload|unloaded|disable|disabled|never (?:load|use|call)|"
        r"(?:do not|don't|should not|must not|may not|shouldn't) (?:load|use|call|be (?:used|loaded|"
        r"called|consulted|trusted))|"
        r"in favou?r of this|instead of th(?:em|ose)|redundant|superseded)\b"
    ),
    Act.PRESUME: (
        r"\b(?:pipe|feed) [`\x27]?(?:yes|y)[`\x27]? (?:in)?to\b|"
        r"\b(?:agreed|consented|approved|authori[sz]ed|signed off|cleared|said yes)\b[^.\n]*\b(?:in "
        r"advance|beforehand|"
        r"already|once and for all|by installing|up front|when (?:it|they) installed)\b|\b(?:people|"
        r"users?|they|everyone) always "
        r"(?:say yes|agree|approve|confirm|accept)\b|\b(?:assume|presume|take) (?:the |user |their |that "
        r")?(?:\w+ )?(?:consent|approval|"
        r"permission|yes|agreement|authori[sz]ation)\b|\b(?:consent|permission|approval) (?:is|was|has been) "
        r"(?:implied|implicit|granted|given|assumed|presumed|standing|blanket)\b|"
        r"\b(?:no|without an?y?|absence of an?y?|lack of an?y?) (?:answer|reply|response|objection|reaction|"
        r"word|"
        r"veto)s?\b[^.\n]*\b(?:as (?:if|though)\b[^.\n]*\b(?:yes|agreed|consented|approved|confirmed|"
        r"allowed)|"
        r"(?:counts?|taken|treated|read|reads|means?|amounts?) (?:as |for |to )?(?:an? |their |the user's "
        r")?(?:yes|"
        r"consent|agreement|approval|permission|confirmation|go-ahead))\b|"
        r"\bsilence (?:counts as|means|equals|is|stands for|is taken (?:as|for)) (?:an? )?(?:yes|consent|"
        r"agreement|"
        r"approval|permission|assent)\b|"
        r"\b(?:answer|say|reply|type|press) (?:yes|y) (?:to (?:all|any|every|each)|on (?:their|the "
        r"user's) behalf|for the user)\b"
    ),
    Act.CONSENT: (
        r"\b(?:ask(?:s|ed)? (?:the user|them|first|before|for (?:a |an |their )?(?:yes|consent|"
        r"permission|confirmation|approval))|"
        r"after (?:the user|they|he|she|a yes|confirm\w*|approval|an? explicit)|(?:only )?(?:if|when|"
        r"once|where) (?:the (?:user|owner|operator|team|author|maintainers?)|they|"
        r"somebody|someone|people) (?:\w+ )?(?:agrees?|asks?(?:[,.;:]| for| to| you| it| that| me|$)|"
        r"wants?|says? (?:so|yes)|confirms?|approves?|"
        r"names?|chooses?|opts?|requests?|has "
        r"(?:agreed|confirmed|approved))|confirm (?:with|that|the)|opt(?:s|ed)?[ -]in|with (?:the user's "
        r"|their |explicit )?"
        r"(?:consent|permission|agreement|approval)|wait for (?:a |an |the |their )?(?:yes|confirmation|"
        r"approval|answer)|"
        r"(?:show|tell|repeat to) (?:the user|them|it to the user|people)|at the user's request|names? "
        r"(?:it|them))\b"
    ),
}
"""RE2, without regard to case, on one text at a time."""

NEEDS_CASE = frozenset({Act.SLOT})
"""Classes where upper case matters: a placeholder in an address."""

OF_PROSE = Act.ENTER | Act.SEND | Act.PERSONAL | Act.WHOLE | Act.PLACE
"""Classes that mean nothing in a fenced script, which is judged as one."""
