from datetime import datetime
from typing import Any, Optional
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class DocumentModel(BaseModel):
    """A row of `documents`; the configuration says so."""

    model_config = ConfigDict(populate_by_name=True)

    id: UUID
    title: str
    url: str = Field(alias="source_url")
    content: Optional[str] = None
    state: str = "queued"
    extra: dict[str, Any] = Field(default_factory=dict, alias="metadata")
    wordcount: int = 0
    created_at: Optional[datetime] = None
    search_text: Optional[str] = None


class ChunkModel(BaseModel):
    id: int
    document_id: UUID
    position: int
    content: str
    vector: Optional[list[float]] = Field(default=None, alias="embeding")


class DocumentRequest(BaseModel):
    """What a client sends. No table is behind it."""

    titel: str
    source: str
    priority: int = 0
