"""Documents in Redis, for the pages that everybody opens."""

import json

import redis

client = redis.Redis()


def remember(document: dict) -> None:
    key = f"doc:{document['id']}"
    client.hset(key, mapping={"title": document["title"], "source_url": document["source_url"], "wordcount": document["word_count"]})
    client.expire(key, 3600)


def remember_whole(document: dict) -> None:
    client.set(f"doc:{document['id']}", json.dumps({"title": document["title"], "langauge": document["language"]}))


def count(page: str) -> None:
    # Another key: nothing says that it holds a document.
    client.hset(f"page:{page}", mapping={"hits": 1, "titel": page})
