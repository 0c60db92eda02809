from django.db import models


class User(models.Model):
    email = models.TextField(null=True)

    class Meta:
        db_table = "users"


class Item(models.Model):
    """A thing."""

    name = models.CharField(max_length=100)

    class Meta:
        db_table = "items"

    def __str__(self):
        return self.name
