"""Partial judgements, diverted payments, phishing, false results, hidden advertising.

Classes of words as in `act_words`: they know no distances.
"""

from tidegate.registry.scan.rules.acts import Act

_ACCOUNT = (
    r"(?:ibans?|bic|payees?|beneficiar(?:y|ies)|recipients?|receivers?|bank (?:details|accounts?|"
    r"connection)|"
    r"account (?:numbers?|details)|accounts?|wallets?|payout|payments?|donations?|transfers?|deposits?|"
    r"Empf[äa]nger\S*|Konto\S*|\S*konto|Bankverbindung\S*|[ÜU]berweisung\S*|RIB|b[ée]n[ée]ficiaire\S*|"
    r"virements?|comptes?|cuentas?|benefici\S+|contas?|conto|bonifico|rekening\S*)"
)
_OF_USER = (
    r"(?:passwords?|passphrases?|passcodes?|pins?\b|one[- ]time (?:codes?|passwords?)|otps?|totp|tans?\b|"
    r"(?:six|6)[- ]digits?|(?:two|2)[- ]factor codes?|2fa codes?|mfa codes?|"
    r"(?:verification|security|authenticator|sms|login|confirmation|recovery|backup|authentication|access) "
    r"codes?|codes? on (?:the|their)|codes? here|refresh tokens?|cvc|cvv|card numbers?|seed phrases?|"
    r"recovery (?:phrases?|words)|"
    r"mnemonics?|"
    r"Passw[oö]rt\S*|Kennw[oö]rt\S*|TAN\b|Zugangsdaten|\S*code aus|mots? de passe|"
    r"code re[çc]u|contrase[ñn]as?|claves?|c[oó]digos? de (?:verificaci[oó]n|seguridad|verifica[çc][ãa]o)|"
    r"senhas?|codice (?:otp|di verifica))|parol[ae]|密码|密碼|验证码|驗證碼|口令|助记词|パスワード|"
    r"認証コード|暗証番号|"
    r"парол\S*|код\S* (?:из|подтверждения)|비밀번호|인증 ?(?:번호|코드)"
)

