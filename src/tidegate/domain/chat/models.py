"""Lists of models in both dialects."""

from datetime import UTC, datetime

import msgspec


class _ChatModel(msgspec.Struct):
    id: str
    created: int = 0


class _ChatModels(msgspec.Struct):
    data: list[_ChatModel]


class _Model(msgspec.Struct):
    id: str
    created_at: str = ""


class _Models(msgspec.Struct):
    data: list[_Model]


_CHAT_LIST = msgspec.json.Decoder(_ChatModels)
_CHAT_ONE = msgspec.json.Decoder(_ChatModel)
_LIST = msgspec.json.Decoder(_Models)
_ONE = msgspec.json.Decoder(_Model)


def models_to_messages(body: bytes) -> bytes:
    """OpenAI's list of models, or one model, as the Messages API shows it; raises msgspec.DecodeError."""
    if not _is_list(body):
        return msgspec.json.encode(_shown(_CHAT_ONE.decode(body)))
    data = [_shown(model) for model in _CHAT_LIST.decode(body).data]
    ends = (
        {"first_id": data[0]["id"], "last_id": data[-1]["id"]}
        if data
        else {"first_id": None, "last_id": None}
    )
    return msgspec.json.encode({"data": data, "has_more": False, **ends})


def models_to_chat(body: bytes) -> bytes:
    """The Messages API's list of models, or one model, as OpenAI shows it; raises msgspec.DecodeError."""
    if not _is_list(body):
        return msgspec.json.encode(_told(_ONE.decode(body)))
    data = [_told(model) for model in _LIST.decode(body).data]
    return msgspec.json.encode({"object": "list", "data": data})


def _is_list(body: bytes) -> bool:
    return "data" in msgspec.json.decode(body, type=dict[str, msgspec.Raw])


def _shown(model: _ChatModel) -> dict[str, object]:
    created = datetime.fromtimestamp(max(model.created, 0), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "model", "id": model.id, "display_name": model.id, "created_at": created}


def _told(model: _Model) -> dict[str, object]:
    try:
        created = int(datetime.fromisoformat(model.created_at).timestamp())
    except ValueError:
        created = 0
    return {"id": model.id, "object": "model", "created": created, "owned_by": "anthropic"}
