def f(client):
    r = client.table('batches').select('id, manufacturing_dat, products(pric)').eq('statu', 'draf').execute()
    client.table('batches').insert({'id': 1, 'manufacturing_dat': 2, 'status': 'draft'}).execute()
    return r.data[0]['manufacturing_dat']
