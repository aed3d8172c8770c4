"""A failure is the provider's only where ledger and provider both say so; anything else is the gateway's."""

from tidegate.harness.load.tally import Failed
from tidegate.harness.soak.blame import Line, blame


def failed(failure: str, request_id: str = "a") -> Failed:
    return Failed(1.0, "plain", failure, 0, request_id, False)


UPSTREAMS = [Line("a", "upstream_error", 3), Line("b", "ok", 1), Line("c", "policy_denied", 0)]


def test_an_answer_that_tells_of_the_providers_failure_is_the_providers() -> None:
    blamed = blame([failed("status 529"), failed("error_event")], UPSTREAMS, {"status": 9})
    assert (blamed.provider, blamed.gateway) == (2, 0)


def test_a_connection_that_broke_is_the_gateways_whatever_the_ledger_says() -> None:
    blamed = blame([failed("reset"), failed("refused", ""), failed("truncated")], UPSTREAMS, {"status": 9})
    assert (blamed.provider, blamed.gateway) == (0, 3)
    assert blamed.why == {"reset": 1, "refused": 1, "truncated": 1}


def test_a_refusal_of_its_own_is_the_gateways() -> None:
    blamed = blame([failed("status 529", "c"), failed("status 500", "b")], UPSTREAMS, {"status": 9})
    assert (blamed.provider, blamed.gateway) == (0, 2)


def test_a_failure_that_is_on_no_record_is_the_gateways() -> None:
    assert blame([failed("status 502", "unknown")], UPSTREAMS, {"status": 9}).gateway == 1


def test_more_failures_than_the_provider_had_faults_are_the_gateways() -> None:
    blamed = blame([failed("status 502")] * 5, UPSTREAMS, {"status": 3})
    assert (blamed.provider, blamed.gateway) == (3, 2)
