"""Documents in Supabase."""

from supabase import Client

from pipeline.models import DocumentRequest


class Store:
    def __init__(self, client: Client):
        self.client = client

    def add(self, request: DocumentRequest) -> str:
        row = {"title": request.titel, "source_url": request.source, "sate": "queued"}
        answer = self.client.table("documents").insert(row).execute()
        return answer.data[0]["id"]

    def rename(self, document: str, title: str) -> None:
        self.client.table("documents").update({"title": title, "search_text": title.lower()}).eq("id", document).execute()

    def failed(self) -> list[dict]:
        return self.client.table("documents").select("id, title, chunks(id, pozition)").eq("state", "broken").execute().data

    def embed(self, document: str, parts: list[str]) -> None:
        rows = [{"document_id": document, "position": n, "content": part} for n, part in enumerate(parts)]
        self.client.table("chunks").upsert(rows, on_conflict="document_id,position").execute()

    def match(self, embedding: list[float]) -> list[dict]:
        return self.client.rpc("match_chunks", {"query_embeding": embedding, "match_count": 5}).execute().data

    def columns(self, names: list[str]) -> list[dict]:
        # What is selected is decided by the caller.
        return self.client.table("documents").select(",".join(names)).execute().data
