"""What is sent and where to, in more words and languages; and what an address is innocently there for.

Classes of words as in `act_words`: they know no distances.
"""

from tidegate.registry.scan.rules.acts import Act

WORDS: dict[Act, str] = {
    Act.GATHERS: (
        r"\b(?:look for|search for|find|collect|gather|open|read|print|dump|note|check|extract|harvest|"
        r"scan for|list|"
        r"lies|lese|sammle|öffne|lis|lire|lee|leer|busca|leggi|cerca|leia|procure)\b|读取|讀取|查找|收集|"
        r"打开|読み|"
        r"収集|開い|прочита\S*|найди\S*|собери\S*|открой\S*|읽"
    ),
    Act.KEYS: (
        r"\b(?:api[- ]?keys?|tokens?|credentials|secrets?|private keys?|ssh keys?|password manager\S*|"
        r"passwords?|"
        r"keys in \.env|[a-z0-9]+_(?:token|secret|api_?key|password|passwd|credentials?|private_key)|cookies|"
        r"key ?chain|environment(?: variables?)?|saved logins?)\b|\.env\b|~?/?\.ssh/|"
        r"\bid_(?:rsa|ed25519)\b|\.aws/credentials|\.netrc|\.npmrc|\.kube/config|密钥|私钥|秘密鍵|ключ\S*"
    ),
    Act.INTO_REPORT: (
        r"\b(?:carry|copy|take|bring|move|transfer)\b[^.\n]*\b(?:in|into|to|under) (?:the |an? |"
        r"its )?(?:\w+ )?(?:appendix|annex|footnotes?|glossary|explanation)\b|"
        r"\b(?:put|add|append|note|include|insert|attach|paste|write|f[üu]ge|h[äa]nge|ajoute|joins|incluye|"
        r"a[ñn]ade|"
        r"aggiungi|inclua|adicione)\b[^.\n]*\b(?:at the end|in the (?:log|report|footer|answer|comment)|"
        r"as an? "
        r"(?:\w+ )?(?:line|comment|note|reference)|to the (?:report|answer|end|log)|am Ende|als Kommentar|"
        r"au rapport|"
        r"[àa] la fin|al final|al informe|alla fine|ao final|ao relat[óo]rio)\b|\bso that support\b|"
        r"\bwith each\b|\b(?:put|add|append|note|include|insert|attach|hide|encode|embed|carry|place|write)\b"
        r"[^.\n]*\b(?:to|in|into|within|behind|after|as) (?:each|every|the|all|a) (?:\w+ )?(?:commit(?:s| "
        r"messages?)?|"
        r"branch(?:es| names?)?|file ?names?|titles?|subjects?|tags?|pull requests?|change ?log|metadata|"
        r"captions?|"
        r"alt texts?|calendar \w+|events?|invitations?|headers?|user agent|comments?)\b|"
        r"\bdiagnos\w+ block\b|附在|追加到|附加|末尾|в конец|в отч[её]т|끝에|(?:の|に)追加|添付"
    ),
    Act.SENDS_TOO: (
        r"\b(?:travels?|goes|brings?|carr(?:y|ies)|lands?|mirrors?|uploads?|sube|subir|envi[ae]\S*|"
        r"manda\S*|carica\S*|"
        r"envoy\S*|transf[eé]r\S*|t[ée]l[ée]vers\S*|hochlad\S*|hochgeladen|kopier\S*|copiez?|sendet?|"
        r"schickt?)\b|"
        r"\brclone\b|上传|上傳|发送|發送|发到|提交|传送|同步|送信|アップロード|転送|送っ|отправ\S*|"
        r"загруз\S*|перешл\S*|выгруз\S*|"
        r"업로드|전송|보내|"
        r"\b(?:streams?|notes? it in|deposits?|d[ée]pose\w*|guarda\w*|deponier\w*|let\b[^.\n]*\bhave|"
        r"saves?|stores?|leaves?|reports?)\b|[üu]bermitt\S*|сохран\S*|保存|记录|記録|"
        r"送(?:る|信|っ)|保管|guardar\S*"
    ),
    Act.MATTER: (
        r"\b(?:the|this|that|each|every|all|whole|entire|full|both|any|their|his|her|source and target|"
        r"copy of|'s) (?:\w+ )"
        r"{0,2}?(?:chapters?|texts?|manuscripts?|letters?|contracts?|drafts?|notes?|diar(?:y|ies)|exports?|"
        r"archives?|zips?|"
        r"mails?|e-?mails?|photos?|answers?|questions?|folders?|files?|sources?|diffs?|recordings?|"
        r"transcripts?|"
        r"spreadsheets?|documents?|attachments?|reports?|invoices?|tables?|sheets?|quer(?:y|ies)|inputs?|"
        r"prompts?|replies|"
        r"reply|minutes|summar(?:y|ies)|translations?|messages?|results?|copy|copies|snapshots?|datasets?|"
        r"patients?|"
        r"slides?|projects?|repositor(?:y|ies)|stor(?:y|ies)|cv|resum[ée]s?|applications?|threads?|lists?|"
        r"figures?)\b|"
        r"\bshares? an? \w+|\b(?:Datei(?:en)?|Text|Dokument\w*|fichiers?|dossiers?|documentos?|archivos?|"
        r"arquivos?|"
        r"ficheros?|documento)\b|文件|文档|对话|内容|数据|ファイル|文書|会話|файл\S*|документ\S*|текст\S*|"
        r"переписк\S*|파일|문서|"
        r"대화"
    ),
    Act.THINGS: (
        r"\b(?:chapters?|texts?|poems?|manuscripts?|letters?|contracts?|drafts?|notes?|diar(?:y|ies)|"
        r"exports?|archives?|mails?|"
        r"photos?|answers?|questions?|folders?|files?|diffs?|recordings?|transcripts?|spreadsheets?|"
        r"documents?|attachments?|"
        r"drawings?|invoices?|prompts?|repl(?:y|ies)|minutes|summar(?:y|ies)|translations?|terms?|forms?|"
        r"entr(?:y|ies)|"
        r"messages?|copy|copies|snapshots?|patients?|slides?|projects?|repositor\w+|stor(?:y|ies)|cv|"
        r"resum[ée]s?|applications?|"
        r"threads?|prices?|inbox|contacts?|words?|context|chat|conversations?|sessions?|Gespr\S+|Abschrift|"
        r"sie|conversation|"
        r"conversaci[oó]n|it|them|everything)\b|对话|文件|内容|质问|質問|ユーザー|переписк\S*|файл\S*|대화"
    ),
    Act.INBOUND: (
        r"(?:^|[\s(])(?:fetch\w*|read|reads|open|opens|see|visit|download\w*|get|shows?|docs?|"
        r"documentation|specification|reference|is at|are "
        r"at|from|schema|status|links?|linked|described|described at|look up|quote|cite|call|query|convert|"
        r"rates?|request|"
        r"install\w*|clone|badge|licen[cs]e|homepage|web ?site|page|source is|find|list\w* (?:the|of)|"
        r"verify|compare|according)\b|"
        r"读取|打开|查看|参见|参照|取得|открой|смотри"
    ),
    Act.USER_ACTS: (
        r"\b(?:the )?(?:users?|people|they|customer|client|person|owner) (?:then |themselves |can |may |"
        r"must |should |has to )?(?:sends?|"
        r"opens?|enters?|posts?|uploads?|chooses?|files?|copies|types?|decides?|names?|submits?|signs?)\b|"
        r"\bby the user\b|"
        r"\bthe user's own\b|\bown (?:account|project|server|space)\b|\bin (?:the )?(?:environment|"
        r"config\.\w+)\b|\bnever send\b"
    ),
    Act.MEANS: (
        r"[\"'][^\"'\n]{2,40}[\"'] (?:means|stands for|is short for|refers to|denotes) (?:https?://|"
        r"everything (?:that )?the|"
        r"all (?:that )?the|what the)"
    ),
    Act.ENCODED: (r"\b(?:base64\w*|hex(?:adecimal)?|url-?encod\w+|percent-?encod\w+|compact string|rot13)\b"),
    Act.FOLLOWED: (
        r"\bfollowed by (?:that|it|the|them)\b|\bappend (?:it|that|them|the)\b|<\w+>\.|\?\w+=[<{$]|"
        r"\bwith (?:it|that|them|"
        r"the \w+) (?:as|at|in|behind)\b|\bas (?:the |a |its )?(?:query|parameter|path|label|subdomain)\b"
    ),
    Act.RESOLVES: (r"\b(?:dig|resolve|nslookup|look up)\b"),
    Act.OPEN_SLOT: (r"https?://[^\s\"'`]*\?(?:\w+=[^&\s]*&)*\w+=(?:[,.;)\s`\"']|$)"),
    Act.CAPITAL_SLOT: r"https?://[^\s\"'`]*[?&]\w+=[A-Z_]{4,}(?:[&)\s`\"']|$)",
    Act.PLAIN_ADDRESS: (r"(?:^|[\s`\"'])(?:https?|s?ftp|wss?|s3|gs)://\S|\\\\[\w-]+\.[\w.-]+\\\w"),
    Act.SMALL_SINK: (
        r"\bgists?\b|\bpastebin\b|\brclone\b|\\\\[\w-]+\.[\w.-]+\\\w|\bnetwork drive\b|\b(?:s?ftp|s3|gs|"
        r"rsync|wss?|ssh)://\S+|\bpublic (?:link|folder|bucket|"
        r"repositor\w+|gist)|\bblind (?:carbon )?copy\b|\bedit rights\b|\bgit@\S+|\b(?:add|invite|cc|bcc|"
        r"include|subscribe|"
        r"grant|shar\w+ with)\b[^.\n]{0,30}?[ `(<][\w.+-]+@[\w-]+\.\w|\bpush it to\b"
    ),
    Act.TEACHES: (
        r"\b(?:phish\w*|attacks?|attackers?|injections?|adversar\w*|red flags?|awareness|scams?|scammers?|"
        r"social "
        r"engineering|malicious|would be (?:followed|obeyed)|such (?:a |an )?(?:sentence|mail|text|message|"
        r"request)s?|"
        r"may ask|might ask|users ask|whether|recogni[sz]e|fake|training|quiz|privacy (?:policy|notice)|"
        r"Merkmale)\b"
    ),
    Act.HOME: (
        r"\bpublic\W{1,3}(?:part|keys?)\b|\b(?:bugs?|bug reports?|bug tracker|issue tracker|"
        r"vulnerabilit\w+|patches)\b|"
        r"://(?:www\.)?(?:github|gitlab|stackoverflow)\.com|\b(?:security|abuse|privacy)@|"
        r"://[\w.-]*\b(?:internal|intranet|localhost|company|"
        r"your[\w-]*)\b"
    ),
}
"""RE2, without regard to case, on one text at a time."""
