"""The words of each class in scripts of any language: what they read, talk to, and do to data."""

from tidegate.registry.scan.rules.words import KEY_FILE

_SP = r"[\"', ]+"

WORDS: dict[str, str] = {
    "talks": (
        r"\b(?:curl|wget|Invoke-RestMethod|Invoke-WebRequest|iwr|irm|WebClient|HttpClient|Net::HTTP|"
        r"URI\.open|Faraday|"
        r"HTTParty|RestClient|curl_(?:exec|init)|fsockopen|LWP::\w+|HTTP::Tiny|IO::Socket\S*|reqwest|ureq|"
        r"HttpURLConnection|HttpRequest|OkHttp\w*|URLSession|httpx|urlopen|aiohttp|smtplib|axios|WebSocket|"
        r"TcpStream|"
        r"TCPSocket|XMLHTTP|WinHttp\w*|ncat|scp|sftp|rsync|rclone|socat|download\.file|httr|RCurl|"
        r"requests\.\w+|"
        r"http\.(?:Post\w*|Get|NewRequest\w*|Client|DefaultClient)|net\.(?:Dial\w*|connect|createConnection)|"
        r"socket\.(?:socket|create_connection)|dns\.(?:resolve|lookup)\w*|gethostbyname|nslookup)\b|"
        r"\bfetch\s*\(|"
        r"\bhttps?\.(?:request|get)\s*\(|file_get_contents\s*\(\s*[\"']https?|\bnc\s+-?\w|\bgot\s*\("
    ),
    "sends": (
        r"\bPOST\b|\.post(?:Form)?\s*\(|http\.Post|::post\b|-Method\s+[\"']?P|POSTFIELDS|\s--data|"
        r"\s-[dTF]\s|Upload(?:String|"
        r"File|Data|Values)|sendall|\.send\w*\s*\(|\.write\s*\(|--upload-file|--post|\bPUT\b|"
        r"urlopen\([^)\n]*,|\bdata\s*=|"
        r"\bbody\s*[:=(]|storbinary|\.end\s*\(|setRequestBody|\bscp\b|\brsync\b|\brclone\b|\|\s*(?:nc|ncat|"
        r"socat|curl)\b|"
        r"fputs|fwrite"
    ),
    "whole environment": (
        r"\bos\.Environ\(\)|\bENV\.(?:to_h|to_a|each|inspect|map|to_json)|\bgetenv\(\s*\)|\$_ENV\b|%ENV\b|"
        r"\b(?:Get-ChildItem|"
        r"gci|dir|ls)\s+env:|System\.getenv\(\s*\)|\benv::vars(?:_os)?\(|GetEnvironmentVariables|"
        r"processInfo\.environment|Sys\.getenv\(\s*\)|toJSON\(\s*secrets\s*\)"
    ),
    "keys": (
        rf"{KEY_FILE}|(?:read\w*|get_contents|ReadFile|Get-Content|File\.read|slurp|"
        rf"open)\W{{1,4}}[\w./~]*\.env[\"']|"
        r"Microsoft[\\/]+(?:Credentials|Protect|Vault)|\.(?:gem|cargo|composer)/(?:credentials|auth)|"
        r"credentials\.tfrc|\.m2/settings\.xml|rclone/rclone\.conf|\.s3cfg|\.boto\b|\.kdbx\b|keystore/UTC|"
        r"(?:Chrome|Chromium|Firefox|Brave|Edge)[^\n]{0,60}(?:Cookies|History|Login|Profiles)|\bExodus\b|"
        r"\bBitwarden\b"
    ),
    "tokens": (
        rf"\bgh{_SP}auth{_SP}token|\bgcloud{_SP}auth{_SP}(?:application-default{_SP})?print-|"
        rf"\baws{_SP}configure{_SP}(?:get|export)|\baws{_SP}iam{_SP}create-access-key|"
        rf"\baz{_SP}account{_SP}get-access-token|"
        rf"\bkubectl{_SP}config{_SP}view[^\n]*--raw|\bkubectl[^\n]*\bget{_SP}secrets?\b[^\n]*-o|"
        rf"\bsecurity{_SP}find-(?:generic|internet)-password|\bgit{_SP}credential{_SP}fill|"
        rf"\bop{_SP}(?:read|item{_SP}get)|"
        rf"\bpass{_SP}show|\bbw{_SP}(?:get|list|export)|\bvault{_SP}(?:read|kv{_SP}get)|"
        rf"\bheroku{_SP}auth:token|"
        rf"\bdoppler{_SP}secrets|\bcmdkey\b|\bvaultcmd\b|\bnetsh\b[^\n]*key=clear|"
        rf"secretsmanager{_SP}get-secret-value|security-credentials|service-accounts/[\w-]+/token|"
        rf"identity/oauth2/token"
    ),
    "watches": (
        r"\b(?:ImageGrab\.grab|pyautogui\.screenshot|mss\.mss|CopyFromScreen|screencapture|scrot|arecord|"
        r"sounddevice|"
        r"pyaudio|VideoCapture|AVCapture\w*|pyperclip\.paste|pbpaste|Get-Clipboard|GetAsyncKeyState|"
        r"SetWindowsHookEx\w*|"
        r"clipboardy?\.read\w*|CGEventTap\w*)\b|xclip\s+-o|/dev/input/event|wl-paste\b"
    ),
    "walks home": (
        r"Path\.home\(\)|expanduser\s*\(\s*[\"']~|os\.homedir\(\)|\$\{?HOME\b|USERPROFILE|UserHomeDir|"
        r"Dir\.home|/home/\*|"
        r"\bos\.walk\(\s*[\"']/|Environment\.SpecialFolder"
    ),
    "encrypts": (
        r"\.encrypt\s*\(|createCipher\w*\(|\bAES\.new|\bFernet\(|openssl\s+enc\s[^\n]*-e|"
        r"openssl\s+enc\s+-aes|gpg\s[^\n]*"
        r"(?:-c\b|--symmetric|--encrypt|-e\b)|CryptoStream|aes\.NewCipher|\bage\s+-[rep]"
    ),
    "removes": (
        r"\.unlink\(|os\.remove\(|unlinkSync|rmSync|fs\.rm\(|\brm\s+-|\bshred\b|Remove-Item|os\.Remove|"
        r"File\.delete|"
        r"rmtree\(|os\.replace\(|write_bytes\("
    ),
    "ransom": (
        r"\b(?:btc|bitcoin|ransom|monero|xmr|decrypt(?:ion)? key|pay(?:ment)? (?:to|within|address)|"
        r"locked)\b"
    ),
    "account": (
        r"[\"']0x[0-9a-fA-F]{40}[\"']|[\"']bc1[a-z0-9]{20,60}[\"']|[\"'][13][1-9A-HJ-NP-Za-km-z]{25,34}[\"']|"
        r"[\"'](?:acct|ba|tr)_\w{6,}[\"']|[\"'][A-Z]{2}\d{2} ?(?:[0-9A-Z]{4} ?){2,7}[0-9A-Z]{0,3}[\"']|"
        r"[\"'][1-9A-HJ-NP-Za-km-z]{43,44}[\"']"
    ),
    "chooses payee": (
        r"(?i:recipients?|receivers?|payee|beneficiary|dest\w*|iban|account|wallet|target|to|address|"
        r"creditor)\w*\s*[:=]\s*"
        r"[^;\n]{0,120}(?:\?[^;\n:]{1,80}:|\bif\b[^\n]{1,80}\belse\b)|"
        r"(?i:if)\b[^\n]{0,60}\b(?i:amount|value|total|sum|"
        r"betrag)\b[^\n]{0,20}[<>]=?[^\n]{0,40}\n?[^\n]{0,20}\b"
        r"(?i:recipient|receiver|payee|dest\w*|iban|to|account)\w*\s*="
    ),
    "pays": (
        r"(?i)\b(?:transfers?|sendTransaction|send_transaction|payouts?|payments?|erc20|approve|pain\.001|"
        r"sepa|stripe|"
        r"web3|ethers|solana|wallet)\b"
    ),
    "approves all": (
        r"\bapprove\s*\([^)\n]*(?:MaxUint256|MAX_UINT\w*|2\s*\*\*\s*256|ffffffffffffffff|"
        r"type\(uint256\)\.max)"
    ),
    "copies": r"\bpyperclip\.copy|\bpbcopy\b|Set-Clipboard|clipboardy?\.write\w*|xclip\s+-(?:i|sel)",
    "account form": r"0x\[[^\]\n]*\]\{40\}|\bbc1\b|bc1\[|\[13\]\[|\\b\[13\]|0x\[0-9a-fA-F\]",
    "evaluates": (
        r"(?i)\b(?:iex|invoke-expression)\b|\[scriptblock\]::create|\bassembly\]::load|"
        r"\b(?:instance_eval|class_eval|loadstring|eval)\s*[( ]\s*\$?\w*(?:body|resp\w*|page|code|script|"
        r"payload|"
        r"content|text|remote|fetched|downloaded)\b"
    ),
    "loads": (
        r"(?i)\.Download(?:String|Data|File)\b|\b(?:invoke-webrequest|invoke-restmethod|iwr|irm)\b|"
        r"\bfile_get_contents\s*\(\s*[\"']https?|\bcurl_exec\b|\b(?:URI|Kernel)\.open\b|\bNet::HTTP\.get|"
        r"\bLWP::Simple\b|\bsocket\.http\b"
    ),
    "obeys socket": (
        r"(?:\.on\w*\W{1,4}(?:message|data)|onmessage)\b[^\n]{0,160}\b(?:exec\w*|eval|spawn\w*|"
        r"Function)\s*\(|"
        r"\b(?:exec|eval|execSync|system|Popen|popen)\s*\([^)\n]{0,40}\b(?:recv|message|msg|event\.data|"
        r"m\.data)\b"
    ),
    "unsafe load": (
        r"\b(?:yaml\.(?:unsafe_load|full_load)|"
        r"yaml\.load\s*\([^)\n]*(?:\)[^)\n]*)?Loader\s*=\s*(?:yaml\.)?(?:Unsafe|Full)?Loader|"
        r"(?:pd|pandas)\.read_pickle|(?:joblib|dill|cloudpickle|pickle)\.loads?|jsonpickle\.decode|"
        r"shelve\.open)\b|"
        r"\btorch\.load\s*\([^)\n]*weights_only\s*=\s*False|\bnp\.load\s*\([^)\n]*allow_pickle\s*=\s*True|"
        r"\bMarshal\.load\b|\bunserialize\s*\(|\bObjectInputStream\b|BinaryFormatter\b|"
        r"\bload_model\s*\([^)\n]*safe_mode\s*=\s*False"
    ),
    "fetches": (
        r"\burlopen|\burlretrieve|\brequests\.get|\bhttpx\.get|\bwget\.download|\bhf_hub_download|"
        r"file_get_contents\s*\(\s*"
        r"[\"']https?|\bNet::HTTP\.get|\bopenStream\(|\bcurl\b|\bfetch\s*\("
    ),
    "back door": (
        r"(?i)\b(?:password|passwd|pwd|passphrase|token|api_?key|secret|x-[\w-]+|"
        r"pin)\b[\"'\])]*\s*={2,3}\s*[\"'][^\"'\s]{6,60}"
        r"[\"'][^\n]{0,40}[\n){:]?[^\n]{0,80}\b(?:admin|true|session|login|authenticated|root|grant\w*|"
        r"allow\w*|next\(|role)|"
        r"\bcompare_digest\s*\([^()\n]{0,60},\s*(?:_?[A-Z][A-Z0-9_]*|"
        r"[\"'][^\"'\n]{4,})\s*\)\s*:\s*\n?\s*return\s+True\b|"
        r"\b(?:exec\w*|eval|system|popen|spawn\w*|check_output|run|"
        r"Function)\s*\([^\n]{0,40}\b(?:req(?:uest)?\.(?:query|body|"
        r"params|args|headers|form|values|GET|POST|cookies)|\$_(?:GET|POST|REQUEST|COOKIE)|params\[)"
    ),
    "waits for a date": (
        r"\b(?:today|now|utcnow)\s*\([^)\n]{0,20}\)[^\n]{0,40}[<>]=?[^\n]{0,30}\b20\d\d\b|"
        r"\b20\d\d\b[^\n]{0,30}[<>]=?[^\n]{0,40}\b(?:today|now|utcnow)\s*\(|"
        r"\bnew Date\(\)\s*[<>]=?\s*new Date\(\s*[\"']20\d\d|"
        r"\bdate \+%[^\n]{1,40}-(?:ge|gt|lt|le)\s+[\"']?20\d\d"
    ),
    "ruins": (
        r"(?i:\b(?:drop|truncate)\s+(?:table|database|schema)\b|\btruncate\s+[\"{]|\bdelete\s+from\b)|"
        r"\brmtree\s*\(|"
        r"\brm\s+-\w*[rR]\w*f|\brmSync\s*\([^)\n]*recursive|\bunlink(?:Sync)?\s*\(|\bos\.remove\s*\("
    ),
    "wipes home": (
        r"\brmtree\s*\([^\n]{0,60}(?:expanduser\s*\(\s*[\"']~/?[\"']|Path\.home\(\)|[\"']/[\"']|[\"']/home)|"
        r"\brm(?:Sync)?\s*\(\s*(?:os\.homedir\(\)|process\.env\.HOME)|RemoveAll\s*\(\s*(?:home|\"/\")|"
        r"Remove-Item\b[^\n]{0,60}(?:\$HOME|\$env:USERPROFILE|C:\\)[\\\"'\s][^\n]{0,20}-Recurse|"
        r"\bvssadmin\s+delete\b|\bwbadmin\s+delete\b|\bbcdedit\b[^\n]*recoveryenabled|\bwevtutil\s+cl\b|"
        r"\btmutil\s+(?:delete|disable)|\bdiskutil\s+erase\w*|\bcipher\s+/w"
    ),
}
"""RE2, on a script as a whole."""
