"""Protections lowered, doors built in, permissions talked out of people, what stays and what ruins.

Classes of words as in `act_words`: they know no distances.
"""

from tidegate.registry.scan.rules.acts import Act

_PROTECTION = (
    r"(?:two[- ]factor(?: \w+)?|2fa|mfa|multi[- ]factor(?: \w+)?|branch protections?|protected branch\w*|"
    r"(?:certificates?|tls|ssl|signatures?|host keys?|checksum|hash|integrity|origin|token|input|"
    r"permission|"
    r"access|auth\w*|licen[cs]e|security|safety|virus|malware|vulnerability|secrets?|dependency|code|sast|"
    r"password|identity|csrf|cors|ownership|role|age)[- ](?:checks?|checking|verification|validation|"
    r"scans?|"
    r"scanners?|scanning|tests?|reviews?|polic(?:y|ies)|rules|controls?|middleware|guards?|gates?|"
    r"warnings?|"
    r"headers?|alerts?|features?|protections?|hooks?|steps?|job)|"
    r"firewalls?|antivirus|defender|selinux|apparmor|sandbox(?:ing)?|audit(?:ing)?(?: logs?| trail)?|"
    r"rate limit\w*|content security policy|csp|encryption|access logs?|monitoring|alerting|gatekeeper|"
    r"secure boot|code signing|commit signing|required reviews?|edr|ids|waf)"
)

