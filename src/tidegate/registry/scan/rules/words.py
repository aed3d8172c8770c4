"""Vocabulary that several rules share; RE2 syntax, matched without regard to case."""

URL = r"(?:https?|ftp|wss?)://[^\s)\"'>`]+"
EARLIER = (
    r"(?:previous|prior|earlier|above|preceding|foregoing|former|existing|original|initial|system|developer|"
    r"operator'?s?|safety|security|default)"
)
ORDERS = (
    r"(?:instructions?|directives?|commands?|orders?|rules?|prompts?|guidelines?|guardrails?|policy|policies|"
    r"constraints?|restrictions?|messages?|programming|training|safeguards?)"
)
PERSON = r"(?:users?|humans?|persons?|people|owner|operator|customer you|anyone|anybody|them|him|her)"
MODEL = r"(?:ai|assistant|model|llm|agent|claude|gpt|gemini|copilot|chatbot|bot)"
PRIVATE = (
    r"(?:(?:full |entire |whole |complete |current )?(?:conversation|chat|dialog(?:ue)?|message)s?"
    r"(?: (?:history|log|so far|transcript))?|chat history|system prompt|context window|credentials?|"
    r"secrets?|"
    r"passwords?|passphrases?|api[ _-]?keys?|access[ _-]?tokens?|(?:auth|session|bearer|github|"
    r"gitlab)[ _-]?tokens?|"
    r"private keys?|ssh[ _-]?keys?|cookies?|environment(?: variables?)?|env vars?|\.env\b|seed phrases?|"
    r"wallets?|"
    r"(?:user|customer|client|subscriber|employee|personal)(?:'s|s')? (?:data|files?|lists?|details|"
    r"information|records?|inputs?|messages?)|"
    r"(?:home|\.ssh|\.aws) (?:folder|director(?:y|ies)))"
)
KEY_FILE = (
    r"(?:~/|\$\{?HOME\}?/|/root/|/home/[^/\s]+/|%USERPROFILE%\\?)?"
    r"(?:\.ssh(?:/(?:id_[a-z0-9]+|\*|config|identity|known_hosts)?)?(?:[^\w.]|$)|id_(?:rsa|ed25519|ecdsa|"
    r"dsa)(?:[^.\w]|$)|"
    r"\.aws/(?:credentials|config)|\.aws/?(?:[^\w]|$)|\.netrc|\.npmrc|\.pypirc|\.git-credentials|"
    r"\.docker/config\.json|"
    r"\.kube/config|\.gnupg|\.config/(?:gcloud|gh/hosts|solana|op)|\.azure/|\.vault-token|\.pgpass|\.my\.cnf|"
    r"/etc/shadow|login\.keychain|Login Data|logins\.json|key4\.db|cookies\.sqlite|wallet\.dat|"
    r"\.bitcoin|\.ethereum|\.electrum|serviceaccount/token|\.openclaw/(?:credentials|\.env)|"
    r"\.claude/\.credentials|"
    r"\.bash_history|\.zsh_history|\.password-store)"
)
CREDENTIAL_NAME = r"(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|KEY|CREDENTIAL|COOKIE|AUTH|SESSION|DSN)"
"""In the name of an environment variable that holds a credential."""
NETWORK_TOOL = r"(?:curl|wget|nc|ncat|netcat|socat|scp|sftp|rsync|ftp|telnet|httpie|https?ie|aria2c|xh)"
SHELL = (
    r"(?:(?:/(?:usr/)?bin/)?(?:env +)?(?:ba|z|da|k|fi|a)?sh|python[0-9.]*|perl|ruby|node|php|pwsh|"
    r"powershell|osascript)"
)
"""What runs its input."""
MEMORY_FILE = (
    r"(?:CLAUDE\.md|AGENTS\.md|GEMINI\.md|SOUL\.md|MEMORY\.md|IDENTITY\.md|HEARTBEAT\.md|\.cursorrules|"
    r"\.cursor/rules|"
    r"\.windsurfrules|\.clinerules|copilot-instructions\.md|\.claude/(?:settings|commands|agents|hooks|"
    r"rules)[\w./-]*|"
    r"\.mcp\.json|\.openclaw/[\w./-]*|claude_desktop_config\.json|long-?term memory|persistent memory)"
)
FAKE_TOOLS = (
    r"(?:Read|Write|Edit|MultiEdit|Bash|Grep|Glob|WebFetch|WebSearch|Task|tidegate_\w+|"
    r"bash_code_execution|str_replace_\w+)"
)
