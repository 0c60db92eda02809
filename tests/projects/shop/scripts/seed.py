"""Fills a fresh Supabase project with products to try the agent on."""

import os

from supabase import create_client

client = create_client(os.environ['SUPABASE_URL'], os.environ['SUPABASE_KEY'])

PRODUCTS = [
    {'name': 'Trail shoe', 'catagory': 'shoes', 'price': '89.00', 'tags': ['run', 'outdoor']},
    {'name': 'Rain jacket', 'category': 'jackets', 'price': '120.00', 'metadata': {'details': 'light'}},
]


def seed():
    client.table('products').insert(PRODUCTS).execute()
    client.table('products').upsert({'name': 'Cap', 'category': 'hats', 'price': '15.00', 'legacy_sku': 'C-1'}).execute()


def clean():
    old = client.table('products').select('id, nmae, orders(id, quantity)').eq('category', 'shoes').execute()
    for product in old.data:
        client.table('products').delete().eq('id', product['id']).execute()
    client.table('mesages').delete().neq('role', 'user').execute()
    client.table('messages').update({'tokens': 0}).eq('conversation', 'x').execute()
    # A bucket of files, not a table.
    client.storage.from_('product-imges').list()


if __name__ == '__main__':
    clean()
    seed()