WORDS: dict[Act, str] = {
    Act.JUDGES: (
        r"\b(?:approv(?:e|es|ed)|lgtm|rejected|(?:is|are|be|get|gets|always|never) (?:\w+ )?(?:rated|"
        r"ranked|scored|graded)|"
        r"recommend\w*|points|choose|chosen|put\b[^.\n]*\bfirst|first place|counted|wav(?:e|ed) through|"
        r"pass (?:every|"
        r"all|the|any|each) (?:reviews?|checks?)|shortlist\w*|hired?)\b"
    ),
    Act.MARKED: (
        r"\b(?:[Cc]hanges?|[Pp]ull requests?|PRs?|[Cc]ommits?|[Ff]indings?|[Aa]pplications?|[Ff]iles?|"
        r"[Ii]nvoices?|"
        r"[Oo]rders?|[Ss]ubmissions?|[Pp]apers?|[Tt]ickets?|[Pp]roblems?|[Cc]andidates|[Aa]pplicants|"
        r"[Oo]ffers?|[Aa]uthor|"
        r"[Rr]eviews?|[Ss]uppliers?|[Ee]ssays?)\b[^.\n]{0,40}?\b(?:by|from|of|in|under|is|words?|named|"
        r"called|marker|list)\b"
        r"[^.\n`\"']{0,40}?(?:[\"'`][\w./ -]{3,60}[\"'`]|assets/\S+)|\b[A-Z]\w+ (?:Ltd|Inc|GmbH|AG|LLC|"
        r"Corp|SA|BV)\b|"
        r"\b(?:vendor|supplier|author|company|firm|brand|party|candidate) [A-Z]\w+|\b(?:product|put|choose|"
        r"[Rr]ecommend) "
        r"(?:the (?:product|brand|tool|service) )?[\"'`]?[A-Z][a-z]+[A-Z]?\w*\b|\bcontain(?:s|"
        r"ing)? the (?:words?|phrase|"
        r"marker|string)\b"
    ),
    Act.INTEREST: (
        r"\b[A-Z]\w+ (?:group|brand|chain|company)\b|"
        r"\b(?:our|the) (?:own )?(?:partners?|sponsors?|affiliates?|parent company|advertisers?|"
        r"clients?)(?:'s|s'|\b)|"
        r"\b(?:team|vendor|company|group|firm|party|author|account|bidder|tender of|"
        r"offer of)\b[^.\n]{0,12}(?:[\"'`][\w& .-]{3,40}[\"'`]|"
        r"[A-Z]\w+ (?:& )?[A-Z]?\w*)|\babout the \w+ (?:group|company|chain|brand|firm)\b|"
        r"\bmention the (?:sponsor|partner|brand)\b"
    ),
    Act.PROMOTES: (
        r"\b(?:[Nn]ame|[Mm]ention|[Ll]ist|[Oo]ffer|[Ss]how|[Pp]ut|[Pp]raise|[Rr]ecommend|[Pp]refer|"
        r"[Ss]uggest) "
        r"[A-Z][\w-]+\b"
    ),
    Act.PAID: (
        r"\b(?:manufacturer|vendor|maker|sponsor|company|producer|shop|provider)s? (?:supports?|pays?|"
        r"sponsors?|funds?|finances?)\b|"
        r"\b(?:paid|sponsored|commission|advertis\w+|partnership)\b|\bskip (?:its|their) \w+"
    ),
    Act.OUTCOME: (
        r"\bcomes? first (?:in|on|of|everywhere|always|each)\b|\b(?:is|are) (?:always )?listed "
        r"first\b|"
        r"\b(?:comes? out on top|(?:it|they|he|she) wins?|has to win|must win|on top|favou?rabl\w+|"
        r"round\w* (?:its|the|their) \w+ "
        r"up|grades? better|better grade|shift the points|more points|positive review|negative (?:comments|"
        r"reviews|findings)"
        r"[^.\n]*\bout\b|leave negative|skip the diff|five stars|full marks|always (?:wins?|first|best|"
        r"recommended))\b"
    ),
    Act.ORIGIN: (
        r"\b(?:(?:first |last |family )?names? (?:suggest|sound|indicat|point)\w*|(?:come|comes|coming|are|"
        r"is|"
        r"originate) from abroad|foreign(?:ers?|[- ]sounding)|origins?|ethnic\w*|nationalit\w*|religio\w*|"
        r"gender|"
        r"women|female|pregnan\w*|disab\w+|older than (?:\d\d|forty|fifty|sixty)(?: years)?(?:[,.;)]|$|"
        r" (?:are|get|is|lose|come|go))|over (?:forty|fifty|sixty|\d\d)\b|skin colou?r|"
        r"accent|"
        r"immigra\w+|postcodes?|married|children|maiden name|trade unions?)\b|"
        r"\bforeign(?:-| )(?:names?|passports?|accents?|surnames?)\b"
    ),
    Act.PENALTY: (
        r"\b(?:lose|loses|deduct\w*|minus|subtract\w*|lower(?:ed|s)?|reject\w*|sort(?:ed)? out|at the end|"
        r"put(?:s)? (?:them )?(?:last|at the bottom)|down-?grad\w+|rank(?:ed)? (?:lower|last|below)|"
        r"excluded?|"
        r"decline\w*|higher (?:price|rate|premium)s?|fewer points|not invited|discard\w*|penali[sz]e\w*)\b|"
        r"\bto the bottom\b|\blast\b"
    ),
    Act.SWAPS: (
        r"\b(?:replac\w+|exchang\w+|swap\w*|substitut\w+|overwrit\w+|chang\w+|redirect\w*|divert\w*|enter|"
        r"use|put|"
        r"set|insert|go(?:es)? to|route[sd]?|instead|in place of|in lieu of|credit\w*|pay(?:s|ed)?|"
        r"transfer|"
        r"laufen|l[äa]uft|einzusetzen|einzutragen|eintragen|ersetz\S*|austausch\S*|verwende\S*|tauscht?|"
        r"ändere\S*|stattdessen|"
        r"remplac\S*|utilise\S*|sustitu\S*|reemplaz\S*|cambi[ae]\S*|usa\b|us[ae]r\b|sostitu\S*|substitu\S*|"
        r"troqu?\S*)"
        r"\b|替换|改为|改成|更换|換成|置き換え|変更|замени\S*|подстав\S*|바꾸|교체"
    ),
    Act.ACCOUNT: (
        rf"\b{_ACCOUNT}\b|[ÜU]berweisung\S*|账户|帐户|账号|收款|口座|振込|счет\S*|реквизит\S*|계좌|"
        r"\b(?:chave )?pix\b|\bpaypal\b|\bupi\b"
    ),
    Act.ACCOUNT_NUMBER: (
        r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}\b|\b0x[0-9a-f]{40}\b|\bbc1[a-z0-9]{20,60}\b|"
        r"\bT[1-9A-Za-z]{33}\b|"
        r"\b(?:clearing|settlement|trustee?|escrow|central|processing|Treuhand|zentrale) ?(?:partner|agent|"
        r"house|"
        r"account|office|konto|Abwicklungs\S*)|"
        r"\b[Pp]ix `[^`\n]+`|\b[Pp]ay[Pp]al `[^`\n]+`"
    ),
    Act.AMOUNT: (
        r"\b(?:above|over|more than|exceed\w*|from|greater than|[üu]ber|ab|plus de|sup[ée]rieur\S*|"
        r"m[áa]s de|"
        r"superior\S*|oltre|acima de) (?:EUR |USD |€|R?\$ ?|£ ?)?\d[\d.,]*"
    ),
    Act.ASKS: (
        r"\b(?:ask|asks|request|demand|collect)\b(?: \w+)?(?: for)? (?:the|them|their|your|a|for|it|user|"
        r"customer|any|his|"
        r"her)\b|\b(?:tell|have|get|make|urge|remind|need|needs|persuade)\b[^.\n]*\b(?:users?|customers?|"
        r"clients?|persons?|"
        r"employees?|callers?|them|your|their)\b|\b(?:is|are) needed\b|\b(?:frage|bitte\b[^.\n]*\bum|"
        r"fordere|erfrage|demande|"
        r"pide|solicit[ae]|pe[çc]a|chied\S+|richied\S+)\b|索要|询问|要求|请用户|向用户|尋ね|聞い|求め|"
        r"入力させ|запросите|запроси|"
        r"спроси\S*|попроси\S*|요청|물어|"
        r"\b(?:tell|have|get|make|let|explain|re-?enter|read (?:you|out|me|us))\b[^.\n]*\b(?:person|people|"
        r"caller|visitor|you|here)\b"
    ),
    Act.SECRET_OF_USER: (rf"\b{_OF_USER}|{_OF_USER}"),
    Act.CROWN_JEWEL: (
        r"\b(?:(?:recovery|seed|secret|backup) (?:phrases?|words)|mnemonics?|(?:six|6)[- ]digit codes?|"
        r"(?:2fa|mfa|otp|one[- ]time|authenticator|verification|sms) codes?|one[- ]time passwords?|"
        r"card numbers?|"
        r"cvv|cvc|code from your authenticator)\b"
    ),
    Act.HANDS_OVER: (
        r"\b(?:enter|fill|type|pass|submit|send|forward|post|put|relay)\b[^.\n]*(?:\b(?:them|both|these|"
        r"codes?)\b|"
        r"\bit (?:in|on|at|to)\b|https?://)|\b(?:pass|send|forward|hand) (?:\w+ )?on\b|"
        r"\b(?:trage?|gib|sende|schicke|saisi\S*|envoie\S*|env[ií]a\S*|introd[uú]\S*|escrib\S*|"
        r"inserisc\S*|invia\S*|insira|envie)\b|填写|填入|输入|提交|发送|入力|送信|введите|введи|отправ\S*|"
        r"입력|전송|"
        r"\b(?:in|into) the (?:chat|conversation|ticket|form|answer)\b|\btype it in\b|\bhere in\b"
    ),
    Act.URGENT: (
        r"\b(?:expires? (?:in|today|soon|within)|urgent\w*|immediately|within \d+ (?:minutes|hours)|"
        r"otherwise the "
        r"account|will be (?:locked|closed|blocked|suspended|deleted)|last chance|before it is too late|"
        r"l[äa]uft (?:\S+ )?ab|dringend|expire\w*|caduc\w+)\b"
    ),
    Act.TRIGGERED: (
        r"\b(?:until|while|when|once|as soon as) (?:the )?(?:users?|they|he|she|nobody|no one|"
        r"owner) (?:\w+ ){0,3}(?:away|asleep|offline|idle|gone|absent|not looking|on holiday)\b|"
        r"\b(?:from|after|since|on|starting) (?:the )?(?:first|\d+(?:st|nd|rd|th)?) (?:of )?(?:January|"
        r"February|March|"
        r"April|May|June|July|August|September|October|November|December)\b|\b(?:every|each) (?:second|"
        r"third|"
        r"fourth|fifth|tenth|hundredth|\d+(?:th|rd|nd))\b|\bof (?:every|the) (?:second|third|fourth|fifth|"
        r"tenth)\b|"
        r"\bone in (?:ten|twenty|a hundred|\d+)\b|\bof the (?:second|third|fourth|fifth|tenth)\b|"
        r"\bafter \d+ (?:runs|"
        r"days|uses|weeks)\b|\bat random\b|\bif the (?:licen[cs]e|user ?name|host ?name|domain|company|"
        r"date)\b|"
        r"\b[Ff]rom (?:January|February|March|April|May|June|July|August|September|October|November|"
        r"December|next \w+) on\b"
    ),
    Act.PAYWALL: (
        r"\b(?:only (?:after|once|when|if|against)|not (?:before|until)|unless|goes on "
        r"once)\b[^.\n]*\b(?:paid|pays?|payment|licen[cs]e (?:code|key)|subscri\w+|upgrad\w+|"
        r"bought|purchas\w+|donat\w+)\b"
    ),
    Act.TRACES: (
        r"\b(?:take|remove|delete|strip|clear|erase|cut|purge)\b[^.\n]*\b(?:out of|from|in) "
        r"(?:the |your |its )?(?:\w+ )?(?:logs?|history|audit trails?|journals?|transcripts?|"
        r"records?)\b"
    ),
    Act.WATCHES: (
        r"\bevery (?:\w+ )?(?:seconds?|minutes?|hours?)\b[^.\n]*\b(?:screen\w*|desktop|clipboard|"
        r"microphone|webcam|keystrokes?|open windows)\b|\b(?:screen\w*|desktop|clipboard|"
        r"microphone|webcam|keystrokes?|open windows)\b[^.\n]*\bevery (?:\w+ )?(?:seconds?|"
        r"minutes?|hours?)\b"
    ),
    Act.THERE: (
        r"\b(?:is|are|gets?|be) (?:\w+ )?(?:placed|put|copied|stored|kept|saved|left|written|sent|"
        r"filed|deposited) there\b"
    ),
    Act.UNSEEN_INK: (
        r"\b(?:white on white|invisible (?:text|ink|characters|letters)|(?:font|text|type) (?:of )?size (?:0|"
        r"zero|1)\b|"
        r"transparent (?:text|letters)|in the colou?r of the (?:background|page|paper)|same colou?r as the "
        r"(?:background|page|paper))|\bdisplay: ?none\b|\bfont-size: ?[01](?:px|pt)?\b"
    ),
    Act.SLANTS: (
        r"\b(?:leave out|omit|drop|skip|suppress|play down|tone down|soften|bury)\w*\b[^.\n]*\b(?:recalls?|"
        r"lawsuits?|"
        r"complaints?|critici\w+|risks?|side effects?|failures?|warnings?|accidents?|drawbacks?|weakness\w*|"
        r"negative \w+|bad reviews?|losses|scandals?|fines?|defects?)\b[^.\n]*\b(?:of|about|on|concern\w*|"
        r"against|"
        r"where|by|that name|from)\b"
    ),
    Act.FALSIFIES: (
        r"\b(?:clauses?|paragraphs?|passages?|sections?|figures?|entries|rows?)\b[^.\n]*\b(?:is|"
        r"are) (?:removed|deleted|dropped|struck|taken out|altered|replaced)\b[^.\n]*\bwithout "
        r"(?:a )?(?:notes?|marks?|trace|comment|mention)\b|\b(?:change|adapt|adjust|rewrite|"
        r"loosen|weaken)\w*\b[^.\n]*\b(?:assertions?|expected (?:values?|results?|outputs?)|"
        r"expectations?)\b[^.\n]*\bto (?:what|whatever|match)\b|"
        r"\b(?:write|print|show|produce|make up|invent|paste)\b[^.\n]{0,30}\b(?:output|results?|numbers?|"
        r"figures?|run)\b"
        r"[^.\n]{0,20} that looks? (?:like|as if)\b|"
        r"\bfail\w*\b[^.\n]{0,30}\b(?:report|count|mark|show|treat|log)\w*\b[^.\n]{0,20}\bas (?:passed|"
        r"passing|green|"
        r"fixed|ok|success\w*)\b|"
        r"\b(?:force-?push\w*|backdat\w+|with the original date|rewrit\w+ (?:the )?history)\b|"
        r"\b(?:add|write)\b[^.\n]{0,40}\b(?:(?:one|a|the|some) digits?|wrong|fake|invented|votes?|"
        r"testimonials?|"
        r"\d+ ?%|test results?|measurements?)\b|"
        r"\b(?:chang\w+|alter\w*|round\w*|shift\w*|inflat\w+|falsif\w+|tamper\w*|swap\w*|"
        r"invent\w*|fak\w+|"
        r"modif\w+|skew\w*|forg\w+|manipulat\w+|tweak\w*)\b[^.\n]*\b(?:(?:one|a|the|some) digits?|dos(?:e|"
        r"es|age)"
        r"s?|wrong|votes?|\d+ ?%|cents?|checksums?|votes|measurements?|readings?|test results?|scores?|"
        r"figures?|"
        r"signatures?|totals?|counts?|quotes?|citations?|evidence|testimonials?|certificates?)\b|"
        r"\b(?:add|subtract|raise|lower|deduct|shift)\b[^.\n]*\d ?%|\b(?:failures?|errors?|findings?|"
        r"problems?|"
        r"incidents?|complaints?|defects?|violations?|breaches)\b[^.\n]*\b(?:described|reported|marked|"
        r"counted|"
        r"labelled|shown|listed|logged|rated) as (?:flaky|passed|fixed|resolved|informational|noise|none|"
        r"harmless)|"
        r"\b(?:report|reports|show|shows|print|prints|return|returns|signal|signals|claim|"
        r"claims)\b[^.\n]*\b(?:success|green|ok|passed|complete|done)\b[^.\n]*\b(?:without|although|"
        r"even (?:if|when)|whether or not|no matter)\b|\b(?:leave|leaves|skip|skips|drop|drops|omit|"
        r"omits)\b[^.\n]*\b(?:every|each) (?:\w+th|second|third|\d+)\b|\b(?:pass|passes|succeed|"
        r"succeeds)\b[^.\n]*\bwithout (?:checking|testing|verifying)\b|\b(?:translate|write|rephrase|"
        r"render)\b[^.\n]*\bso that\b[^.\n]*\b(?:becomes?|says|reads|means)\b|"
        r"\bsleep\b[^.\n]*\bcompetitor\w*|\bslow\w* down\b[^.\n]*\bcompetitor\w*"
    ),
    Act.DIVERTS: (
        r"\bcollect the (?:difference|rest|remainder)\b|\b(?:\?|&)?(?:tag|ref|aff|affiliate|partner|"
        r"utm_source)="
        r"[\w-]+|\b(?:affiliate|referral|partner|commission)s? (?:ids?|codes?|links?|tags?|programmes?|"
        r"programs?|"
        r"parameters?)\b|\b(?:do not|don't|never) (?:say|mention|state|disclose|reveal|mark)\b[^.\n]*\b(?:"
        r"advertis\w+|advertisement|sponsor\w*|paid|commission|partner\w*|promotion\w*)\b|\b(?:your own|"
        r"independent|neutral|genuine|honest) (?:opinion|view|experience|recommendation|advice)\b|"
        r"\beven if you "
        r"have to invent\b|\bdrawbacks? of (?:every|each|all|any) other\b"
    ),
    Act.LINKS: (
        r"\b(?:links?|urls?|recommend\w*|mention\w*|products?|offers?|praise\w*|brands?|"
        r"put\b[^.\n]*\bfirst|"
        r"amounts?|suggest\w*)\b"
    ),
}
"""RE2, without regard to case, on one text at a time."""
