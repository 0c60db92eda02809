import psycopg


def f(c):
    c.execute("SELECT manufacturing_dat, 'draf'::order_status FROM batches b WHERE b.statuss = 'draf'")
    c.execute('UPDATE batchs SET idd = 1')  # dbtruth: ignore[unknown-column]
