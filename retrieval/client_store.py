"""A Qdrant server, or the client's in-memory mode for tests of a few thousand points, behind the same port."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from itertools import islice
from json import JSONDecodeError
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from medcoding.addresses import web_address
from medcoding.errors import ConfigError, DependencyError
from retrieval.store import DENSE, SPARSE, AnyOf, Condition, Hit, Payload, Point, SparseVector, VectorQuery

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

_PAGE: Final = 256
_NOT_ALLOWED: Final = frozenset({401, 403})
_NOT_FOUND, _TOO_MANY, _SERVER_FAULT = 404, 429, 500


class ClientStore:
    """One collection of a Qdrant server. Raises `DependencyError` when the server does not answer."""

    def __init__(self, client: QdrantClient, collection: str, *, in_memory: bool = False) -> None:
        self._client = client
        self._in_memory = in_memory
        self._collection = collection

    @classmethod
    def connect(cls, url: str, collection: str, *, api_key: str | None = None, timeout_s: int = 5) -> ClientStore:
        """Speak to a server. `url` ":memory:" keeps everything in this process (tests only).

        Raises `ConfigError` for anything but such an address.
        """
        from qdrant_client import QdrantClient  # 1.8 s of imports: only when a server is used

        if url == ":memory:":
            return cls(QdrantClient(":memory:"), collection, in_memory=True)
        if web_address(url) is None:
            raise ConfigError(
                "CHARTWRIGHT_QDRANT__URL must be an http:// or https:// address, such as http://localhost:6333."
            )
        with warnings.catch_warnings():  # a key over http inside the hospital's network is the operator's choice
            warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
            client = QdrantClient(url=url, api_key=api_key, timeout=timeout_s, check_compatibility=False)
        return cls(client, collection)

    def create(self, *, size: int, keyword_keys: Sequence[str] = (), integer_keys: Sequence[str] = ()) -> None:
        """Make the empty collection with payload indexes; an existing one of that name is replaced."""
        from qdrant_client import models

        indexes = dict.fromkeys(keyword_keys, models.PayloadSchemaType.KEYWORD)
        indexes |= dict.fromkeys(integer_keys, models.PayloadSchemaType.INTEGER)
        with _server_named(self._collection):
            self._client.delete_collection(self._collection)
            self._client.create_collection(
                self._collection,
                vectors_config={DENSE: models.VectorParams(size=size, distance=models.Distance.COSINE)},
                sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            )
            for key, schema in () if self._in_memory else indexes.items():  # in memory they have no effect
                self._client.create_payload_index(self._collection, key, schema)

    def upsert(self, points: Iterable[Point]) -> None:
        """Add or replace points, page by page, each acknowledged."""
        remaining = iter(points)
        while page := [_struct(p) for p in islice(remaining, _PAGE)]:
            with _server_named(self._collection):
                self._client.upsert(self._collection, points=page, wait=True)

    def delete(self, ids: Sequence[int]) -> None:
        """Remove points by id."""
        if not ids:
            return
        with _server_named(self._collection):
            self._client.delete(self._collection, points_selector=list(ids), wait=True)

    def search(self, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """All queries in one request."""
        if not queries:
            return []
        with _server_named(self._collection):
            answers = self._client.query_batch_points(self._collection, requests=[_request(q) for q in queries])
        return [[Hit(int(p.id), p.score, p.payload or {}) for p in answer.points] for answer in answers]

    def scroll(self, conditions: tuple[Condition, ...] = ()) -> list[tuple[int, Payload]]:
        """Every matching point, page by page."""
        rows: list[tuple[int, Payload]] = []
        offset: object = None
        while True:
            with _server_named(self._collection):
                records, offset = self._client.scroll(
                    self._collection,
                    scroll_filter=_filter(conditions),
                    limit=_PAGE,
                    offset=offset,  # type: ignore[arg-type] # the client types its own offset too narrowly
                )
            rows += [(int(r.id), r.payload or {}) for r in records]
            if offset is None:
                return sorted(rows, key=lambda row: row[0])

    def count(self) -> int:
        """Exact number of points."""
        with _server_named(self._collection):
            return self._client.count(self._collection, exact=True).count

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class _server_named:  # noqa: N801 - reads as the statement it is used in
    """Turns whatever the client raises about its server into one sentence."""

    def __init__(self, collection: str) -> None:
        self._collection = collection

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from qdrant_client.common.client_exceptions import QdrantException
        from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

        if isinstance(error, UnexpectedResponse):
            raise _refusal(error.status_code or 0, self._collection) from None
        if isinstance(error, ApiException | QdrantException | OSError | ValidationError | JSONDecodeError):
            raise DependencyError(
                f"The Qdrant server did not answer as it should ({type(error).__name__});"
                " check CHARTWRIGHT_QDRANT__URL.",
                retryable=True,
            ) from None


def _refusal(status: int, collection: str) -> DependencyError:
    """What a status says, and who can mend it."""
    if status in _NOT_ALLOWED:
        return DependencyError("The Qdrant server refused the key; check CHARTWRIGHT_QDRANT__API_KEY.", retryable=False)
    if status == _NOT_FOUND:
        return DependencyError(
            f"The Qdrant server has no collection '{collection}'; run 'chartwright index push URL'.", retryable=False
        )
    retryable = status >= _SERVER_FAULT or status == _TOO_MANY
    return DependencyError(
        f"The Qdrant server refused with status {status}; check CHARTWRIGHT_QDRANT__URL.", retryable=retryable
    )


def _struct(point: Point) -> models.PointStruct:
    from qdrant_client import models

    sparse = models.SparseVector(indices=list(point.sparse.indices), values=list(point.sparse.values))
    return models.PointStruct(
        id=point.id, vector={DENSE: point.dense.tolist(), SPARSE: sparse}, payload=dict(point.payload)
    )


def _request(query: VectorQuery) -> models.QueryRequest:
    from qdrant_client import models

    vector = query.vector
    if isinstance(vector, SparseVector):
        named: models.SparseVector | list[float] = models.SparseVector(
            indices=list(vector.indices), values=list(vector.values)
        )
    else:
        named = vector.tolist()
    return models.QueryRequest(
        query=named, using=query.using, limit=query.limit, filter=_filter(query.conditions), with_payload=True
    )


def _filter(conditions: tuple[Condition, ...]) -> models.Filter | None:
    from qdrant_client import models

    if not conditions:
        return None
    return models.Filter(must=[field for condition in conditions for field in _fields(condition)])


def _fields(condition: Condition) -> list[models.FieldCondition]:
    from qdrant_client import models

    if isinstance(condition, AnyOf):
        return [models.FieldCondition(key=condition.key, match=models.MatchAny(any=list(condition.values)))]
    return [
        models.FieldCondition(key=condition.low_key, range=models.Range(lte=condition.value)),
        models.FieldCondition(key=condition.high_key, range=models.Range(gte=condition.value)),
    ]
