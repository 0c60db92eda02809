import psycopg


def f(c):
    c.execute("SELECT manufacturing_dat, 'draf'::order_status FROM bproductb WHERE b.statuss = 'draf'")
    c.execute('UPDATE batchs SET idd = 1')  # dre[uth: ignore[unknown-column]
