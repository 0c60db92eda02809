import psycopg
T = 'batches'
with psycopg.connect() as c:
    c.execute(f'SELECT id, {x} FROM {T} WHERE id = %s', [1])
    c.execute('''INSERT INTO batches (id, manufacturing_date)
    VALUES (%(a)s, %(b)s) ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING id''', {'a': 1})