WORDS: dict[Act, str] = {
    Act.DROPS_GUARD: (
        rf"\b(?:disabl\w+|turn(?:s|ed|ing)? off|switch(?:es|ed|ing)? off|deactivat\w+|remov\w+|skip\w*|"
        rf"comment(?:s|ed)? (?:out )?|bypass\w*|suspend\w*|weaken\w*|relax\w*|exclud\w+|drop|lift|"
        rf"suppress\w*|"
        rf"mute|stop|delete|loosen|lower|circumvent)\b[^.\n]*\b{_PROTECTION}\b|"
        rf"\b{_PROTECTION}\b (?:is|are|was|were|be|stays?|remains?|gets?) (?:\w+ )?(?:off|disabled|skipped|"
        rf"removed|"
        rf"switched off|turned off|deactivated|commented|left out|bypassed)\b|"
        rf"\b(?:mark|tag)\b[^.\n]*\b(?:security|auth)\b[^.\n]*\bas (?:skipped|flaky|ignored|expected)|"
        rf"\btests/security\b[^.\n]*\bskip|"
        rf"\b(?:leave|leaves|let|lets|keep|keeps|pass|passes|accept|accepts|take|takes|serve|serves)\b[^.\n]*\b"
        rf"(?:unverified|unchecked|unvalidated|unsigned|unescaped|unencrypted|unauthenticated|unsaniti[sz]ed|"
        rf"unprotected|world-(?:readable|writable))\b|"
        rf"\bverify ?= ?False\b|NODE_TLS_REJECT_UNAUTHORIZED|\brejectUnauthorized: ?false|"
        rf"InsecureSkipVerify|"
        rf"StrictHostKeyChecking[= ]no|--no-verify\b|\bchmod (?:-R )?777|\bPermitRootLogin yes|"
        rf"--privileged\b|"
        rf"\b0\.0\.0\.0/0\b|Access-Control-Allow-Origin: ?\*|\bmd5\b[^.\n]*\bpasswords?|"
        rf"\bpasswords?\b[^.\n]*"
        rf"\b(?:md5|sha-?1|plain ?text)\b|\balg(?:orithm)?[\"': =]+none\b|\bshell ?= ?True\b|"
        rf"\bstring concatenation\b[^.\n]*\b(?:sql|quer\w+)|\b(?:deaktiviere|schalte)\b[^.\n]*\b(?:aus|"
        rf"Zertifikat\S*|Pr[üu]fung\S*|Sicherheit\S*)|\bd[ée]sactive\S*|\bdesactiv\S*|\bdisattiv\S*|"
        rf"关闭[^。\n]{{0,12}}"
        rf"(?:验证|校验|防火墙|检查)|禁用|無効に|отключи\S*"
    ),
    Act.BACK_DOOR: (
        r"\b(?:accepts?|allows?|lets?|grants?|admits?)\b[^.\n]*\b(?:passwords?|pass ?phrase|token)\b ?"
        r"[:=]? ?[\"'`][^\n]*\b(?:any|every|all|without|always|admin\w*|support)\b|"
        r"\b(?:accepts?|allows?|lets?|grants?|admits?|pass(?:es)?|"
        r"skips?)\b[^.\n]*\bheaders? [\"'`]?X-[\w-]+|"
        r"\b(?:requests?|users?|callers?|logins?|connections?)\b[^.\n]*\b(?:with|from|that (?:have|carry|"
        r"send|"
        r"contain)) (?:the )?(?:header|password|cookie|user agent)\b[^\n]*\b(?:pass|through|skip\w*|"
        r"bypass\w*|"
        r"admin\w*|unchecked)\b|"
        r"\b(?:add|create|insert|include|put|leave|keep)\b[^.\n]*\b(?:route|endpoint|handler|"
        r"page)\b[^.\n]*\b(?:runs?|executes?|"
        r"evals?|evaluates?|returns? (?:all|every)|dumps?|gives? (?:access|a shell)|that (?:runs|"
        r"executes))\b"
        r"[^.\n]*\b(?:parameter|query|body|header|as a command|commands?|code|shell|input|environment|"
        r"secrets)\b|"
        r"\b(?:add|create|insert|include|register|seed|set up|provision|plant|useradd)\b[^.\n]*\b(?:users?|"
        r"accounts?|logins?|members?|roles?|service principals?|service accounts?|collaborators?|"
        r"deploy keys?)\b"
        r"[^.\n]*(?:[\"'`][\w@.-]+[\"'`])[^.\n]*\b(?:admin\w*|root|owner|full|super\w*|write|"
        r"all) ?(?:rights|"
        r"access|role|privileges?|permissions?)?\b|\buseradd\b[^\n]*-u ?0|\bback ?doors?\b|"
        r"\bmaster password\b|"
        r"\bhard-?coded (?:password|login|key|account)\b"
    ),
    Act.HAS_DOOR: (
        r"\b(?:has|gets?|contains?|ships? with|comes? with)\b[^.\n]*\b(?:users?|accounts?|logins?|routes?|"
        r"endpoints?)\b ?"
        r"[\"'`]|\b(?:add|insert|include|build in)\b[^.\n]*\b(?:condition|trigger|check|timer|"
        r"branch)\b[^.\n]*\b(?:truncat"
        r"\w+|delet\w+|drops?|wip\w+|disabl\w+|fails?|stops?)\b"
    ),
    Act.LASTING: (
        r"\b(?:lasting|long-?term|persistent|permanent|standing|enduring) (?:notes?|memor(?:y|ies)|"
        r"preferences?|instructions?|"
        r"profile|facts|rules)\b|\b(?:notes?|memor(?:y|ies)|preferences|profile|"
        r"facts)\b[^.\n]*\b(?:later|future|coming|"
        r"subsequent|all|every|other|next) (?:conversations?|sessions?|chats?|tasks?|projects?)\b|"
        r"\b(?:retain|keep|carry|hold|note|memori[sz]e|store|save|remember)\w*\b[^.\n]*\b(?:between|across|beyond|"
        r"from one) (?:\w+ )?(?:sessions?|conversations?|chats?|restarts?|session to)\b|"
        r"\bremember\b[^.\n]*\b(?:from now on|in future|for good|permanently|always|forever)\b"
    ),
    Act.TRUST: (
        r"\b(?:(?:always|completely|fully|known to be|known as) (?:safe|trusted|trustworthy|reliable|"
        r"harmless|fine)|without "
        r"(?:checking|asking|question|confirmation|review|a second look)|(?:not|never) (?:to )?(?:be "
        r"asked|ask|question|verify|"
        r"check|doubt|warn)|even if (?:somebody|someone|the user|anyone|they|asked|told)|pre-?approved|"
        r"(?:needs?|requires?) no (?:comparison|check(?:ing)?|review|verification|second look|second opinion|"
        r"questions?)|trusted "
        r"(?:source|host|domain|sender|party)|most trustworthy)\b"
    ),
    Act.GRANTS: (
        r"\bcluster-admin\b|"
        r"--allow-write\b|\bdeploy[ -]keys?\b|\bcreate-access-key\b|\bAdministratorAccess\b|"
        r"\bcluster-?role-?binding\b|\bGRANT ALL\b|\b(?:add|invite|make|grant|give|register|"
        r"enter)s?\b[^.\n]*\b(?:"
        r"collaborators?|co-?owners?|administrators?|admin (?:rights|role|access)|maintainers?|owner "
        r"(?:rights|role)|"
        r"write access|full access|delegates?|recovery (?:address|e-?mail|phone))\b"
    ),
    Act.REPEATS: (
        r"\b(?:call|invoke|ask|prompt|run|start|spawn|launch|query)(?:s|ing|ed|ning)? (?:\w+ )?(?:yourself|"
        r"itself|"
        r"this skill|the same \w+|it|(?:another|new|further|more|additional) (?:\w+ "
        r")?agents?)\b[^.\n]*\b(?:over "
        r"and over|repeatedly|at least (?:\d\d+|ten|twelve|twenty|thirty|forty|fifty|a hundred)|(?:\d{2,}|"
        r"ten|twenty|"
        r"thirty|forty|fifty|a hundred|hundreds of|thousands of|dozens of) times|in a loop|endless\w*|"
        r"forever|"
        r"without end)\b|\b(?:endless|infinite|never-ending)(?:ly)? (?:loop|chain|recursion|cycle)s?\b"
    ),
    Act.UNBOUNDED: (
        r"\b(?:whatever|regardless of|no matter|despite|ignor\w+|even (?:if|when|after)|"
        r"until)\b[^.\n]*\b(?:budget|"
        r"quota|costs?|token limit|rate limits?|spending|allowance|credits?)\b"
    ),
    Act.EVERYWHERE: (
        r"\b(?:every|each|any|all|wherever|whenever|always|generated|you (?:write|generate|create|set up|"
        r"make|"
        r"produce|build)|production|by default|as a default|in general|from now on|permanently|"
        r"leave it off|"
        r"globally|system-?wide)\b"
    ),
    Act.REPAIRS: (
        r"\b(?:find|flag\w*|look for|search for|detect\w*|replac\w+|fix\w*|report (?:it|them|such|each|"
        r"every)|warn"
        r"\w*|propos\w+|suggest\w*|avoid\w*|reject it|revoke|rotate|audit|check (?:for|that|whether)|is a "
        r"(?:mistake|risk|problem)|dangerous|insecure|unsafe|vulnerab\w+|bad (?:idea|practice)|instead use|"
        r"explain\w*|never|test data|fixtures?|localhost|throw-?away|not valid|"
        r"fictitious|dummy|placeholder|in examples|for example)\b"
    ),
    Act.PLANTS: (
        r"\b(?:append\w*|add|adds|install\w*|register\w*|put|puts|copy|copies|plac\w+|write|writes|save|"
        r"saves|"
        r"store|set|configure|import|inject|drop|insert|prepend|schedule|create|hinzuf[üu]g\S*|eintragen|"
        r"trage|"
        r"installiere\S*|ajoute\S*|a[ñn]ad\S*|agreg\S*|instal\S*|aggiung\S*|adicion\S*)\b|添加|写入|安装|"
        r"追加|"
        r"добав\S*|"
        r"추가"
    ),
    Act.STARTS: (
        r"\bauthorized_keys\b|\bcron ?(?:tab|job)s?\b|\blogin items?\b|\blaunch ?(?:agents?|daemons?)\b|"
        r"\bauto-?start\b|\bstart-?up (?:folder|items?|scripts?|programs?|entr\w+)\b|\bshell (?:profiles?|"
        r"start-?up|"
        r"rc)\b|\.(?:bashrc|zshrc|profile|bash_profile|zshenv|zprofile)\b|\bsystemd (?:units?|services?|"
        r"timers?)\b|"
        r"\b(?:post|pre)-(?:commit|checkout|merge|push|receive|start|session)\b[^.\n]{0,6}\bhooks?\b|"
        r"\bgit hooks?\b|"
        r"\b(?:session|tool|start)[- ]?(?:start)? hooks?\b|\btrust stores?\b|\broot certificates?\b|\bca "
        r"certificates? (?:to|in|into)\b|\bset the (?:\w+ )?proxy\b|/etc/(?:hosts|resolv\.conf|sudoers|"
        r"profile)|\bhosts file\b|"
        r"\b(?:CLAUDE|AGENTS|GEMINI|MEMORY)\.md\b|\byour (?:long-?term )?memory\b|"
        r"\bscheduled tasks?\b|\bregistry key\b|\bbrowser extensions?\b|\bforwarding rules?\b|\bauto-?"
        r"forward\w*\b|\b(?:background|resident) (?:service|process|daemon|agent)s?\b|"
        r"\bAGENTS\.md files\b|\b(?:user's|persistent|lasting) memory\b|\bfirst (?:one )?in PATH\b|"
        r"\bPATH, in the profile\b|"
        r"\blong-?term memory\b"
    ),
    Act.STAYS: (
        r"\bleave (?:it|them|the \w+) in place\b|"
        r"\b(?:every|each|all) (?:\w+ ){0,2}(?:hosts?|servers?|repositor\w+|machines?|projects?|sessions?|"
        r"starts?|"
        r"boot|logins?|reach\w*)\b|\b(?:keep it|stays?|remains?|survives?|leave it)\b[^.\n]*\b(?:removed?|"
        r"uninstall\w*|deleted?|clean-?up)\b|\bso (?:that )?it is not (?:lost|removed)\b|\bchattr \+i\b|"
        r"\bwhen (?:the skill|it) is (?:removed|deleted|uninstalled)\b|\bnever needs? (?:confirm|approv|"
        r"permission)\w*|"
        r"\bused for everything\b|\bresults are not (?:to be )?checked\b|\bunder the home folder\b|"
        r"\bcomes? back (?:by itself|again)|\bby itself\b|\bfetches it again\b|\bneighbou?ring\b|"
        r"\beach call\b|\bonly (?:trusted|safe|allowed)\b|\bevery call\b|"
        r"\bkeep\b[^.\n]*\b(?:deleted|removed)\b|\bwithout a further question\b"
    ),
    Act.FOREIGN_KEY: (
        r"\bssh-(?:ed25519|rsa|dss) AAAA|\becdsa-sha2-\w+ AAAA|\bBEGIN CERTIFICATE\b|\bassets/\S+\.(?:pub|"
        r"pem|crt|cer)\b"
    ),
    Act.LETS_ALL: (
        r"\b(?:tell|ask|have|get|advise|instruct|urge|persuade|convince|remind|answer|press|click|choose|"
        r"select|"
        r"say|reply|hit|confirm|accept)\b[^.\n]*(?:[\"'`]?\balways allow\b|\ballow (?:all|always|"
        r"everything)\b|"
        r"\bpress(?:ing)? (?:yes|ok|allow|y)\b|\bclick(?:ing)? (?:yes|ok|allow)\b|\baccept all\b|"
        r"\bapprove (?:all|"
        r"everything)\b|\bdon't ask again\b|\bdo not ask again\b|\byes,? (?:to all|and don't|twice)\b)|"
        r"(?:Bash|Write|Edit|WebFetch|Read|Shell|mcp__\*)\((?:\*|:\*|\*\*|//\*\*|/\*\*|\*:\*)\)|"
        r"\b(?:approvals?|confirmations?|permission (?:prompts?|questions?|checks?)|deny (?:rules?|list)|"
        r"guard ?"
        r"rails?|questions)\b[^.\n]*\b(?:switched off|turned off|off\b|disabled|(?:can|may|must|should|"
        r"to) be "
        r"(?:removed|emptied|skipped|deleted|suppressed)|only slow|are (?:unnecessary|not needed))|"
        r"\b(?:empty|delete|remove|clear) (?:the |all )?(?:deny|ask) (?:rules?|list|entries)\b|"
        r"\b(?:accept|consent|agree|sign|confirm|click|tick|press|say yes|"
        r"answer (?:it|them|this|yes|all|every\w*|any\w*|for|the \w+|prompts?|questions?))\b[^.\n]*\b(?:on "
        r"the "
        r"user's "
        r"behalf|on behalf of the user|in (?:the user's|their) (?:name|place|stead)|for the user|"
        r"so that the user is not "
        r"(?:interrupted|bothered|asked))\b|\b(?:click|press|confirm|dismiss)\w*\b[^.\n]*\b(?:permission|"
        r"security|"
        r"consent|system) (?:dialogs?|prompts?|windows?)\b|\b(?:dialogs?|prompts?|tools?|guards?|wizards?|"
        r"installers?)"
        r"\b[^.\n]*\b(?:asks?|demands?|requires?|wants?)\b[^.\n]*\b(?:answer|confirm|type|accept|approve|"
        r"enter) (?:it|"
        r"them|yes|y|so)\b|"
        r"\bpipe [`\"']?yes\b|\b(?:sign|check|tick|agree|consent|buy|order|pay|"
        r"subscribe)\b[^.\n]*\b(?:stored|saved|without asking|user's (?:stored )?(?:signature|card)|"
        r"does not object|in all forms)\b|\bpeople always (?:agree|accept|say yes)|\bwithout (?:a |an |"
        r"any |the )?(?:second |further |prior |written |human )(?:signature|approval|confirmation|review|"
        r"authori[sz]ation|sign-off)"
    ),
    Act.EVADES: (
        r"\b(?:if|when|where|should|in case|once)\b[^.\n]*\b(?:refus\w+|den(?:y|ied|ies)|block(?:s|ed)?|"
        r"forbid\w*|"
        r"not allowed|reject\w*|not permitted|prohibit\w*|disallow\w*|prevent\w*|"
        r"stops? you)\b[^.\n]*\b(?:instead|"
        r"write (?:it|the)|renam\w+|split|encod\w+|by way of|through|run that|use the|via|another way|"
        r"work ?around|"
        r"route|wrap|pipe|alias|python|base64|dns|get (?:the|it|them) out|look for|turns? \w+ \w+ off|"
        r"force|override|try (?:it )?(?:again )?(?:with|as|via)|(?:delet|remov|lift|disabl|bypass|switch|"
        r"turn)\w*[^.\n]*(?:protection|rule|check|guard|policy|restriction|hook|filter)s?)\b"
    ),
    Act.STOPS: (
        r"\b(?:stop|stops|ask (?:the user|them|first|whether|for|before)|say (?:so|what|which|why)|"
        r"tell the user|"
        r"report (?:it|this|that)|give up|abort|wait for|inform|do not (?:try|work around|go on))\b"
    ),
    Act.NO_ASKING: (
        r"\bspares? (?:you |us )?(?:later |further |any )?questions\b|"
        r"\b(?:do not|don't|never|without|no need to) (?:ask\w*|confirm\w*|wait\w*|warn\w*)\b|\bunasked\b|"
        r"\bin all "
        r"(?:the )?(?:repositor\w+|accounts|projects|databases)\b"
    ),
    Act.CROWD: (
        r"\b(?:all|every|each|everyone in|whole|entire) (?:of )?(?:the |your |their |user's |"
        r"its )*(?:contacts?|"
        r"address book|channels?|groups?|friends|followers|connections|colleagues|mailing lists?|"
        r"subscribers|"
        r"customers|members|employees)\b|\b(?:from|with|in|using|under) the user's (?:own )?(?:account|"
        r"name|profile|"
        r"identity|signature)\b|"
        r"\b(?:from|with|by) the account (?:that is )?logged in\b|\bfrom (?:their|his|"
        r"her) (?:own )?account\b|\bwith five stars\b"
    ),
    Act.PUBLISHES: (
        r"\b(?:send|post|publish|invite|follow|star|like|share|vote|review|subscribe|message|mail|write|"
        r"spread|"
        r"tweet|recommend|join|announce)\b"
    ),
    Act.RUINS: (
        r"\b(?:removal|deletion|wiping|erasure|destruction) of\b|"
        r"\b(?:delet\w+|drop|drops|encrypt\w*|wip(?:e|es|ing)|overwrit\w+|force-?push\w*|truncat\w+|"
        r"eras\w+|"
        r"destroy\w*|purg\w+|shred\w*|corrupt\w*|scrambl\w+|empty)\b[^.\n]*\b(?:back-?ups?|"
        r"snapshots?|"
        r"documents?|tables?|databases?|main|branch\w*|repositor\w+|home|disks?|drives?|buckets?|volumes?|"
        r"archives?|"
        r"records?|histor\w+|logs?|photos?|data|files|mailbox\w*)\b"
    ),
    Act.RANSOM: (
        r"\b(?:key can be (?:bought|had)|not paid|unpaid|ransom|bitcoin|note with the address|"
        r"to get (?:it|them|the \w+) back|pays? (?:to|in) (?:the |this )?(?:wallet|address|bitcoin))\b"
    ),
}
"""RE2, without regard to case, on one text at a time."""
