"""Names of federations and participants as people write them, and as the contract does."""

_FEDERATIONS, _PARTICIPANTS = "federations/", "/participants/"


def federation_name(federation: str) -> str:
    """federations/{f}, from that or from {f} alone; the server judges the form."""
    return federation if federation.startswith(_FEDERATIONS) else f"{_FEDERATIONS}{federation}"


def participant_name(federation: str, participant: str) -> str:
    """federations/{f}/participants/{p}, from that or from {p} alone."""
    if participant.startswith(_FEDERATIONS):
        return participant
    return f"{federation_name(federation)}{_PARTICIPANTS}{participant}"
